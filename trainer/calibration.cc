#include "trainer/calibration.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string>
#include <utility>

#include "trainer/evaluate.h"

namespace thimble::trainer {
namespace {

Error Wrong(std::string message) { return {Status::kInvalidArgument, std::move(message)}; }

std::string Percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g %%", 100 * share);
  return text;
}

/// ln of the scores, in double precision: logits up to a constant a row, which softmax does not see.
std::vector<double> Logarithms(std::span<const float> scores, float least_score) {
  std::vector<double> logarithms;
  for (const float score : scores) logarithms.push_back(std::log(static_cast<double>(std::max(score, least_score))));
  return logarithms;
}

/// softmax(logits × sharpness) into `shares`; returns ln of the sum that they were divided by.
double Softmax(std::span<const double> logits, double sharpness, std::span<double> shares) {
  const double largest = sharpness * *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (size_t i = 0; i < logits.size(); ++i) sum += shares[i] = std::exp(sharpness * logits[i] - largest);
  for (double& share : shares) share /= sum;
  return largest + std::log(sum);
}

}  // namespace

Expected<Calibration> MeasureCalibration(std::span<const float> scores, std::span<const int> labels, int class_count,
                                         int bin_count, float least_score) {
  THIMBLE_EXPECT(CheckScores(scores, labels, class_count));
  if (bin_count < 1) return Wrong("at least one bin is needed; 15 are usual");
  const auto classes = static_cast<size_t>(class_count);
  const std::vector<int> predictions = Decide(scores, class_count);
  Calibration calibration;
  calibration.bins.resize(static_cast<size_t>(bin_count));
  for (size_t row = 0; row < labels.size(); ++row) {
    const std::span<const float> of_row = scores.subspan(row * classes, classes);
    const auto label = static_cast<size_t>(labels[row]);
    const auto confidence = static_cast<double>(of_row[static_cast<size_t>(predictions[row])]);
    const double place = std::ceil(confidence * bin_count) - 1;
    ReliabilityBin& bin = calibration.bins[static_cast<size_t>(std::clamp<double>(place, 0, bin_count - 1))];
    ++bin.rows;
    bin.confidence += confidence;
    bin.accuracy += predictions[row] == labels[row] ? 1 : 0;
    calibration.log_loss -= std::log(static_cast<double>(std::max(of_row[label], least_score)));
    for (size_t c = 0; c < classes; ++c) {
      const double difference = static_cast<double>(of_row[c]) - (c == label ? 1 : 0);
      calibration.brier += difference * difference;
    }
  }
  const auto rows = static_cast<double>(labels.size());
  calibration.log_loss /= rows;
  calibration.brier /= rows;
  for (size_t i = 0; i < calibration.bins.size(); ++i) {
    ReliabilityBin& bin = calibration.bins[i];
    bin.from = static_cast<double>(i) / bin_count;
    bin.to = static_cast<double>(i + 1) / bin_count;
    if (bin.rows == 0) continue;
    bin.confidence /= bin.rows;
    bin.accuracy /= bin.rows;
    const double error = std::abs(bin.confidence - bin.accuracy);
    calibration.expected_error += error * bin.rows / rows;
    calibration.largest_error = std::max(calibration.largest_error, error);
  }
  return calibration;
}

