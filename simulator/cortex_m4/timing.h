// What instructions cost on a Cortex-M4: its pipeline as the manual describes it, memory without wait states.
//
// Source: Arm DDI0439 (Cortex-M4 Technical Reference Manual), sections 3.3 and 7.2.3, and for what they leave open
// measurements on real chips. Pure functions without dependencies: the core and the plugin for QEMU share them.
#ifndef THIMBLE_SIMULATOR_CORTEX_M4_TIMING_H_
#define THIMBLE_SIMULATOR_CORTEX_M4_TIMING_H_

#include <cstdint>

namespace thimble::simulator {

// Cycles for refilling the pipeline after a branch that is taken, and one more when the instruction there has 32 bits
// and lies across two words.
inline constexpr int kDirectJumpCycles = 1;
inline constexpr int kIndirectJumpCycles = 2;
inline constexpr int kUnalignedTargetCycles = 1;

// Hints without a name, which processors take for NOP: a program marks with them what is to be counted.
inline constexpr uint16_t kBeginRegion = 0xbf80;
inline constexpr uint16_t kEndRegion = 0xbf90;

/// What an instruction costs by itself, and what its neighbours need to know of it.
struct Timing {
  enum class Kind : uint8_t { kOther, kLoad, kIfThen, kDirectBranch, kIndirectBranch };

  Kind kind = Kind::kOther;
  int cycles = 1;
  uint16_t writes = 0;          ///< core registers that data processing writes: an address made of them waits
  uint16_t loads = 0;           ///< core registers that a load writes
  uint16_t address = 0;         ///< core registers that an address is made of
  int float_written = -1;       ///< single-precision register
  uint64_t floats_read = 0;     ///< single-precision registers
  bool follows_a_load = false;  ///< its first cycle may be hidden behind a load before it
  bool may_be_unaligned = false;
};

/// Whether `half` is the first half of a 32-bit instruction.
constexpr bool IsWide(uint16_t half) { return half >= 0xe800; }

/// `second` is 0 for 16-bit instructions.
Timing TimingOf(uint16_t first, uint16_t second);

/// What remains in the pipeline of the instruction before.
struct Before {
  uint16_t writes = 0;
  uint16_t loads = 0;  ///< not 0: it was a load
  int8_t float_written = -1;
  bool folds = false;  ///< an IT behind it costs nothing

  bool operator==(const Before&) const = default;
};

Before Behind(const Timing& timing, bool is_wide);

/// Cycles of an instruction behind another one; behind a branch that was taken it is Before{}.
int CyclesBehind(const Before& before, const Timing& timing);

/// What an access costs on top because it is not aligned: a bus access for each aligned piece.
constexpr int UnalignedCycles(uint32_t address, int bytes) {
  if (bytes == 2) return static_cast<int>(address & 1);
  if (bytes == 4 && (address & 3) != 0) return (address & 1) != 0 ? 2 : 1;
  return 0;
}

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_CORTEX_M4_TIMING_H_
