// Whether a step may walk over the images that its parameters describe.
#ifndef THIMBLE_STEPS_IMAGE_WALK_H_
#define THIMBLE_STEPS_IMAGE_WALK_H_

#include <cstdint>

namespace thimble::steps {

/// Sizes, strides, dilations and pads of a step in a package are no larger, so that positions never overflow.
inline constexpr int32_t kMostExtent = 1 << 14;

/// Whether the images and windows that Params describes can be walked without overflow, whatever they are.
template <typename Params>
constexpr bool IsWalkable(const Params& p) {
  for (const int32_t size : {p.input_height, p.input_width, p.input_channels, p.output_height, p.output_width,
                             p.output_channels, p.kernel_height, p.kernel_width}) {
    if (size < 1 || size > kMostExtent) return false;
  }
  for (const int32_t step :
       {p.stride_height, p.stride_width, p.dilation_height, p.dilation_width, p.pad_top, p.pad_left}) {
    if (step < -kMostExtent || step > kMostExtent) return false;
  }
  for (const int64_t area : {int64_t{p.kernel_height} * p.kernel_width, int64_t{p.input_height} * p.input_width,
                             int64_t{p.output_height} * p.output_width}) {
    if (area > INT32_MAX / kMostExtent) return false;
  }
  if constexpr (requires { p.pad_value; }) {
    if (p.pad_value < -128 || p.pad_value > 127) return false;
  }
  return p.clamp_low <= p.clamp_high;
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_IMAGE_WALK_H_
