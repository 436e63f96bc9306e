#include "cli/train_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/report_data.h"
#include "trainer/evaluate.h"

namespace thimble::cli {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Expected<ReportWorth> AssessTest(studio::Data& data, const studio::Judged& judged,
                                 const std::optional<studio::ScoreChoice>& choice) {
  THIMBLE_ASSIGN(const studio::Worth worth, studio::MeasureWorth(data, judged, choice));
  std::string imbalance = studio::ImbalanceWarning(data.labels, judged.evaluation);
  if (!imbalance.empty()) data.set.notices.insert(data.set.notices.begin(), std::move(imbalance));
  return DescribeWorth(worth, choice);
}

Expected<ReportWorth> AssessTraining(studio::TrainingResult& result) {
  THIMBLE_ASSIGN(const auto choice, studio::ChooseScores(result.learnt.held_out, result.data.labels.size()));
  std::string warning = studio::SplitWarning(result.learnt.training);
  if (!warning.empty()) result.data.set.notices.push_back(std::move(warning));
  return AssessTest(result.data, result.int8_test, choice);
}

void AddScores(const ReportWorth& worth, const std::vector<std::string>& labels, Json& report) {
  Json areas = Json::object();
  for (size_t i = 0; i < std::min(labels.size(), worth.areas.size()); ++i) {
    areas[labels[i]] = worth.areas[i] ? Json(*worth.areas[i]) : Json();
  }
  Json scores = {{"auc", areas}, {"calibration_error", worth.calibration_error}};
  if (worth.choice) {
    scores["temperature"] = worth.choice->temperature;
    scores["calibration_error_after_temperature"] = worth.choice->calibration_error;
    scores["threshold"] = worth.choice->threshold;
    scores["uncertain"] = worth.choice->uncertain;
    scores["accuracy_above_threshold"] = worth.choice->accuracy;
  }
  report["scores"] = std::move(scores);
  Json worst = Json::array();
  for (const ReportWorst& one : worth.worst) {
    worst.push_back({{"window", one.place},
                     {"label", labels[static_cast<size_t>(one.label)]},
                     {"answer", labels[static_cast<size_t>(one.predicted)]},
                     {"score", one.score}});
  }
  report["worst"] = std::move(worst);
}

std::optional<studio::ScoreChoice> ReadChoice(const Json& report) {
  const auto scores = report.is_object() ? report.find("scores") : report.end();
  if (scores == report.end() || !scores->is_object()) return std::nullopt;
  const auto number = [&](const char* key) {
    const auto found = scores->find(key);
    return found != scores->end() && found->is_number() ? found->get<double>() : -1;
  };
  const studio::ScoreChoice choice{.temperature = number("temperature"), .threshold = number("threshold")};
  const bool usable = choice.temperature > 0 && choice.threshold >= 0 && choice.threshold <= 1;
  return usable ? std::optional(choice) : std::nullopt;
}

std::string ScoresText(const ReportWorth& worth, const std::vector<std::string>& labels, const Style& style) {
  constexpr size_t kMostWorst = 3;
  std::string text;
  for (const std::string& sentence : DescribeScores(worth)) text += "  " + Wrap(sentence, 2, style.width) + "\n";
  for (size_t i = 0; i < std::min(worth.worst.size(), kMostWorst); ++i) {
    const ReportWorst& one = worth.worst[i];
    const std::string line = (i == 0 ? "Worst: " : "then: ") + labels[static_cast<size_t>(one.label)] + " taken for " +
                             labels[static_cast<size_t>(one.predicted)] + ", " + one.place;
    text += "  " + Wrap(Printable(line), 4, style.width) + "\n";
  }
  return text;
}

Report DescribeTraining(const studio::TrainingResult& result, const std::string& source, const ReportWorth& worth) {
  Report report;
  report.title = result.impulse.name;
  report.labels = result.data.labels;
  report.data = DescribeData(result.data, source);
  report.impulse = DescribeImpulse(result);
  const trainer::Evaluation& int8 = result.int8_test.evaluation;
  report.accuracy.float_windows = result.float_test.evaluation.accuracy;
  report.accuracy.int8_windows = int8.accuracy;
  report.accuracy.recordings = {int8.recordings_correct, int8.recordings};
  report.confusion = int8.confusion;
  report.worth = worth;
  report.signals = ExampleSignals(result.data);
  // After folds there is no one table of testing windows: each fold has its own features.
  if (result.testing.rows() > 0) {
    const int classes = static_cast<int>(result.data.labels.size());
    report.points = ScatterPoints(result.testing, trainer::Decide(result.int8_test.scores, classes));
  }
  return report;
}

}  // namespace thimble::cli
