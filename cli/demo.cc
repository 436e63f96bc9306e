// `thimble demo`: recordings in, a microcontroller that names the gesture out.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cli/board_run.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/record_hand.h"
#include "cli/report.h"
#include "cli/staging.h"
#include "cli/terminal.h"
#include "cli/train_output.h"
#include "cli/train_report.h"
#include "compiler/impulse_file.h"
#include "studio/training.h"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

/// "gestures" for "recordings/gestures/".
std::string NameOfFolder(const std::string& folder) {
  fs::path path = fs::absolute(folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  return path.filename().string();
}

/// The recordings of a folder, or those of a simulated hand; ready to be learnt from.
Expected<studio::Data> ReadRecordings(const DemoOptions& options, studio::DataOptions& data,
                                      const studio::EventCallback& on_event) {
  if (!options.data.empty()) {
    data.folder = options.data;
    return studio::ReadData(
        data, [](const studio::DataOptions& folder) { return studio::PrepareData(folder); }, on_event);
  }
  constexpr const char* kStep = "record";
  data.folder = "the simulated hand";
  studio::Step step(on_event, kStep);
  THIMBLE_ASSIGN(dataset::Dataset set,
                 RecordHand({.seed = options.seed}, [&](double share, const std::string& recording) {
                   return on_event({.step = kStep, .share = share, .text = recording});
                 }));
  THIMBLE_ASSIGN(studio::Data recorded, studio::PrepareData(std::move(set), data));
  step.End(Plural(recorded.set.recordings.size(), "recording") + " of " + Plural(recorded.labels.size(), "label"));
  return recorded;
}

double ShareOfEqual(const std::vector<int>& labels, const std::vector<WindowAnswer>& answers) {
  size_t equal = 0;
  for (size_t i = 0; i < answers.size(); ++i) equal += answers[i].label == labels[i] ? 1 : 0;
  return answers.empty() ? 0 : static_cast<double>(equal) / static_cast<double>(answers.size());
}

/// Testing windows for the board, and their labels.
struct Hearing {
  dataset::WindowIndex index;
  std::vector<int> labels;
  size_t step = 1;  ///< of so many recordings one is heard
};

/// All of them; of a network that would keep a virtual board busy for minutes, those of some recordings.
Hearing ChooseHearing(const studio::TrainingResult& result) {
  constexpr int64_t kPatience = 300'000'000;  // multiplications; about ten seconds
  const trainer::ModelSpec& spec = result.learnt.model.spec;
  const std::vector<dataset::WindowPlace>& windows = result.data.testing.windows;
  int64_t multiplications = 0;
  if (const auto shapes = trainer::InferShapes(spec)) {
    for (const trainer::LayerCost& cost : trainer::Costs(spec, *shapes)) multiplications += cost.multiplications;
  }
  Hearing hearing{.index = result.data.testing, .labels = {}};
  hearing.step = static_cast<size_t>(1 + multiplications * static_cast<int64_t>(windows.size()) / kPatience);
  hearing.index.windows.clear();
  size_t recordings = 0;
  for (size_t i = 0; i < windows.size(); ++i) {
    recordings += i == 0 || windows[i].recording != windows[i - 1].recording ? 1 : 0;
    if ((recordings - 1) % hearing.step != 0) continue;
    hearing.index.windows.push_back(windows[i]);
    hearing.labels.push_back(result.testing.labels[i]);
  }
  return hearing;
}

}  // namespace

