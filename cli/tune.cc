// `thimble tune`: searches for the impulse that validates best within a board's limits, and trains it.
#include "studio/tune.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/board_name.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/report.h"
#include "cli/staging.h"
#include "cli/terminal.h"
#include "cli/train_into.h"
#include "cli/train_output.h"
#include "cli/tune_plot.h"
#include "simulator/cycles.h"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kJournal = "tune.journal";
constexpr const char* kTrials = "tune.json";
constexpr const char* kPicture = "pareto.svg";

Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json Describe(const studio::Trial& trial) {
  const studio::Footprint& takes = trial.footprint;
  Json object = {{"trial", trial.number},
                 {"rung", trial.rung},
                 {"impulse", studio::Describe(trial.setting)},
                 {"validation_accuracy", Number(trial.accuracy)},
                 {"strained_accuracy", Number(trial.strained_accuracy)},
                 {"loss", Number(trial.loss)},
                 {"loss_error", Number(trial.loss_error)},
                 {"parameters", takes.parameters},
                 {"ram_bytes", takes.ram_bytes},
                 {"flash_bytes", takes.flash_bytes},
                 {"code_bytes", takes.code_bytes ? Json(*takes.code_bytes) : Json()},
                 {"latency_ms", takes.latency_ms ? Json(*takes.latency_ms) : Json()},
                 {"seconds", trial.seconds}};
  if (!trial.dropped.empty()) object["dropped"] = trial.dropped;
  return object;
}

std::string Milliseconds(const studio::Footprint& takes) {
  if (!takes.latency_ms) return "?";
  char text[32];
  std::snprintf(text, sizeof text, *takes.latency_ms < 10 ? "%.2f" : "%.0f", *takes.latency_ms);
  return text;
}

/// "waveform + conv1d 16 × 3": what fits a column.
std::string ShortName(const studio::Trial& trial) {
  const studio::Candidate& candidate = trial.setting.candidate;
  return studio::NameOf(candidate) + " " + std::to_string(candidate.size.width) + " × " +
         std::to_string(candidate.size.depth);
}

std::string FrontText(const studio::TuneResult& result, const Style& style) {
  std::vector<std::vector<std::string>> rows = {
      {"  impulse", "validation", "strained", "loss", "parameters", "RAM", "flash", "ms"}};
  bool has_code = true;
  for (const size_t place : result.front) {
    const studio::Trial& trial = result.trials[place];
    char loss[32];
    std::snprintf(loss, sizeof loss, "%.4f", trial.loss);
    has_code = has_code && trial.footprint.code_bytes.has_value();
    rows.push_back({(place == result.chosen ? "→ " : "  ") + ShortName(trial), AsPercent(trial.accuracy),
                    AsPercent(trial.strained_accuracy), loss, Thousands(trial.footprint.parameters),
                    Thousands(trial.footprint.ram_bytes), Thousands(trial.footprint.all_flash_bytes()),
                    Milliseconds(trial.footprint)});
  }
  std::string text = Table(rows, 0) + "\n";
  const std::string explanation =
      "Nothing else that was tried to the end is better in one column and as good in the others. Strained: the same "
      "recordings on another day (docs/tuning.md). RAM and flash in bytes" +
      std::string(has_code ? ", with the network's code" : ", flash without code: no cross-compiler here") + ".";
  text += "  " + Wrap(explanation, 2, style.width) + "\n\n";
  text += "  → " + Wrap(studio::Describe(result.trials[result.chosen].setting), 4, style.width) + "\n\n";
  return text;
}

std::vector<TunePoint> PointsOf(const studio::TuneResult& result) {
  std::vector<TunePoint> points;
  for (size_t i = 0; i < result.trials.size(); ++i) {
    const studio::Trial& trial = result.trials[i];
    if (trial.rung < 0 || !trial.dropped.empty()) continue;
    points.push_back({.name = ShortName(trial),
                      .loss = trial.loss,
                      .ram_bytes = static_cast<double>(trial.footprint.ram_bytes),
                      .parameters = static_cast<double>(trial.footprint.parameters),
                      .latency_ms = trial.footprint.latency_ms.value_or(0),
                      .rung = trial.rung,
                      .chosen = i == result.chosen});
  }
  return points;
}

Json Summary(const studio::TuneResult& result) {
  Json front = Json::array();
  for (const size_t place : result.front) front.push_back(Describe(result.trials[place]));
  return {{"chosen", Describe(result.trials[result.chosen])},
          {"tried", result.trials.size()},
          {"too_large", result.too_large},
          {"stopped", result.stopped},
          {"pareto", front}};
}

