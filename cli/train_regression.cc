// `thimble train --learn regression`, and `thimble test` of what it made.
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/report.h"
#include "cli/staging.h"
#include "cli/terminal.h"
#include "cli/train_anomaly.h"
#include "cli/train_output.h"
#include "studio/learn_regression.h"

namespace thimble::cli {
namespace {

using Json = nlohmann::ordered_json;

Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

/// What both commands print last. `in_float` may be null.
Json Describe(const studio::RegressionTest* in_float, const studio::RegressionTest& in_int8) {
  const auto both = [&](double studio::RegressionTest::*figure) {
    return Json{{"float", in_float == nullptr ? Json() : Number(in_float->*figure)}, {"int8", Number(in_int8.*figure)}};
  };
  return {{"learn", "regression"},
          {"mae", both(&studio::RegressionTest::mean_absolute_error)},
          {"rmse", both(&studio::RegressionTest::root_mean_square_error)},
          {"r2", both(&studio::RegressionTest::r_squared)},
          {"windows", in_int8.answers.size()}};
}

std::string Text(const studio::RegressionTest* in_float, const studio::RegressionTest& in_int8) {
  std::vector<std::vector<std::string>> rows = {{"", "mean error", "root mean square", "R²"}};
  const auto add = [&](const char* name, const studio::RegressionTest& test) {
    const auto shown = [](double number) {
      char text[32];
      std::snprintf(text, sizeof text, "%.4g", number);
      return std::string(std::isfinite(number) ? text : "-");
    };
    rows.push_back({name, shown(test.mean_absolute_error), shown(test.root_mean_square_error), shown(test.r_squared)});
  };
  add("int8", in_int8);
  if (in_float != nullptr) add("float", *in_float);
  return Table(rows, 2);
}

}  // namespace

Outcome TrainRegression(const TrainOptions& options, const studio::TrainingOptions& prepared) {
  THIMBLE_EXPECT(CheckNoFolds(options));
  studio::RegressionTraining training{
      .data = prepared.data,
      .name = prepared.name,
      .learning = prepared.learning,
      .loss = options.loss == "huber" ? trainer::RegressionLoss::kHuber : trainer::RegressionLoss::kSquared,
      .block = prepared.block,
      .architecture = prepared.architecture,
      .size = prepared.size};
  THIMBLE_ASSIGN(Staging staging, Staging::Begin(options.out));
  TrainOutput output(options.common);
  const studio::EventCallback show = [&](const studio::Event& event) { return output(event); };
  THIMBLE_ASSIGN(
      const studio::RegressionResult result,
      studio::TrainRegression(training, [&](const studio::Event& event) { return ShowWithoutScores(show, event); }));

  Json report = Describe(&result.float_test, result.int8_test);
  Json tried = Json::array();
  for (const auto& [name, error] : result.tried) {
    tried.push_back({{"model", name}, {"validation_rmse", Number(static_cast<double>(error))}});
  }
  Json curve = Json::array();
  for (const trainer::Epoch& epoch : result.curve) {
    curve.push_back(
        {Number(static_cast<double>(epoch.training_loss)), Number(static_cast<double>(epoch.validation_loss))});
  }
  report["model"] = studio::NameOf(result.candidate);
  report["parameters"] = result.parameters;
  report["seed"] = options.seed;
  report["split"] = options.folder.split;
  report["stopped"] = result.stopped;
  report["best_epoch"] = result.best_epoch;
  report["tried"] = tried;
  report["notices"] = result.data.set.notices;
  report["duplicates"] = result.data.duplicates;
  report["seconds"] = output.Seconds();
  Json file = report;
  file["curve"] = curve;
  THIMBLE_EXPECT(staging.Write("impulse.json", compiler::WriteImpulse(result.impulse)));
  THIMBLE_EXPECT(staging.Write(result.impulse.model_file, result.int8_model));
  THIMBLE_EXPECT(staging.Write("model.float.tflite", result.float_model));
  THIMBLE_EXPECT(staging.Write("report.json", file.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"));
  THIMBLE_EXPECT(staging.Commit());
  if (options.common.json) {
    report["event"] = "result";
    PrintLine(report);
    return Nothing{};
  }
  const Style style = StyleOf(stdout);
  const std::string text = style.Bold(report["model"].get<std::string>()) + ", " + Thousands(result.parameters) +
                           " parameters" + (result.stopped ? ", stopped early: the best so far" : "") + "\n\n" +
                           Text(&result.float_test, result.int8_test) + "\n" + NoticesOf(result.data, style.width) +
                           "  " + options.out + "/impulse.json, model.tflite (int8), model.float.tflite, report.json\n";
  std::fputs(style.Plain(text).c_str(), stdout);
  return Nothing{};
}

Outcome TestRegression(const TestOptions& options, const TestCase& test) {
  TrainOutput output(options.common);
  const studio::EventCallback show = [&](const studio::Event& event) { return output(event); };
  THIMBLE_ASSIGN(const studio::Data data, ReadTestData(test, show));
  studio::RegressionTest in_int8, in_float;
  {
    studio::Step step(show, "test", test.impulse.model_file);
    const auto progress = [&](double share) { return step.Progress(share); };
    THIMBLE_ASSIGN(in_int8, studio::JudgeRegression(data, test.impulse, test.model, progress));
    if (!test.float_model.empty()) {
      THIMBLE_ASSIGN(in_float, studio::JudgeRegression(data, test.impulse, test.float_model, progress));
    }
    step.End(Thousands(static_cast<long long>(in_int8.answers.size())) + " windows");
  }
  const studio::RegressionTest* float_test = test.float_model.empty() ? nullptr : &in_float;
  if (options.common.json) {
    Json object = Describe(float_test, in_int8);
    object["parameters"] = test.parameters;
    object["notices"] = data.set.notices;
    object["seconds"] = output.Seconds();
    object["event"] = "result";
    PrintLine(object);
    return Nothing{};
  }
  const Style style = StyleOf(stdout);
  std::fputs(style.Plain(Text(float_test, in_int8) + "\n" + NoticesOf(data, style.width)).c_str(), stdout);
  return Nothing{};
}

}  // namespace thimble::cli
