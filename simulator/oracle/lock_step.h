// Runs the same firmware with the same input in QEMU and on our own processor, and compares all registers at the
// beginning of each block that QEMU executes.
#ifndef THIMBLE_SIMULATOR_ORACLE_LOCK_STEP_H_
#define THIMBLE_SIMULATOR_ORACLE_LOCK_STEP_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/error.h"

namespace thimble::simulator::oracle {

struct LockStepOptions {
  std::filesystem::path elf;  ///< of the board mps2_an386, with its symbols
  /// All that comes down the serial line.
  std::vector<std::byte> input;
  /// Compares s0 to s31 and FPSCR as well; takes twice as long.
  bool floats = false;
};

struct LockStepReport {
  uint64_t instructions = 0;  ///< of our processor, from the reset until it waits for more input
  uint64_t comparisons = 0;   ///< of all registers
  std::vector<std::byte> output;
};

/// From the reset until the program has taken all of `input` and waits for more. Both machines reach for the world in
/// ReadByte, Write and Ticks of firmware/board.h, where time matters: how often they ask is not compared, but what they
/// come back with, and Ticks' answer and what such a function may change is taken from QEMU.
///
/// kVerificationFailed: a difference, with all registers. kDeviceFailed: one of them ended.
Expected<LockStepReport> RunInLockStep(const LockStepOptions& options);

}  // namespace thimble::simulator::oracle

#endif  // THIMBLE_SIMULATOR_ORACLE_LOCK_STEP_H_
