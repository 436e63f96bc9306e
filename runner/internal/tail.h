// The last bytes of a .eim.
#ifndef THIMBLE_RUNNER_INTERNAL_TAIL_H_
#define THIMBLE_RUNNER_INTERNAL_TAIL_H_

#include <bit>
#include <cstddef>
#include <cstdint>

namespace thimble::runner::internal {

inline constexpr uint32_t kVersion = 1;
inline constexpr char kMagic[16] = {'t', 'h', 'i', 'm', 'b', 'l', 'e', ' ', 'i', 'm', 'p', 'u', 'l', 's', 'e', '\n'};
inline constexpr size_t kMostOriginBytes = 4096;

/// Little endian: docs/formats/eim.md.
struct Tail {
  uint64_t program_bytes;
  uint32_t origin_bytes, impulse_bytes, model_bytes, plan_bytes;
  uint32_t version, reserved;
  uint64_t hash;  ///< FNV-1a of everything before it
  char magic[sizeof kMagic];
};
static_assert(sizeof(Tail) == 56 && std::endian::native == std::endian::little);

}  // namespace thimble::runner::internal

#endif  // THIMBLE_RUNNER_INTERNAL_TAIL_H_
