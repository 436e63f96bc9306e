// Memory handed out from one caller-given block, front to back, never freed one by one.
#ifndef THIMBLE_BASE_ARENA_H_
#define THIMBLE_BASE_ARENA_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace thimble {

/// Everything placed in an arena starts at a multiple of this, on device and host alike, so that plans are the same
/// number of bytes on both.
inline constexpr size_t kArenaAlignment = 16;

constexpr size_t AlignUp(size_t bytes, size_t alignment = kArenaAlignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// A bump allocator over `memory`, whose start must be aligned to kArenaAlignment.
class Arena {
 public:
  constexpr Arena() = default;
  explicit constexpr Arena(std::span<std::byte> memory) : memory_(memory) {}

  /// `count` objects of T, uninitialised, or an empty span when the arena is too small (or count is 0).
  template <typename T>
  std::span<T> Take(size_t count) {
    static_assert(alignof(T) <= kArenaAlignment);
    const size_t free_bytes = memory_.size() - used_bytes_;
    if (count > free_bytes / sizeof(T)) return {};
    T* first = reinterpret_cast<T*>(memory_.data() + used_bytes_);
    const size_t bytes = AlignUp(count * sizeof(T));
    used_bytes_ += bytes < free_bytes ? bytes : free_bytes;
    return {first, count};
  }

  /// What is left, as one block.
  std::span<std::byte> Rest() const { return memory_.subspan(used_bytes_); }

  size_t used_bytes() const { return used_bytes_; }

 private:
  std::span<std::byte> memory_;
  size_t used_bytes_ = 0;
};

}  // namespace thimble

#endif  // THIMBLE_BASE_ARENA_H_
