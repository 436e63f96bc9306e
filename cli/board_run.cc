#include "cli/board_run.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "cli/interrupt.h"
#include "compiler/emit.h"
#include "simulator/board_client.h"
#include "simulator/qemu.h"

namespace thimble::cli {
namespace {

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

Expected<compiler::Firmware> BuildFirmware(const compiler::BoundImpulse& impulse, std::span<const std::byte> model,
                                           const Staging& staging) {
  const std::string& title = impulse.description().name;
  THIMBLE_EXPECT(staging.Write("model.tflite", Characters(model)));
  THIMBLE_EXPECT(staging.Write("model.h", compiler::EmitModelHeader(kModelSymbol, title, model.size())));
  THIMBLE_EXPECT(staging.Write("model.cc", compiler::EmitModelSource(kModelSymbol, "model.h", model)));
  THIMBLE_EXPECT(staging.Write("impulse.cc", compiler::EmitImpulseSource(impulse, kModelSymbol, "model.h")));
  return compiler::BuildFirmware({.folder = staging.folder()});
}

Expected<BoardRun> RunOnBoard(const compiler::Firmware& firmware, const compiler::BoundImpulse& impulse,
                              const std::vector<BoardRecording>& recordings, const std::vector<WindowAnswer>& expected,
                              const std::function<bool(double share)>& progress) {
  THIMBLE_ASSIGN(const std::unique_ptr<simulator::Qemu> board, simulator::Qemu::Start({.elf = firmware.elf}));
  simulator::BoardClient client(*board, {.cancel = &InterruptFlag()});
  THIMBLE_ASSIGN(const simulator::BoardAbout about, client.Introduce());
  THIMBLE_EXPECT(CheckAbout(about, impulse));

  BoardRun run{.board = about.board, .answers = {}, .arena_bytes = about.arena_bytes};
  uint64_t dsp_instructions = 0;
  uint64_t network_instructions = 0;
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
      dsp_instructions += verdict.dsp_instructions;
      network_instructions += verdict.network_instructions;
      run.answers.push_back({verdict.label, verdict.features_hash, std::move(verdict.raw_scores)});
    }
  }
  run.windows = static_cast<int>(run.answers.size());
  if (run.answers.size() != expected.size()) {
    return {Status::kDeviceFailed, about.board + ": " + std::to_string(run.answers.size()) + " answers to " +
                                       std::to_string(expected.size()) + " windows"};
  }
  for (size_t i = 0; i < expected.size(); ++i) run.identical += run.answers[i] == expected[i] ? 1 : 0;
  run.instructions_dsp = static_cast<double>(dsp_instructions) / run.windows;
  run.instructions_network = static_cast<double>(network_instructions) / run.windows;
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
          .description = "Cortex-M4F, QEMU mps2-an386",
          .windows = run.windows,
          .identical = run.identical,
          .arena_bytes = static_cast<int64_t>(run.arena_bytes),
          .flash_code = static_cast<int64_t>(firmware.flash_code_bytes),
          .flash_model = static_cast<int64_t>(firmware.flash_model_bytes),
          .flash_total = static_cast<int64_t>(firmware.flash_code_bytes + firmware.flash_model_bytes),
          .ram_bytes = static_cast<int64_t>(firmware.ram_bytes),
          .model_bytes = static_cast<int64_t>(firmware.flash_model_bytes),
          .instructions_dsp = run.instructions_dsp,
          .instructions_network = run.instructions_network};
}

}  // namespace thimble::cli
