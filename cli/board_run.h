// Lets a board judge recordings, and compares every answer with this computer's.
#ifndef THIMBLE_CLI_BOARD_RUN_H_
#define THIMBLE_CLI_BOARD_RUN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/report.h"
#include "cli/staging.h"
#include "compiler/firmware_build.h"
#include "compiler/impulse_file.h"
#include "dataset/recording.h"
#include "dataset/windows.h"

namespace thimble::cli {

/// What an impulse made of one window, wherever it ran.
struct WindowAnswer {
  int label = -1;                     ///< -1 for a regressor
  uint64_t features_hash = 0;         ///< FNV-1a of the float32 features
  std::vector<std::byte> raw_scores;  ///< as the network wrote them

  bool operator==(const WindowAnswer&) const = default;
};

/// One recording as the board hears it, and how many windows it must answer.
struct BoardRecording {
  std::span<const float> samples;  ///< interleaved by reading
  size_t windows = 0;
};

/// What a board answered.
struct BoardRun {
  std::string board;
  std::vector<WindowAnswer> answers;  ///< in the order of the recordings and their windows
  int windows = 0;
  int identical = 0;  ///< of these: features, scores and label equal, bit for bit
  size_t arena_bytes = 0;
  uint32_t clock_hz = 0;  ///< of the cycles
  // Means, per window.
  double instructions_dsp = 0;
  double instructions_network = 0;
  double cycles_dsp = 0;
  double cycles_network = 0;
};

/// Every window of `index` through the session of this computer; kCancelled after Ctrl-C.
Expected<std::vector<WindowAnswer>> RunHere(const compiler::BoundImpulse& impulse, const dataset::Dataset& set,
                                            const dataset::WindowIndex& index);

/// The recordings of `index`, each with the number of its windows, as the board is to hear them. They stay the set's.
std::vector<BoardRecording> ForTheBoard(const dataset::Dataset& set, const dataset::WindowIndex& index);

/// Writes the model and the impulse as C++ and links them into firmware.elf: model.tflite, model.h, model.cc,
/// impulse.cc and firmware.elf for the kit, all in the staging folder.
Expected<compiler::Firmware> BuildFirmware(const compiler::BoundImpulse& impulse, std::span<const std::byte> model,
                                           const Staging& staging);

/// Starts a virtual kit (simulator/az3166) on `firmware`, lets it hear the recordings and compares its answers with
/// `expected`, one for each window in the same order.
///
///   kDeviceFailed         the board does not start, falls silent or crashes
///   kVerificationFailed   it says that it is another board or impulse, or refuses its own model
///   kCancelled            `progress` said so
Expected<BoardRun> RunOnBoard(const compiler::Firmware& firmware, const compiler::BoundImpulse& impulse,
                              const std::vector<BoardRecording>& recordings, const std::vector<WindowAnswer>& expected,
                              const std::function<bool(double share)>& progress);

/// kVerificationFailed when one answer was not identical: that is a bug of ours, and no result to trust.
Outcome CheckIdentical(const BoardRun& run);

/// The figures of both for a report.
ReportDevice DescribeBoardRun(const compiler::Firmware& firmware, const BoardRun& run);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_BOARD_RUN_H_