/// Shows the search; false once somebody pressed Ctrl-C.
class SearchOutput {
 public:
  explicit SearchOutput(const CommonOptions& common)
      : json_(common.json), progress_(stderr, StyleOf(stderr), 0, common.quiet || common.json) {
    progress_.Begin("search");
  }

  bool operator()(const studio::TuneProgress& news) {
    if (json_ && news.finished != nullptr) {
      Json line = Describe(*news.finished);
      line["event"] = "trial";
      line["share"] = news.share;
      PrintLine(line);
    }
    std::string detail = std::to_string(news.tried) + " tried";
    if (news.best != nullptr) detail += ", best " + AsPercent(news.best->accuracy) + ": " + ShortName(*news.best);
    progress_.Update(news.share, detail);
    return !Interrupted();
  }

  void End(const studio::TuneResult& result) {
    progress_.End(std::to_string(result.trials.size()) + " tried, " + std::to_string(result.too_large) + " too large" +
                  (result.stopped ? "; stopped: the best so far goes on" : ""));
  }

 private:
  bool json_;
  Progress progress_;
};

}  // namespace

Outcome Tune(const TuneOptions& options) {
  studio::TuneOptions tuning;
  THIMBLE_EXPECT(ReadDataOptions(options.folder, options.seed, tuning.data));
  tuning.data.window_ms = options.window_ms;
  tuning.data.stride_ms = options.stride_ms;
  tuning.name = fs::path(options.folder.data).lexically_normal().filename().string();
  if (tuning.name.empty()) tuning.name = "impulse";
  THIMBLE_ASSIGN(tuning.board, BoardOfName(options.board));
  if (options.latency_ms > 0 && *tuning.board->core != '\0' && !simulator::CountsCyclesOf(tuning.board->core)) {
    return {Status::kUnsupported, "--latency-ms: how long a " + std::string(tuning.board->core) +
                                      " takes is not known, only for boards with a Cortex-M4"};
  }
  if (options.ram_bytes > 0) tuning.limits.ram_bytes = options.ram_bytes;
  if (options.flash_bytes > 0) tuning.limits.flash_bytes = options.flash_bytes;
  if (options.parameters > 0) tuning.limits.parameters = options.parameters;
  if (options.latency_ms > 0) tuning.limits.latency_ms = options.latency_ms;
  if (!options.model.empty()) {
    THIMBLE_ASSIGN(tuning.architecture, trainer::ArchitectureNamed(options.model));
  }
  tuning.block = options.block;
  tuning.seconds = options.seconds;
  tuning.trials = options.trials;
  tuning.jobs = options.jobs;
  tuning.seed = options.seed;
  tuning.journal = (fs::path(options.out) / kJournal).string();

  studio::TuneResult result;
  {
    SearchOutput show(options.common);
    THIMBLE_ASSIGN(result, studio::Tune(tuning, [&](const studio::TuneProgress& news) { return show(news); }));
    show.End(result);
  }
  // Whoever stopped the search wants what it found; stopping again stops the training.
  if (result.stopped) ForgetInterrupt();

  const std::vector<TunePoint> points = PointsOf(result);
  Json file = Summary(result);
  Json trials = Json::array();
  for (const studio::Trial& trial : result.trials) trials.push_back(Describe(trial));
  file["board"] = options.board;
  file["seed"] = options.seed;
  file["trials"] = trials;
  THIMBLE_ASSIGN(Staging staging, Staging::Begin(options.out));
  THIMBLE_EXPECT(staging.Write(kTrials, file.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"));
  THIMBLE_EXPECT(staging.Write(kPicture, TunePicture(tuning.name + ": " + Plural(result.trials.size(), "impulse") +
                                                         " tried for " + options.board,
                                                     points)));
  THIMBLE_EXPECT(staging.Commit());
  if (!options.common.json) {
    const Style style = StyleOf(stdout);
    std::fputs(style.Plain(TuneDrawing(points, style) + "\n" + FrontText(result, style)).c_str(), stdout);
    std::fflush(stdout);
  }

  TrainOptions training;
  training.common = options.common;
  training.folder = options.folder;
  training.seed = options.seed;
  training.out = options.out;
  THIMBLE_EXPECT(TrainInto(training, studio::TrainingFor(tuning, result.data, result.trials[result.chosen].setting),
                           {{"tuned", Summary(result)}}));
  if (!options.common.json) {
    std::printf("  %s/%s (everything that was tried), %s, %s (to go on: the same command again)\n", options.out.c_str(),
                kTrials, kPicture, kJournal);
  }
  return Nothing{};
}

}  // namespace thimble::cli