Outcome Demo(const DemoOptions& options) {
  THIMBLE_ASSIGN(Staging staging, Staging::Begin(options.out));
  TrainOutput show(false, options.common.quiet);
  const studio::EventCallback on_event = [&](const studio::Event& event) { return show(event); };
  const bool simulated = options.data.empty();

  // 1. Recordings become a network, as `thimble train` makes it.
  studio::TrainingOptions training;
  training.name = simulated ? "Gestures of a simulated hand" : NameOfFolder(options.data);
  training.data.reading.rate_hz = options.rate_hz;
  training.data.reading.readings_per_recording = static_cast<size_t>(options.readings_per_recording);
  training.data.split.seed = options.seed;
  training.data.window_ms = options.window_ms;
  training.data.stride_ms = options.stride_ms;
  training.learning.seed = options.seed;
  training.learning.epochs = options.epochs;
  if (!options.block.empty()) {
    training.block = compiler::DefaultParams(options.block);
    if (std::holds_alternative<std::monostate>(training.block)) {
      return {Status::kNotFound, options.block + ": there is no such block; there are " + compiler::BlockNames()};
    }
  }
  THIMBLE_ASSIGN(studio::Data data, ReadRecordings(options, training.data, on_event));
  THIMBLE_ASSIGN(studio::TrainingResult result, studio::TrainOn(std::move(data), training, on_event));
  THIMBLE_EXPECT(CheckInterrupt());

  // 2. The runtime, on this computer.
  studio::Step laptop(on_event, "laptop");
  THIMBLE_ASSIGN(const compiler::BoundImpulse bound, compiler::BoundImpulse::Bind(result.impulse, result.int8_model));
  const Hearing hearing = ChooseHearing(result);
  THIMBLE_ASSIGN(const std::vector<WindowAnswer> here, RunHere(bound, result.data.set, hearing.index));
  laptop.End("int8 " + AsPercent(ShareOfEqual(hearing.labels, here)) + " of " +
             Plural(hearing.index.windows.size(), "window"));
  if (hearing.step > 1) {
    result.data.set.notices.push_back("Of " + std::to_string(hearing.step) +
                                      " testing recordings one goes to the microcontroller: a network of this size "
                                      "would keep a virtual one busy for minutes.");
  }

  // 3. The same sources, compiled for the microcontroller.
  studio::Step build(on_event, "firmware");
  THIMBLE_ASSIGN(const compiler::Firmware firmware, BuildFirmware(bound, result.int8_model, staging));
  build.End(Thousands(static_cast<long long>(firmware.flash_code_bytes)) + " bytes of code, " +
            Thousands(static_cast<long long>(bound.arena_bytes())) + " bytes of arena");

  // 4. The microcontroller.
  studio::Step device(on_event, "device");
  THIMBLE_ASSIGN(const BoardRun there, RunOnBoard(firmware, bound, ForTheBoard(result.data.set, hearing.index), here,
                                                  [&](double share) { return device.Progress(share); }));
  device.End(Thousands(there.identical) + " of " + Thousands(there.windows) + " windows identical");

  const std::string seed = std::to_string(options.seed);
  THIMBLE_ASSIGN(const ReportWorth worth, AssessTraining(result));
  Report report = DescribeTraining(
      result, simulated ? "simulated hand (seed " + seed + ", not real recordings)" : options.data, worth);
  report.data.simulated = simulated;
  report.version = THIMBLE_VERSION;
  report.versions = {{"compiler", __VERSION__}};
  report.command = options.command;
  report.seed = options.seed;
  report.accuracy.device_windows = ShareOfEqual(hearing.labels, there.answers);
  report.device = DescribeBoardRun(firmware, there);
  report.seconds = show.StepSeconds();
  const std::string target = options.out;
  report.files = {{target + "/report.html", "this report as a page"},
                  {target + "/model.tflite", "the int8 network"},
                  {target + "/model.cc", "the same as a C array (with model.h)"},
                  {target + "/impulse.json", "window, signal processing, labels"},
                  {target + "/firmware.elf", "all of it for the microcontroller"}};
  const std::string json = JsonReport(report) + "\n";
  THIMBLE_EXPECT(staging.Write("impulse.json", compiler::WriteImpulse(result.impulse)));
  THIMBLE_EXPECT(staging.Write("report.json", json));
  THIMBLE_EXPECT(staging.Write("report.txt", TextReport(report, Style())));
  THIMBLE_EXPECT(staging.Write("report.html", HtmlReport(report)));
  THIMBLE_EXPECT(CheckInterrupt());
  THIMBLE_EXPECT(staging.Commit());

  std::fputs(options.common.json ? json.c_str() : TextReport(report, StyleOf(stdout)).c_str(), stdout);
  return CheckIdentical(there);
}

}  // namespace thimble::cli
