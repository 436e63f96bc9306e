#include "cli/train_anomaly.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/report.h"
#include "cli/staging.h"
#include "cli/terminal.h"
#include "cli/train_output.h"
#include "studio/learn_anomaly.h"

namespace thimble::cli {
namespace {

using Json = nlohmann::ordered_json;
using Kind = studio::Event::Kind;

Json Optional(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

double Share(int part, int whole) { return static_cast<double>(part) / std::max(whole, 1); }

/// What both commands print last.
Json Describe(const studio::AnomalyTest& test, const compiler::ImpulseDescription& impulse) {
  Json areas = Json::object(), found = Json::object(), windows = Json::object();
  for (const studio::StrangeLabel& label : test.labels) {
    areas[label.label] = Optional(label.area);
    found[label.label] = Share(label.found, label.windows);
    windows[label.label] = label.windows;
  }
  return {{"learn", "anomaly"},
          {"model", studio::NameOfDetector(impulse)},
          {"normal", impulse.anomaly->normal},
          {"threshold", impulse.anomaly->threshold},
          {"auc", {{"all", Optional(test.area)}, {"labels", areas}}},
          {"false_alarms", test.normal_windows == 0 ? Json() : Json(Share(test.false_alarms, test.normal_windows))},
          {"found", found},
          {"windows", {{"normal", test.normal_windows}, {"labels", windows}}}};
}

/// For people: what was found of each label, and what was not strange and still found.
std::string Text(const studio::AnomalyTest& test) {
  std::vector<std::vector<std::string>> rows = {{"", "windows", "strange", "AUC"}};
  rows.push_back({"normal", Thousands(test.normal_windows),
                  test.normal_windows == 0 ? "-" : AsPercent(Share(test.false_alarms, test.normal_windows)), ""});
  for (const studio::StrangeLabel& label : test.labels) {
    char area[16] = "-";
    if (label.area) std::snprintf(area, sizeof area, "%.3f", *label.area);
    rows.push_back(
        {Printable(label.label), Thousands(label.windows), AsPercent(Share(label.found, label.windows)), area});
  }
  return Table(rows, 2);
}

}  // namespace

std::string NoticesOf(const studio::Data& data, int width) {
  constexpr size_t kShownDuplicates = 3;
  std::string text;
  const auto add = [&](const std::string& sentence) { text += "  ! " + Wrap(Printable(sentence), 4, width) + "\n"; };
  for (const std::string& notice : data.set.notices) add(notice);
  for (size_t i = 0; i < std::min(data.duplicates.size(), kShownDuplicates); ++i) add(data.duplicates[i]);
  if (data.duplicates.size() > kShownDuplicates) {
    add("and " + Thousands(static_cast<long long>(data.duplicates.size() - kShownDuplicates)) + " more duplicates");
  }
  return text;
}

Outcome CheckNoFolds(const TrainOptions& options) {
  if (options.folds == 0 && options.each.empty()) return Nothing{};
  return {Status::kInvalidArgument,
          "--folds and --each judge classifiers; leave them out, or --learn " + options.learn};
}

bool ShowWithoutScores(const studio::EventCallback& show, const studio::Event& event) {
  if (event.epoch == nullptr) return show(event);
  trainer::Epoch epoch = *event.epoch;
  epoch.training_score = epoch.validation_score = std::numeric_limits<float>::quiet_NaN();
  studio::Event told = event;
  told.epoch = &epoch;
  return show(told);
}

Expected<studio::Data> ReadTestData(const TestCase& test, const studio::EventCallback& show) {
  studio::Step step(show, "data", test.data.folder);
  studio::DataOptions reading = test.data;
  reading.reading.progress = [&](size_t done, size_t total) {
    return step.Progress(static_cast<double>(done) / static_cast<double>(std::max<size_t>(total, 1)));
  };
  THIMBLE_ASSIGN(studio::Data data, studio::PrepareTest(reading, test.impulse));
  step.End(Thousands(static_cast<long long>(data.testing.windows.size())) + " windows");
  return data;
}

Outcome TrainAnomaly(const TrainOptions& options, const studio::TrainingOptions& prepared) {
  THIMBLE_EXPECT(CheckNoFolds(options));
  studio::AnomalyTraining training;
  training.data = prepared.data;
  training.data.normal = options.normal;
  training.name = prepared.name;
  training.block = prepared.block;
  training.components = options.components;
  training.width = options.width;
  training.depth = options.depth;
  training.epochs = options.epochs;
  training.learning_rate = static_cast<float>(options.learning_rate);
  training.seed = options.seed;
  if (!options.model.empty()) {
    const std::optional<runtime::Anomaly::Kind> kind = compiler::AnomalyKindNamed(options.model);
    if (!kind) {
      return {Status::kNotFound,
              options.model + ": there is no such detector of anomalies; there are " + std::string(kDetectors)};
    }
    training.kind = *kind;
  }
  THIMBLE_ASSIGN(Staging staging, Staging::Begin(options.out));
  TrainOutput output(options.common);
  const studio::EventCallback show = [&](const studio::Event& event) { return output(event); };
  THIMBLE_ASSIGN(const studio::AnomalyResult result, studio::TrainAnomaly(training, [&](const studio::Event& event) {
                   return ShowWithoutScores(show, event);
                 }));

  Json report = Describe(result.test, result.impulse);
  report["parameters"] = result.parameters;
  report["seed"] = options.seed;
  report["split"] = options.folder.split;
  report["stopped"] = result.stopped;
  report["notices"] = result.data.set.notices;
  report["duplicates"] = result.data.duplicates;
  report["seconds"] = output.Seconds();
  THIMBLE_EXPECT(staging.Write("impulse.json", compiler::WriteImpulse(result.impulse)));
  if (!result.model.empty()) {
    THIMBLE_EXPECT(staging.Write(result.impulse.model_file, result.model));
  }
  THIMBLE_EXPECT(staging.Write("report.json", report.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"));
  THIMBLE_EXPECT(staging.Commit());
  if (options.common.json) {
    report["event"] = "result";
    PrintLine(report);
    return Nothing{};
  }
  const Style style = StyleOf(stdout);
  const std::string text = style.Bold(report["model"].get<std::string>()) + ", " + Thousands(result.parameters) +
                           " numbers" + (result.stopped ? ", stopped early: the best so far" : "") + "\n\n" +
                           Text(result.test) + "\n" + NoticesOf(result.data, style.width) + "  " + options.out +
                           "/impulse.json, " + (result.model.empty() ? "" : "model.tflite (int8), ") + "report.json\n";
  std::fputs(style.Plain(text).c_str(), stdout);
  return Nothing{};
}

Outcome TestAnomaly(const TestOptions& options, const TestCase& test) {
  TrainOutput output(options.common);
  const studio::EventCallback show = [&](const studio::Event& event) { return output(event); };
  THIMBLE_ASSIGN(const studio::Data data, ReadTestData(test, show));
  studio::AnomalyTest result;
  {
    studio::Step step(show, "test", studio::NameOfDetector(test.impulse));
    THIMBLE_ASSIGN(const compiler::BoundImpulse bound, compiler::BoundImpulse::Bind(test.impulse, test.model));
    THIMBLE_ASSIGN(result, studio::JudgeAnomaly(data, bound, [&](double share) { return step.Progress(share); }));
    step.End(Thousands(result.normal_windows) + " normal windows");
  }
  if (options.common.json) {
    Json object = Describe(result, test.impulse);
    object["parameters"] = test.parameters;
    object["notices"] = data.set.notices;
    object["seconds"] = output.Seconds();
    object["event"] = "result";
    PrintLine(object);
    return Nothing{};
  }
  const Style style = StyleOf(stdout);
  std::fputs(style.Plain(Text(result) + "\n" + NoticesOf(data, style.width)).c_str(), stdout);
  return Nothing{};
}

}  // namespace thimble::cli
