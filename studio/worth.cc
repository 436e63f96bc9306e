#include "studio/worth.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "trainer/calibration.h"
#include "trainer/evaluate.h"
#include "trainer/evaluate_curves.h"
#include "trainer/evaluate_split.h"

namespace thimble::studio {
namespace {

constexpr float kHalfAnInt8Step = 1.0f / 512;

std::vector<int> LabelsOf(const Data& data) {
  std::vector<int> labels;
  for (const dataset::WindowPlace& place : data.testing.windows) {
    const std::string& label = data.set.recordings[place.recording].label;
    labels.push_back(static_cast<int>(std::find(data.labels.begin(), data.labels.end(), label) - data.labels.begin()));
  }
  return labels;
}

}  // namespace

Expected<std::optional<ScoreChoice>> ChooseScores(const HeldOut& validation, size_t classes) {
  constexpr double kLeastCoverage = 0.5;
  if (validation.labels.empty()) return std::optional<ScoreChoice>();
  const int count = static_cast<int>(classes);
  ScoreChoice choice;
  THIMBLE_ASSIGN(choice.temperature,
                 trainer::FitTemperature(validation.scores, validation.labels, count, kHalfAnInt8Step));
  THIMBLE_ASSIGN(const std::vector<trainer::CoveragePoint> curve,
                 trainer::MakeCoverageCurve(validation.scores, validation.labels, count));
  // Without a single error the best temperature is the lowest there is, which nobody should trust.
  if (choice.temperature <= trainer::kLowestTemperature * 1.001) choice.temperature = 1;
  for (const double goal : {0.99, 0.95, 0.9}) {
    const auto point = trainer::ChooseForAccuracy(curve, goal);
    if (!point || point->coverage < kLeastCoverage) continue;
    // Where all answers are as good as that, none is to be silenced.
    if (point->coverage < 1) choice.threshold = static_cast<double>(point->threshold);
    break;
  }
  return std::optional(choice);
}

Expected<Worth> MeasureWorth(const Data& data, const Judged& judged, const std::optional<ScoreChoice>& choice) {
  constexpr size_t kMostWorst = 10;
  const int classes = static_cast<int>(data.labels.size());
  const std::vector<int> labels = LabelsOf(data);
  Worth worth;
  THIMBLE_ASSIGN(worth.areas, trainer::AreaOfEachClass(judged.scores, labels, classes));
  const auto calibration_error = [&](const std::vector<float>& scores) -> Expected<double> {
    THIMBLE_ASSIGN(const trainer::Calibration calibration,
                   trainer::MeasureCalibration(scores, labels, classes, 15, kHalfAnInt8Step));
    return calibration.expected_error;
  };
  THIMBLE_ASSIGN(worth.calibration_error, calibration_error(judged.scores));
  if (choice) {
    THIMBLE_ASSIGN(worth.calibrated_error, calibration_error(trainer::ApplyTemperature(
                                               judged.scores, classes, choice->temperature, kHalfAnInt8Step)));
    size_t answered = 0, right = 0;
    for (size_t row = 0; row < labels.size(); ++row) {
      const auto scores = std::span(judged.scores).subspan(row * data.labels.size(), data.labels.size());
      const auto best = std::max_element(scores.begin(), scores.end());
      if (static_cast<double>(*best) < choice->threshold) continue;
      ++answered;
      right += best - scores.begin() == labels[row] ? 1 : 0;
    }
    const auto share = [](size_t part, size_t whole) {
      return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
    };
    worth.uncertain = 1 - share(answered, labels.size());
    worth.answered_accuracy = share(right, answered);
  }
  THIMBLE_ASSIGN(const std::vector<trainer::WorstRow> worst,
                 trainer::FindWorstRows(judged.scores, labels, classes, static_cast<int>(labels.size())));
  std::set<size_t> seen;  // neighbouring windows are wrong together: one of a recording is enough
  for (const trainer::WorstRow& row : worst) {
    if (row.label == row.predicted || worth.worst.size() == kMostWorst) continue;
    if (!seen.insert(data.testing.windows[static_cast<size_t>(row.row)].recording).second) continue;
    const size_t at = static_cast<size_t>(row.row) * data.labels.size() + static_cast<size_t>(row.label);
    worth.worst.push_back({.place = trainer::DescribeWindow(data.set, data.testing, row.row),
                           .label = row.label,
                           .predicted = row.predicted,
                           .score = static_cast<double>(judged.scores[at])});
  }
  return worth;
}

std::string ImbalanceWarning(const std::vector<std::string>& labels, const trainer::Evaluation& evaluation) {
  constexpr double kLopsided = 0.8;
  size_t largest = 0;
  int rows = 0;
  for (size_t i = 0; i < evaluation.classes.size(); ++i) {
    rows += evaluation.classes[i].rows;
    if (evaluation.classes[i].rows > evaluation.classes[largest].rows) largest = i;
  }
  if (rows == 0 || labels.size() < 2) return "";
  const double share = static_cast<double>(evaluation.classes[largest].rows) / rows;
  if (share < kLopsided) return "";
  return std::to_string(evaluation.classes[largest].rows) + " of " + std::to_string(rows) + " testing windows are '" +
         labels[largest] + "': answering that every time would be " + Percent(share) +
         " right. Judge by F1, the mean over the labels (" + Percent(evaluation.macro_f1) +
         "), and by each label's recall; record more of the others.";
}

std::string SplitWarning(const trainer::Table& training) {
  constexpr int64_t kMostValues = 4'000'000;  // half a second
  const auto values = static_cast<int64_t>(training.features.size());
  const std::set<int> groups(training.groups.begin(), training.groups.end());
  if (values > kMostValues || groups.size() == static_cast<size_t>(training.rows())) return "";
  // A label of one or two recordings has no others to be recognised by.
  constexpr size_t kFewestRecordings = 3;
  std::map<int, std::set<int>> groups_of;
  for (int row = 0; row < training.rows(); ++row) {
    groups_of[training.labels[static_cast<size_t>(row)]].insert(training.group(row));
  }
  for (const auto& [label, recordings] : groups_of) {
    if (recordings.size() < kFewestRecordings) return "";
  }
  const auto inflation = trainer::MeasureSplitInflation(training);
  return inflation && inflation->warns ? inflation->sentence + "." : "";
}

}  // namespace thimble::studio
