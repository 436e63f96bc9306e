// Jobs that learn from a project's recordings, look at their features, and judge what was learnt.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "firmware/all_boards.h"
#include "studio/footprint.h"
#include "studio/judging.h"
#include "studio/learn_anomaly.h"
#include "studio/learn_regression.h"
#include "studio/server/jobs/learning_tools.h"
#include "studio/server/jobs/stored_data.h"
#include "studio/training.h"
#include "studio/worth.h"
#include "trainer/projection.h"

namespace thimble::studio {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kBoard = "az3166";

template <typename T>
Json Number(T value) {
  return std::isfinite(value) ? Json(value) : Json();
}

Error Stopped() { return {Status::kCancelled, "stopped"}; }

Json DescribeData(const Data& data) {
  return {{"windows", {{"training", data.training.windows.size()}, {"testing", data.testing.windows.size()}}},
          {"labels", data.labels},
          {"notices", data.set.notices},
          {"duplicates", data.duplicates}};
}

Json Describe(const trainer::Evaluation& evaluation, const std::vector<std::string>& labels) {
  Json classes = Json::array();
  for (size_t i = 0; i < labels.size() && i < evaluation.classes.size(); ++i) {
    const trainer::ClassScore& score = evaluation.classes[i];
    classes.push_back({{"label", labels[i]},
                       {"precision", score.precision},
                       {"recall", score.recall},
                       {"f1", score.f1},
                       {"windows", score.rows}});
  }
  return {{"accuracy", Number(evaluation.accuracy)},
          {"f1", Number(evaluation.macro_f1)},
          {"recordings", {{"correct", evaluation.recordings_correct}, {"count", evaluation.recordings}}},
          {"confusion", evaluation.confusion},
          {"classes", classes}};
}

Json Describe(const RegressionTest& test) {
  return {{"mean_absolute_error", Number(test.mean_absolute_error)},
          {"root_mean_square_error", Number(test.root_mean_square_error)},
          {"r_squared", Number(test.r_squared)}};
}

Json Describe(const AnomalyTest& test) {
  Json labels = Json::array();
  for (const StrangeLabel& label : test.labels) {
    labels.push_back({{"label", label.label},
                      {"windows", label.windows},
                      {"found", label.found},
                      {"auc", label.area ? Number(*label.area) : Json()}});
  }
  return {{"normal_windows", test.normal_windows},
          {"false_alarms", test.false_alarms},
          {"auc", test.area ? Number(*test.area) : Json()},
          {"labels", labels}};
}

Json Curve(const std::vector<trainer::Epoch>& epochs) {
  Json curve = Json::array();
  for (const trainer::Epoch& epoch : epochs) {
    curve.push_back({Number(epoch.training_loss), Number(epoch.training_score), Number(epoch.validation_loss),
                     Number(epoch.validation_score)});
  }
  return curve;
}

Json Tried(const std::vector<std::pair<std::string, float>>& tried, const char* figure) {
  Json list = Json::array();
  for (const auto& [name, value] : tried) list.push_back({{"model", name}, {figure, Number(value)}});
  return list;
}

/// What it takes of the board that the firmware of this project is for; null where that cannot be said.
Json DescribeFootprint(const compiler::ImpulseDescription& impulse, std::span<const std::byte> model) {
  const firmware::Board* const board = firmware::FindBoard(kBoard);
  if (board == nullptr || model.empty()) return nullptr;
  const trainer::FeatureScaling scaling{.offset = impulse.feature_offsets, .scale = impulse.feature_scales};
  const Expected<Footprint> footprint = Measure(*board, impulse.block, impulse.Window(), scaling, model, false);
  if (!footprint) return nullptr;
  return {{"board", kBoard},
          {"ram_bytes", footprint->ram_bytes},
          {"flash_bytes", footprint->flash_bytes},
          {"latency_ms", footprint->latency_ms ? Number(*footprint->latency_ms) : Json()},
          {"parameters", footprint->parameters}};
}

Expected<std::string> LearnClasses(JobRun& run, const LearningJob& job, const TrainingOptions& options,
                                   const Json& more) {
  THIMBLE_ASSIGN(const TrainingResult result, TrainImpulse(options, EventTeller(run)));
  if (!run.goes_on()) return Stopped();
  Json told = {{"learn", "classifier"}, {"model", NameOf(result.learnt.candidate)}};
  told.update(DescribeData(result.data));
  told["validation_accuracy"] = Number(result.learnt.validation_accuracy);
  told["float_accuracy"] = Number(result.float_test.evaluation.accuracy);
  told.update(Describe(result.int8_test.evaluation, result.data.labels));
  told["tried"] = Tried(result.tried, "validation_accuracy");
  told["best_epoch"] = result.learnt.best_epoch;
  told["int8_losses"] = result.losses;
  told["device"] = DescribeFootprint(result.impulse, result.int8_model);
  told.update(more);
  Json report = told;
  report["curve"] = Curve(result.learnt.curve);
  THIMBLE_ASSIGN(const std::optional<ScoreChoice> choice,
                 ChooseScores(result.learnt.held_out, result.data.labels.size()));
  if (choice) report["scores"] = {{"temperature", choice->temperature}, {"threshold", choice->threshold}};
  THIMBLE_EXPECT(KeepTrained(run, job, result.impulse, result.int8_model, result.float_model, told, report));
  return JsonText(told);
}

Expected<std::string> LearnNumbers(JobRun& run, const LearningJob& job, const TrainingOptions& options,
                                   const Json& more) {
  const RegressionTraining training{.data = options.data,
                                    .name = options.name,
                                    .learning = options.learning,
                                    .block = options.block,
                                    .architecture = options.architecture,
                                    .size = options.size};
  THIMBLE_ASSIGN(const RegressionResult result, TrainRegression(training, EventTeller(run)));
  if (!run.goes_on()) return Stopped();
  Json told = {{"learn", "regression"}, {"model", NameOf(result.candidate)}};
  told.update(DescribeData(result.data));
  told.update(Describe(result.int8_test));
  told["float"] = Describe(result.float_test);
  told["tried"] = Tried(result.tried, "validation_error");
  told["best_epoch"] = result.best_epoch;
  told["device"] = DescribeFootprint(result.impulse, result.int8_model);
  told.update(more);
  Json report = told;
  report["curve"] = Curve(result.curve);
  THIMBLE_EXPECT(KeepTrained(run, job, result.impulse, result.int8_model, result.float_model, told, report));
  return JsonText(told);
}

Expected<std::string> LearnNormal(JobRun& run, const LearningJob& job, const TrainingOptions& options,
                                  const Json& more) {
  const ImpulseDesign& design = job.design;
  const AnomalyTraining training{.data = options.data,
                                 .name = options.name,
                                 .kind = design.detector,
                                 .block = options.block,
                                 .components = design.components,
                                 .accepted_share = design.accepted_share,
                                 .width = options.size.width,
                                 .depth = options.size.depth,
                                 .epochs = options.learning.epochs,
                                 .learning_rate = options.learning.learning_rate,
                                 .seed = options.learning.seed};
  THIMBLE_ASSIGN(const AnomalyResult result, TrainAnomaly(training, EventTeller(run)));
  if (!run.goes_on()) return Stopped();
  Json told = {{"learn", "anomaly"}, {"model", NameOfDetector(result.impulse)}};
  told["normal"] = result.data.normal;
  told.update(DescribeData(result.data));
  told["parameters"] = result.parameters;
  told["test"] = Describe(result.test);
  told["device"] = DescribeFootprint(result.impulse, result.model);
  told.update(more);
  THIMBLE_EXPECT(KeepTrained(run, job, result.impulse, result.model, {}, told, told));
  return JsonText(told);
}

Expected<LearningJob> ParseLearningJob(Store& store, int64_t project_id, const std::string& parameters) {
  THIMBLE_ASSIGN(const nlohmann::json object, ParseJson("parameters", parameters));
  Members members(object, "parameters");
  THIMBLE_ASSIGN(LearningJob job, ReadLearningJob(store, project_id, members));
  THIMBLE_EXPECT(members.Finish());
  return job;
}

struct TestJob {
  int64_t training = 0, snapshot = 0;
};

Expected<TestJob> ParseTestJob(const std::string& parameters) {
  THIMBLE_ASSIGN(const nlohmann::json object, ParseJson("parameters", parameters));
  Members members(object, "parameters");
  TestJob job;
  constexpr double kMostId = 9e15;
  members.Number("training", 0, kMostId, job.training);
  members.Number("version", 0, kMostId, job.snapshot);
  THIMBLE_EXPECT(members.Finish());
  return job;
}

/// What was said of each sample: label, and how many of its windows were given to which.
Json AnswersOf(const Data& data, const Judged& judged) {
  const std::vector<int> answers = trainer::Decide(judged.scores, static_cast<int>(data.labels.size()));
  struct Sums {
    std::string label;
    std::map<int, int> windows;
  };
  std::map<int64_t, Sums> samples;
  for (size_t i = 0; i < answers.size() && i < data.testing.windows.size(); ++i) {
    const dataset::Recording& recording = data.set.recordings[data.testing.windows[i].recording];
    Sums& sums = samples[SampleIdOf(recording.file)];
    sums.label = recording.label;
    ++sums.windows[answers[i]];
  }
  Json list = Json::array();
  for (const auto& [id, sums] : samples) {
    Json windows = Json::object();
    int most = 0, said = 0;
    for (const auto& [label, count] : sums.windows) {
      windows[data.labels[static_cast<size_t>(label)]] = count;
      if (count > most) most = count, said = label;
    }
    const std::string& answer = data.labels[static_cast<size_t>(said)];
    list.push_back({{"sample", id},
                    {"label", sums.label},
                    {"answer", answer},
                    {"right", answer == sums.label},
                    {"windows", windows}});
  }
  return list;
}

std::string QuotedCsv(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

Expected<std::string> LearnAndKeep(JobRun& run, const LearningJob& job, const TrainingOptions& options,
                                   const Json& more) {
  switch (job.design.goal) {
    case Goal::kNormal:
      return LearnNormal(run, job, options, more);
    case Goal::kNumbers:
      return LearnNumbers(run, job, options, more);
    case Goal::kLabels:
      break;
  }
  return LearnClasses(run, job, options, more);
}

Outcome CheckTrain(Store& store, int64_t project_id, const std::string& parameters) {
  THIMBLE_EXPECT(ParseLearningJob(store, project_id, parameters));
  return Nothing{};
}

Expected<std::string> RunTrain(JobRun& run) {
  THIMBLE_ASSIGN(LearningJob job, ParseLearningJob(run.store(), run.project_id(), run.job().parameters));
  ReadFromStore(run, job.snapshot, job.design.goal == Goal::kNormal, job.design.training.data);
  return LearnAndKeep(run, job, job.design.training, Json::object());
}

Expected<std::string> RunFeatures(JobRun& run) {
  THIMBLE_ASSIGN(LearningJob job, ParseLearningJob(run.store(), run.project_id(), run.job().parameters));
  DataOptions& options = job.design.training.data;
  options.goal = job.design.goal;
  ReadFromStore(run, job.snapshot, job.design.goal == Goal::kNormal, options);
  const EventTeller teller(run);
  THIMBLE_ASSIGN(const Data data, ReadData(
                                      options, [](const DataOptions& from) { return PrepareData(from); }, teller));
  compiler::BlockParams block = job.design.training.block;
  if (std::holds_alternative<std::monostate>(block)) block = SuitableCandidates(data).front().block;

  constexpr double kDataShare = 0.1, kLastShare = 0.95;
  const auto progress = [&](double share) {
    return run.Progress(kDataShare + (kLastShare - kDataShare) * share,
                        std::string("features: ") + compiler::BlockOf(block).name);
  };
  THIMBLE_ASSIGN(const trainer::Table training,
                 Features(data, data.training, block, [&](double share) { return progress(0.8 * share); }));
  THIMBLE_ASSIGN(const trainer::Table testing,
                 Features(data, data.testing, block, [&](double share) { return progress(0.8 + 0.2 * share); }));

  // One plane for both parts, so that a test that lies elsewhere is seen to.
  std::vector<float> all = training.features;
  all.insert(all.end(), testing.features.begin(), testing.features.end());
  const auto plane = trainer::ProjectToPlane(all, training.feature_count);
  std::string table = "sample,start_ms,part,label";
  for (int i = 0; i < training.feature_count; ++i) table += ",f" + std::to_string(i);
  table += "\n";
  Json windows = Json::array();
  size_t row = 0;
  for (const dataset::WindowIndex* const index : {&data.training, &data.testing}) {
    const char* const part = index == &data.training ? "training" : "testing";
    for (const dataset::WindowPlace& place : index->windows) {
      const dataset::Recording& recording = data.set.recordings[place.recording];
      const double start_ms = static_cast<double>(place.first_reading) * recording.interval_ms;
      const int64_t sample = SampleIdOf(recording.file);
      windows.push_back({sample, start_ms, part, recording.label, plane[row][0], plane[row][1]});
      char number[32];
      std::snprintf(number, sizeof number, "%.9g", start_ms);
      table += std::to_string(sample) + "," + number + "," + part + "," + QuotedCsv(recording.label);
      for (int i = 0; i < training.feature_count; ++i) {
        const size_t at = row * static_cast<size_t>(training.feature_count) + static_cast<size_t>(i);
        std::snprintf(number, sizeof number, ",%.9g", static_cast<double>(all[at]));
        table += number;
      }
      table += "\n";
      ++row;
    }
    if (!run.goes_on()) return Stopped();
  }
  const std::string name = compiler::BlockOf(block).name;
  const Json columns = {"sample", "start_ms", "part", "label", "x", "y"};
  const Json explorer = {{"block", name}, {"columns", columns}, {"windows", windows}};
  THIMBLE_EXPECT(run.Keep("features", "features.json", JsonText(explorer)));
  THIMBLE_EXPECT(run.Keep("feature_table", "features.csv", table));
  Json told = {{"block", name},
               {"parameters", Json::parse(compiler::WriteParameters(block), nullptr, false)},
               {"features", training.feature_count}};
  told.update(DescribeData(data));
  return JsonText(told);
}

Outcome CheckTest(Store& store, int64_t project_id, const std::string& parameters) {
  THIMBLE_ASSIGN(const TestJob job, ParseTestJob(parameters));
  THIMBLE_EXPECT(LoadTrained(store, project_id, job.training));
  return Nothing{};
}

Expected<std::string> RunTest(JobRun& run) {
  THIMBLE_ASSIGN(const TestJob job, ParseTestJob(run.job().parameters));
  THIMBLE_ASSIGN(const Trained trained, LoadTrained(run.store(), run.project_id(), job.training));
  THIMBLE_ASSIGN(const Project project, run.store().GetProject(run.project_id()));
  THIMBLE_ASSIGN(ImpulseDesign design, ParseDesign(trained.design_json));
  DataOptions& options = design.training.data;  // with the split that training used
  options.folder = project.name;
  const bool is_detector = trained.impulse.anomaly.has_value();
  ReadFromStore(run, job.snapshot, is_detector, options);
  const EventTeller teller(run);
  bool has_testing = false;
  options.source = [&, read = options.source](const dataset::ReadOptions& reading) {
    auto set = read(reading);
    for (size_t i = 0; set.ok() && i < set->recordings.size(); ++i) {
      has_testing = has_testing || set->recordings[i].category == dataset::Category::kTesting;
    }
    return set;
  };
  const Preparation prepare = [&](const DataOptions& from) { return PrepareTest(from, trained.impulse); };
  THIMBLE_ASSIGN(const Data data, ReadData(options, prepare, teller));
  if (!has_testing && !is_detector && data.hash != trained.impulse.data_hash) {
    return {Status::kInvalidArgument, "no sample is for testing, and the data set has changed since job " +
                                          std::to_string(trained.job_id) +
                                          " trained with it; move some samples to testing, or train again"};
  }
  const auto progress = [&](double share) { return run.Progress(0.1 + 0.9 * share, "test"); };
  Json told = {{"training", trained.job_id}};
  told.update(DescribeData(data));
  Json answers = Json::array();
  const std::span<const std::byte> model = trained.model.span();
  if (trained.impulse.is_regressor()) {
    THIMBLE_ASSIGN(const RegressionTest test, JudgeRegression(data, trained.impulse, model, progress));
    told["learn"] = "regression";
    told.update(Describe(test));
  } else if (!trained.impulse.labels.empty()) {
    THIMBLE_ASSIGN(const Judged judged, Judge(data, trained.impulse, model, progress));
    told["learn"] = "classifier";
    told.update(Describe(judged.evaluation, data.labels));
    answers = AnswersOf(data, judged);
  } else {
    THIMBLE_ASSIGN(const compiler::BoundImpulse bound, compiler::BoundImpulse::Bind(trained.impulse, model));
    THIMBLE_ASSIGN(const AnomalyTest test, JudgeAnomaly(data, bound, progress));
    told["learn"] = "anomaly";
    told["test"] = Describe(test);
  }
  if (!run.goes_on()) return Stopped();
  THIMBLE_EXPECT(run.Keep("test", "test.json", JsonText({{"result", told}, {"samples", answers}})));
  return JsonText(told);
}

}  // namespace thimble::studio
