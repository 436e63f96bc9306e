// A quick 64-bit fingerprint, for telling results apart (never for security).
#ifndef THIMBLE_BASE_HASH_H_
#define THIMBLE_BASE_HASH_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace thimble {

inline constexpr uint64_t kFnvOffset = 0xcbf29ce484222325;

/// FNV-1a, 64 bits (draft-eastlake-fnv, section 5), continuing from `hash`.
constexpr uint64_t Fnv1a(std::span<const std::byte> bytes, uint64_t hash = kFnvOffset) {
  for (const std::byte byte : bytes) {
    hash = (hash ^ std::to_integer<uint64_t>(byte)) * 0x100000001b3;
  }
  return hash;
}

}  // namespace thimble

#endif  // THIMBLE_BASE_HASH_H_
