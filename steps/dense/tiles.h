// Sizes of a dense layer's packed tiles: what its packer and its loops agree on.
#ifndef THIMBLE_STEPS_DENSE_TILES_H_
#define THIMBLE_STEPS_DENSE_TILES_H_

#include <cstdint>

#include "steps/requantise.h"

namespace thimble::steps {

/// What follows the sums' constants of a channel in a tile of 4.
struct DenseChannel {
  GeneralRequantiser requantiser;
  int32_t output;  ///< -1: no channel at all
};

/// Where the unrolled loop over inputs, by fours in blocks of four, begins and ends for all but the last four.
struct DenseLoop {
  int32_t first_quads;               ///< before the first whole block
  int32_t inputs_first, inputs_end;  ///< offsets of the pointer to inputs before and after
  int32_t step_of_8, step_of_4;      ///< bytes from the second four inputs' weights to the first block's last ones

  constexpr bool operator==(const DenseLoop&) const = default;
};

constexpr DenseLoop DenseLoopOf(int32_t inputs) {
  const int32_t last = (inputs - 1) / 4 * 4;
  if (last == 0) return {0, 12, 12, 24 + 4 * 32, 4 * 16};
  const int32_t first_quads = (last / 4 - 1) % 4 + 1;
  return {first_quads, 4 * first_quads - 4, last + 12, 32 * first_quads + 24, 16 * first_quads};
}

// In int64_t when a plan is checked, in int32_t when it runs.

/// Inputs are taken by fours.
template <typename Int>
constexpr Int DenseQuads(Int inputs) {
  return (inputs - 1) / 4 + 1;
}

/// Biases and weights of a tile of this many channels.
template <typename Int>
constexpr Int DenseSumBytes(Int quads, int32_t channels) {
  return (1 + quads) * 4 * channels;
}

template <typename Int>
constexpr Int DenseTileOf8Bytes(Int quads, bool common_multiplier) {
  return DenseSumBytes(quads, 8) + (common_multiplier ? 0 : 8 * static_cast<int32_t>(sizeof(Requantiser)));
}

template <typename Int>
constexpr Int DenseTileOf4Bytes(Int quads, int32_t segments) {
  return DenseSumBytes(quads, 4) * segments + 4 * static_cast<int32_t>(sizeof(DenseChannel));
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_DENSE_TILES_H_
