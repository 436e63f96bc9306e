#include "trainer/evaluate_curves.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>

#include "trainer/evaluate.h"

namespace thimble::trainer {

double ScoreCurve::Area() const {
  // Twice the area in units of one positive by one negative: whole numbers, so nothing is rounded before the end.
  int64_t twice = 0;
  CurvePoint before;
  for (const CurvePoint& point : points) {
    twice += int64_t{point.false_positives - before.false_positives} * (point.true_positives + before.true_positives);
    before = point;
  }
  return static_cast<double>(twice) / (2.0 * positives * negatives);
}

double ScoreCurve::AveragePrecision() const {
  double sum = 0;
  int before = 0;
  for (const CurvePoint& point : points) {
    sum += Precision(point) * (point.true_positives - before);
    before = point.true_positives;
  }
  return sum / positives;
}

Expected<ScoreCurve> MakeCurve(std::span<const float> scores, std::span<const int> labels, int positive) {
  const auto wrong = [](std::string message) { return Error{Status::kInvalidArgument, std::move(message)}; };
  if (scores.size() != labels.size()) {
    return wrong(std::to_string(scores.size()) + " scores for " + std::to_string(labels.size()) + " rows");
  }
  const auto nan = std::find_if(scores.begin(), scores.end(), [](float score) { return std::isnan(score); });
  if (nan != scores.end()) {
    return wrong("row " + std::to_string(nan - scores.begin()) +
                 ": the score is not a number (NaN); find out what is wrong with its window before judging the others");
  }
  ScoreCurve curve;
  curve.positives = static_cast<int>(std::count(labels.begin(), labels.end(), positive));
  curve.negatives = static_cast<int>(labels.size()) - curve.positives;
  if (curve.positives == 0 || curve.negatives == 0) {
    return wrong(curve.positives == 0 ? "no row is of the class that is to be found, so nothing can be said about it"
                                      : "every row is of the class that is to be found; add some that are not");
  }
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  CurvePoint point;
  for (size_t i = 0; i < order.size(); ++i) {
    point.threshold = scores[order[i]];
    ++(labels[order[i]] == positive ? point.true_positives : point.false_positives);
    if (i + 1 == order.size() || scores[order[i + 1]] != point.threshold) curve.points.push_back(point);
  }
  return curve;
}

Expected<std::vector<std::optional<double>>> AreaOfEachClass(std::span<const float> scores, std::span<const int> labels,
                                                             int class_count) {
  THIMBLE_EXPECT(CheckScores(scores, labels, class_count));
  const auto classes = static_cast<size_t>(class_count);
  std::vector<std::optional<double>> areas(classes);
  std::vector<float> of_class(labels.size());
  for (size_t c = 0; c < classes; ++c) {
    for (size_t row = 0; row < labels.size(); ++row) of_class[row] = scores[row * classes + c];
    const Expected<ScoreCurve> curve = MakeCurve(of_class, labels, static_cast<int>(c));
    if (curve.ok()) areas[c] = curve->Area();
  }
  return areas;
}

}  // namespace thimble::trainer
