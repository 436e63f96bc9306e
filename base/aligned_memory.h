// Memory at an address that models, arenas and blocks accept. Host only: it lives on the heap.
#ifndef THIMBLE_BASE_ALIGNED_MEMORY_H_
#define THIMBLE_BASE_ALIGNED_MEMORY_H_

#ifdef THIMBLE_DEVICE
#error "base/aligned_memory.h needs a heap: device code has its arena"
#endif

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

#include "base/arena.h"

namespace thimble {

/// Bytes at a multiple of kArenaAlignment; not initialised. Moving it keeps their address.
class AlignedMemory {
 public:
  AlignedMemory() = default;
  explicit AlignedMemory(size_t bytes) : lines_(new Line[AlignUp(bytes) / sizeof(Line)]), bytes_(bytes) {}
  /// A copy of `bytes`.
  explicit AlignedMemory(std::span<const std::byte> bytes) : AlignedMemory(bytes.size()) {
    if (!bytes.empty()) std::memcpy(lines_.get(), bytes.data(), bytes.size());
  }

  std::span<std::byte> span() const { return {reinterpret_cast<std::byte*>(lines_.get()), bytes_}; }

 private:
  struct alignas(kArenaAlignment) Line {
    std::byte bytes[kArenaAlignment];
  };
  std::unique_ptr<Line[]> lines_;
  size_t bytes_ = 0;
};

}  // namespace thimble

#endif  // THIMBLE_BASE_ALIGNED_MEMORY_H_
