// A serial line to a board, whatever is at the other end: QEMU, a virtual board, or a real one.
#ifndef THIMBLE_SIMULATOR_BOARD_LINK_H_
#define THIMBLE_SIMULATOR_BOARD_LINK_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace thimble::simulator {

/// What ran between the marks of one region, the way back from the first and to the second one included.
struct RegionCount {
  uint64_t instructions = 0;
  uint64_t cycles = 0;
};

class BoardLink {
 public:
  virtual ~BoardLink() = default;

  /// Sends all of `bytes`.
  virtual Outcome Write(std::span<const std::byte> bytes) = 0;

  /// Waits up to `timeout_ms` for bytes and gives how many came; 0: none in that time. kDeviceFailed, with the reason,
  /// once the other end is gone.
  virtual Expected<size_t> Read(std::span<std::byte> buffer, int timeout_ms) = 0;

  /// What the program marked as regions (firmware/cycle_region.h) since the last call, in order; nothing from a board
  /// that cannot be watched from outside.
  virtual std::vector<RegionCount> TakeRegions() { return {}; }

  /// For error sentences: "qemu-system-arm (mps2_an386)".
  virtual std::string Describe() const = 0;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_BOARD_LINK_H_
