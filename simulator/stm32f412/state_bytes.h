// What a part of a virtual board remembers, as bytes.
#ifndef THIMBLE_SIMULATOR_STM32F412_STATE_BYTES_H_
#define THIMBLE_SIMULATOR_STM32F412_STATE_BYTES_H_

#include <cstddef>
#include <span>
#include <type_traits>

namespace thimble::simulator {

/// For State(): saving is copying bytes, and two parts are in the same state when their bytes are the same. So there
/// may be no holes between the fields, which a copied struct takes along from wherever it lay.
template <typename T>
std::span<std::byte> StateBytes(T& state) {
  static_assert(std::is_trivially_copyable_v<T>);
  static_assert(std::has_unique_object_representations_v<T>, "same state, same bytes: name the holes as unused");
  return std::as_writable_bytes(std::span(&state, 1));
}

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_STATE_BYTES_H_