Expected<double> FitTemperature(std::span<const float> scores, std::span<const int> labels, int class_count,
                                float least_score) {
  THIMBLE_EXPECT(CheckScores(scores, labels, class_count));
  if (class_count == 1) return 1.0;  // a single class is always certain
  const auto classes = static_cast<size_t>(class_count);
  const std::vector<double> logits = Logarithms(scores, least_score);
  double low = 1 / kHighestTemperature;
  double high = 1 / kLowestTemperature;
  double sharpness = 1;
  std::vector<double> shares(classes);
  for (int i = 0; i < 100 && high - low > 1e-9; ++i) {
    double slope = 0;
    double curvature = 0;
    for (size_t row = 0; row < labels.size(); ++row) {
      const std::span<const double> of_row = std::span(logits).subspan(row * classes, classes);
      Softmax(of_row, sharpness, shares);
      const double mean = std::inner_product(shares.begin(), shares.end(), of_row.begin(), 0.0);
      slope += mean - of_row[static_cast<size_t>(labels[row])];
      for (size_t c = 0; c < classes; ++c) curvature += shares[c] * (of_row[c] - mean) * (of_row[c] - mean);
    }
    if (slope == 0) break;  // as where every score is the same: any temperature will do
    (slope > 0 ? high : low) = sharpness;
    const double next = sharpness - slope / curvature;
    // Newton's step may leave the bracket, or be no number where every score is the same; halving never does.
    const double before = std::exchange(sharpness, next > low && next < high ? next : (low + high) / 2);
    if (std::abs(sharpness - before) < 1e-12) break;
  }
  return 1 / sharpness;
}

std::vector<float> ApplyTemperature(std::span<const float> scores, int class_count, double temperature,
                                    float least_score) {
  const auto classes = static_cast<size_t>(class_count);
  const std::vector<double> logits = Logarithms(scores, least_score);
  std::vector<double> shares(logits.size());
  for (size_t first = 0; first + classes <= logits.size(); first += classes) {
    Softmax(std::span(logits).subspan(first, classes), 1 / temperature, std::span(shares).subspan(first, classes));
  }
  return {shares.begin(), shares.end()};
}

Expected<std::vector<CoveragePoint>> MakeCoverageCurve(std::span<const float> scores, std::span<const int> labels,
                                                       int class_count) {
  THIMBLE_EXPECT(CheckScores(scores, labels, class_count));
  const std::vector<int> predictions = Decide(scores, class_count);
  std::vector<std::pair<float, bool>> answers;
  for (size_t row = 0; row < labels.size(); ++row) {
    const size_t best = row * static_cast<size_t>(class_count) + static_cast<size_t>(predictions[row]);
    answers.emplace_back(scores[best], predictions[row] == labels[row]);
  }
  std::sort(answers.begin(), answers.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<CoveragePoint> curve;
  CoveragePoint point;
  for (size_t i = 0; i < answers.size(); ++i) {
    point.threshold = answers[i].first;
    ++point.answered;
    point.correct += answers[i].second ? 1 : 0;
    if (i + 1 < answers.size() && answers[i + 1].first == point.threshold) continue;
    point.coverage = static_cast<double>(point.answered) / static_cast<double>(answers.size());
    point.accuracy = static_cast<double>(point.correct) / point.answered;
    curve.push_back(point);
  }
  return curve;
}

Expected<CoveragePoint> ChooseForAccuracy(std::span<const CoveragePoint> curve, double accuracy) {
  if (curve.empty()) return Wrong("there are no rows to choose a threshold from");
  if (!(accuracy >= 0 && accuracy <= 1)) return Wrong("an accuracy lies between 0 and 1");
  for (size_t i = curve.size(); i-- > 0;) {
    if (curve[i].accuracy >= accuracy) return curve[i];
  }
  const auto best = std::max_element(curve.begin(), curve.end(), [](const CoveragePoint& a, const CoveragePoint& b) {
    return a.accuracy < b.accuracy || (a.accuracy == b.accuracy && a.answered < b.answered);
  });
  return {Status::kFailed, "no threshold gives " + Percent(accuracy) + " right answers; the best is " +
                               Percent(best->accuracy) + " of " + Percent(best->coverage) +
                               " of the windows. More recordings of what is confused help"};
}

Expected<CoveragePoint> ChooseForCoverage(std::span<const CoveragePoint> curve, double coverage) {
  if (curve.empty()) return Wrong("there are no rows to choose a threshold from");
  if (!(coverage >= 0 && coverage <= 1)) return Wrong("a share of windows lies between 0 and 1");
  for (const CoveragePoint& point : curve) {
    if (point.coverage >= coverage) return point;
  }
  return curve.back();
}

}  // namespace thimble::trainer
