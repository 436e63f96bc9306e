// What the checks of the x86-64 steps share: parameters that a plan from outside may have wrong.
#ifndef THIMBLE_STEPS_X86_OPERANDS_H_
#define THIMBLE_STEPS_X86_OPERANDS_H_

#include <cstdint>

#include "steps/step.h"
#include "steps/x86/layout.h"

namespace thimble::steps::x86 {

/// Sizes, strides, dilations and borders are at most this, so that no size computed from them in 64 bits overflows.
inline constexpr int32_t kMostExtent = 32767;

/// Whether the parameters of a convolution of any kind are such numbers, and its zero points and clamps are int8.
template <typename Params>
constexpr bool AreExtents(const Params& p) {
  for (const int32_t extent :
       {p.input_height, p.input_width, p.input_channels, p.output_height, p.output_width, p.output_channels,
        p.kernel_height, p.kernel_width, p.stride_height, p.stride_width, p.dilation_height, p.dilation_width}) {
    if (extent < 1 || extent > kMostExtent) return false;
  }
  for (const int32_t pad : {p.pad_top, p.pad_left}) {
    if (pad < 0 || pad > kMostExtent) return false;
  }
  for (const int32_t value : {p.input_zero_point, p.output_zero_point, p.clamp_low, p.clamp_high}) {
    if (value < INT8_MIN || value > INT8_MAX) return false;
  }
  return p.clamp_low <= p.clamp_high;
}

/// Whether its operands lie where they may. Scratch, which may hold addresses, is apart from what is read and written.
template <typename Params>
constexpr bool AreOperands(const Params& p, const Extents& extents, int64_t scratch_bytes, int64_t constant_bytes) {
  const int64_t input_bytes = int64_t{p.input_height} * p.input_width * p.input_channels;
  const int64_t output_bytes = int64_t{p.output_height} * p.output_width * p.output_channels;
  const bool apart = (p.output + output_bytes <= p.scratch || p.scratch + scratch_bytes <= p.output) &&
                     (p.input + input_bytes <= p.scratch || p.scratch + scratch_bytes <= p.input);
  return Within(extents.frame_bytes, p.input, input_bytes) && Within(extents.frame_bytes, p.output, output_bytes) &&
         Within(extents.frame_bytes, p.scratch, scratch_bytes, 1, 16) && apart &&
         Within(extents.constants_bytes, p.constants, constant_bytes, 1, 16);
}

}  // namespace thimble::steps::x86

#endif  // THIMBLE_STEPS_X86_OPERANDS_H_
