#include "cli/board_run.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/hash.h"
#include "cli/interrupt.h"
#include "compiler/emit.h"
#include "simulator/board_client.h"
#include "simulator/start_board.h"

namespace thimble::cli {
namespace {

constexpr const char* kBoard = "az3166";
constexpr const char* kModelSymbol = "model_tflite";

std::string_view Characters(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A board that runs something else would only produce puzzling differences.
Outcome CheckAbout(const simulator::BoardAbout& about, const compiler::BoundImpulse& bound) {
  const compiler::ImpulseDescription& impulse = bound.description();
  const bool same = about.impulse == impulse.name && about.axes == static_cast<int>(impulse.axes.size()) &&
                    about.window_readings == impulse.window_readings &&
                    about.stride_readings == impulse.stride_readings &&
                    about.feature_count == static_cast<int>(bound.session().features().size()) &&
                    about.arena_bytes == bound.arena_bytes();
  if (!same) {
    return {Status::kVerificationFailed, about.board + ": runs the impulse '" + about.impulse +
                                             "', which is not the one that was built; is the firmware an old one?"};
  }
  return Nothing{};
}

}  // namespace

Expected<std::vector<WindowAnswer>> RunHere(const compiler::BoundImpulse& impulse, const dataset::Dataset& set,
                                            const dataset::WindowIndex& index) {
  runtime::Session& session = impulse.session();
  std::vector<WindowAnswer> answers;
  answers.reserve(index.windows.size());
  for (const dataset::WindowPlace& place : index.windows) {
    THIMBLE_EXPECT(CheckInterrupt());
    std::ranges::copy(index.Samples(set, place), session.window().begin());
    const runtime::Verdict verdict = session.Run();
    answers.push_back({.label = verdict.label,
                       .features_hash = Fnv1a(std::as_bytes(session.features())),
                       .raw_scores = {verdict.raw_scores.begin(), verdict.raw_scores.end()}});
  }
  return answers;
}

std::vector<BoardRecording> ForTheBoard(const dataset::Dataset& set, const dataset::WindowIndex& index) {
  std::vector<BoardRecording> recordings;
  size_t last = set.recordings.size();
  for (const dataset::WindowPlace& place : index.windows) {
    if (place.recording != last) {
      last = place.recording;
      recordings.push_back({set.recordings[last].values, 0});
    }
    ++recordings.back().windows;
  }
  return recordings;
}

Expected<compiler::Firmware> BuildFirmware(const compiler::BoundImpulse& impulse, std::span<const std::byte> model,
                                           const Staging& staging) {
  const std::string& title = impulse.description().name;
  THIMBLE_EXPECT(staging.Write("model.tflite", Characters(model)));
  THIMBLE_EXPECT(staging.Write("model.h", compiler::EmitModelHeader(kModelSymbol, title, model.size())));
  THIMBLE_EXPECT(staging.Write("model.cc", compiler::EmitModelSource(kModelSymbol, "model.h", model)));
  THIMBLE_EXPECT(staging.Write("impulse.cc", compiler::EmitImpulseSource(impulse, kModelSymbol, "model.h")));
  return compiler::BuildFirmware(
      {.folder = staging.folder(), .device_directory = compiler::DeviceDirectoryOf(kBoard), .board = kBoard});
}

Expected<BoardRun> RunOnBoard(const compiler::Firmware& firmware, const compiler::BoundImpulse& impulse,
                              const std::vector<BoardRecording>& recordings, const std::vector<WindowAnswer>& expected,
                              const std::function<bool(double share)>& progress) {
  THIMBLE_ASSIGN(const std::unique_ptr<simulator::BoardLink> board,
                 simulator::StartBoard({.elf = firmware.elf, .board = kBoard}));
  simulator::BoardClient client(*board, {.cancel = &InterruptFlag()});
  THIMBLE_ASSIGN(const simulator::BoardAbout about, client.Introduce());
  THIMBLE_EXPECT(CheckAbout(about, impulse));

  BoardRun run{.board = about.board, .answers = {}, .arena_bytes = about.arena_bytes, .clock_hz = about.tick_hz};
  simulator::RegionCount dsp, network;
  for (const BoardRecording& recording : recordings) {
    if (!progress(static_cast<double>(run.answers.size()) / static_cast<double>(expected.size()))) {
      return CheckInterrupt().error();
    }
    THIMBLE_ASSIGN(std::vector<simulator::BoardVerdict> verdicts, client.Judge(recording.samples));
    if (verdicts.size() != recording.windows) {
      return {Status::kDeviceFailed, about.board + ": answered " + std::to_string(verdicts.size()) + " of the " +
                                         std::to_string(recording.windows) + " windows of a recording"};
    }
    for (simulator::BoardVerdict& verdict : verdicts) {
      dsp.cycles += verdict.dsp_cycles;
      network.cycles += verdict.network_cycles;
      run.answers.push_back({verdict.label, verdict.features_hash, std::move(verdict.raw_scores)});
    }
    // Every verdict is two regions (firmware/impulse/judge.h). A kit has no counter of instructions, but a virtual one
    // can be watched.
    const std::vector<simulator::RegionCount> regions = board->TakeRegions();
    for (size_t i = 0; i < regions.size(); ++i) {
      (i % 2 == 0 ? dsp : network).instructions += regions[i].instructions;
    }
  }
  run.windows = static_cast<int>(run.answers.size());
  if (run.answers.size() != expected.size()) {
    return {Status::kDeviceFailed, about.board + ": " + std::to_string(run.answers.size()) + " answers to " +
                                       std::to_string(expected.size()) + " windows"};
  }
  for (size_t i = 0; i < expected.size(); ++i) run.identical += run.answers[i] == expected[i] ? 1 : 0;
  const auto per_window = [&run](uint64_t sum) { return static_cast<double>(sum) / run.windows; };
  run.instructions_dsp = per_window(dsp.instructions);
  run.instructions_network = per_window(network.instructions);
  run.cycles_dsp = per_window(dsp.cycles);
  run.cycles_network = per_window(network.cycles);
  return run;
}

Outcome CheckIdentical(const BoardRun& run) {
  if (run.identical == run.windows) return Nothing{};
  return {Status::kVerificationFailed, run.board + ": " + std::to_string(run.windows - run.identical) + " of " +
                                           std::to_string(run.windows) +
                                           " answers differ from this computer's; please report this as a bug"};
}

ReportDevice DescribeBoardRun(const compiler::Firmware& firmware, const BoardRun& run) {
  return {.board = run.board,
          .description = "Cortex-M4F, virtual MXChip AZ3166",
          .windows = run.windows,
          .identical = run.identical,
          .arena_bytes = static_cast<int64_t>(run.arena_bytes),
          .flash_code = static_cast<int64_t>(firmware.flash_code_bytes),
          .flash_model = static_cast<int64_t>(firmware.flash_model_bytes),
          .flash_total = static_cast<int64_t>(firmware.flash_code_bytes + firmware.flash_model_bytes),
          .ram_bytes = static_cast<int64_t>(firmware.ram_bytes),
          .model_bytes = static_cast<int64_t>(firmware.flash_model_bytes),
          .instructions_dsp = run.instructions_dsp,
          .instructions_network = run.instructions_network,
          .cycles_dsp = run.cycles_dsp,
          .cycles_network = run.cycles_network,
          .clock_hz = run.clock_hz};
}

}  // namespace thimble::cli
