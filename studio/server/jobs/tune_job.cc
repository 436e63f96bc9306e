// The job that searches for an impulse within a board's limits, and trains what it chose.
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/processors.h"
#include "firmware/all_boards.h"
#include "studio/server/jobs/learning_tools.h"
#include "studio/tune.h"

namespace thimble::studio {
namespace {

using Json = nlohmann::ordered_json;

struct TuneJob {
  LearningJob learning;
  TuneOptions options;
};

Expected<TuneJob> ParseTuneJob(Store& store, int64_t project_id, const std::string& parameters) {
  THIMBLE_ASSIGN(const nlohmann::json object, ParseJson("parameters", parameters));
  Members members(object, "parameters");
  TuneJob job;
  THIMBLE_ASSIGN(job.learning, ReadLearningJob(store, project_id, members));
  TuneOptions& options = job.options;
  constexpr double kMostBytes = 1 << 30, kMostSeconds = 86'400, kMostTrials = 100'000;
  std::string board = "az3166";
  int64_t ram_bytes = 0, flash_bytes = 0, weights = 0;
  double latency_ms = 0;
  members.Word("board", board);
  members.Number("ram_bytes", 0, kMostBytes, ram_bytes);
  members.Number("flash_bytes", 0, kMostBytes, flash_bytes);
  members.Number("parameters", 0, kMostBytes, weights);
  members.Number("latency_ms", 0, kMostSeconds * 1000, latency_ms);
  members.Number("seconds", 1, kMostSeconds, options.seconds);
  members.Number("trials", 0, kMostTrials, options.trials);
  THIMBLE_EXPECT(members.Finish());
  options.board = firmware::FindBoard(board);
  if (options.board == nullptr) {
    std::string names;
    for (const firmware::Board* one : firmware::kAllBoards)
      names += (names.empty() ? "" : ", ") + std::string(one->name);
    return {Status::kInvalidArgument, "parameters.board: there is no board '" + board + "'; there are " + names};
  }
  if (ram_bytes > 0) options.limits.ram_bytes = ram_bytes;
  if (flash_bytes > 0) options.limits.flash_bytes = flash_bytes;
  if (weights > 0) options.limits.parameters = weights;
  if (latency_ms > 0) options.limits.latency_ms = latency_ms;

  const ImpulseDesign& design = job.learning.design;
  if (design.goal != Goal::kLabels) {
    return {Status::kInvalidArgument, "parameters: only classifiers are searched for; let the design learn one"};
  }
  options.data = design.training.data;
  options.name = design.training.name;
  if (!std::holds_alternative<std::monostate>(design.training.block)) {
    options.block = compiler::BlockOf(design.training.block).name;
  }
  options.architecture = design.training.architecture;
  options.seed = design.training.learning.seed;
  // The server answers on the other processors.
  options.jobs = std::max(1, UsableProcessors() / 2);
  return job;
}

Json Describe(const Trial& trial) {
  const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(); };
  return {{"number", trial.number},
          {"what", Describe(trial.setting)},
          {"rung", trial.rung},
          {"accuracy", number(trial.accuracy)},
          {"strained_accuracy", number(trial.strained_accuracy)},
          {"loss", number(trial.loss)},
          {"ram_bytes", trial.footprint.ram_bytes},
          {"flash_bytes", trial.footprint.all_flash_bytes()},
          {"latency_ms", trial.footprint.latency_ms ? number(*trial.footprint.latency_ms) : Json()},
          {"parameters", trial.footprint.parameters},
          {"dropped", trial.dropped}};
}

/// The design that was asked for, with what was chosen in it.
Json DesignOf(const std::string& asked, const TrainingOptions& training) {
  Json design = Json::parse(asked, nullptr, false);
  const Candidate& candidate = training.candidates.front();
  design["block"] = {{"name", compiler::BlockOf(candidate.block).name},
                     {"parameters", Json::parse(compiler::WriteParameters(candidate.block), nullptr, false)}};
  Json network = {{"architecture", std::string(trainer::WordsOf(candidate.architecture).name)}};
  if (candidate.size.width > 0) network["width"] = candidate.size.width;
  if (candidate.size.depth > 0) network["depth"] = candidate.size.depth;
  if (candidate.size.dropout >= 0) network["dropout"] = candidate.size.dropout;
  design["network"] = network;
  if (training.learning.learning_rate > 0) design["training"]["learning_rate"] = training.learning.learning_rate;
  return design;
}

}  // namespace

Outcome CheckTune(Store& store, int64_t project_id, const std::string& parameters) {
  THIMBLE_EXPECT(ParseTuneJob(store, project_id, parameters));
  return Nothing{};
}

Expected<std::string> RunTune(JobRun& run) {
  namespace fs = std::filesystem;
  THIMBLE_ASSIGN(TuneJob job, ParseTuneJob(run.store(), run.project_id(), run.job().parameters));
  TuneOptions& options = job.options;
  ReadFromStore(run, job.learning.snapshot, false, options.data);
  // What was tried before the server ended need not be tried again, unless the recordings have changed since.
  const fs::path folder = run.store().folder() / "searches";
  const fs::path journal = folder / (std::to_string(run.job().id) + ".jsonl");
  std::error_code error;
  fs::create_directories(folder, error);
  options.journal = journal.string();

  constexpr double kSearchShare = 0.8;
  const auto on_progress = [&](const TuneProgress& progress) {
    std::string message;
    if (progress.finished != nullptr) {
      const Trial& trial = *progress.finished;
      message = "tried " + std::to_string(progress.tried);
      if (progress.best != nullptr) message += ", the best so far " + Percent(progress.best->accuracy);
      run.Log("trial " + std::to_string(trial.number) + ": " + Describe(trial.setting) + ": " +
              (trial.dropped.empty() ? Percent(trial.accuracy) : trial.dropped));
    }
    return run.Progress(kSearchShare * progress.share, message);
  };
  run.Progress(0, "search");
  Expected<TuneResult> tuned = Tune(options, on_progress);
  if (!tuned && tuned.error().status == Status::kInvalidArgument && run.job().attempts > 1) {
    fs::remove(journal, error);
    tuned = Tune(options, on_progress);
  }
  if (run.is_cancelled() || (!tuned && run.goes_on())) fs::remove(journal, error);
  if (!tuned) return tuned.error();
  if (!run.goes_on()) return {Status::kCancelled, "stopped"};

  const Trial& chosen = tuned->trials[tuned->chosen];
  TrainingOptions training = TrainingFor(options, tuned->data, chosen.setting);
  Json trials = Json::array(), front = Json::array();
  for (const Trial& trial : tuned->trials) trials.push_back(Describe(trial));
  for (const size_t place : tuned->front) front.push_back(tuned->trials[place].number);
  const Json design = DesignOf(job.learning.design_json, training);
  const Json search = {{"trials", trials},
                       {"front", front},
                       {"chosen", chosen.number},
                       {"too_large", tuned->too_large},
                       {"design", design}};
  THIMBLE_EXPECT(run.Keep("search", "search.json", JsonText(search)));
  job.learning.design_json = JsonText(design);
  const Json more = {{"chosen", Describe(chosen)}, {"trials", trials.size()}, {"design", design}};
  Expected<std::string> result = LearnAndKeep(run, job.learning, training, more);
  if (result) fs::remove(journal, error);
  return result;
}

}  // namespace thimble::studio
