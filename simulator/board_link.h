// A serial line to a board, whatever is at the other end: QEMU, a virtual board, or a real one.
#ifndef THIMBLE_SIMULATOR_BOARD_LINK_H_
#define THIMBLE_SIMULATOR_BOARD_LINK_H_

#include <cstddef>
#include <span>
#include <string>

#include "base/error.h"

namespace thimble::simulator {

class BoardLink {
 public:
  virtual ~BoardLink() = default;

  /// Sends all of `bytes`.
  virtual Outcome Write(std::span<const std::byte> bytes) = 0;

  /// Waits up to `timeout_ms` for bytes and gives how many came; 0: none in that time. kDeviceFailed, with the reason,
  /// once the other end is gone.
  virtual Expected<size_t> Read(std::span<std::byte> buffer, int timeout_ms) = 0;

  /// For error sentences: "qemu-system-arm (mps2_an386)".
  virtual std::string Describe() const = 0;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_BOARD_LINK_H_
