// What packing convolutions for different steps shares (host only).
#ifndef THIMBLE_STEPS_PACK_LAYER_H_
#define THIMBLE_STEPS_PACK_LAYER_H_

#include "steps/image_walk.h"
#include "steps/packing.h"

namespace thimble::steps {

/// The weights that output `o` sees, in the order of its window.
template <typename Visit>
void ForEachWeight(const Convolution& layer, int32_t o, Visit visit) {
  const int64_t taps = int64_t{layer.kernel_height} * layer.kernel_width;
  const int64_t count = layer.depthwise() ? taps : taps * layer.input_channels;
  for (int64_t i = 0; i < count; ++i) {
    visit(layer.weights[static_cast<size_t>(layer.depthwise() ? i * layer.output_channels + o : o * count + i)]);
  }
}

/// The lowest input byte that pixel `pixel` or a later one reads.
inline int64_t LowestRead(const Convolution& layer, int64_t pixel) {
  const int64_t i = pixel / layer.output_width, j = pixel % layer.output_width;
  const auto byte_at = [&](int64_t row, int64_t column) {
    return (std::max<int64_t>(row, 0) * layer.input_width + std::max<int64_t>(column, 0)) * layer.input_channels *
           layer.element_bytes();
  };
  if (i >= layer.output_height) return layer.input_bytes();
  const int64_t here = byte_at(i * layer.stride_height - layer.pad_top, j * layer.stride_width - layer.pad_left);
  const int64_t below = i + 1 < layer.output_height
                            ? byte_at((i + 1) * layer.stride_height - layer.pad_top, -layer.pad_left)
                            : layer.input_bytes();
  return std::min(here, below);
}

/// Whether IsWalkable will say so.
inline bool IsWalkable(const Convolution& layer) {
  for (const int32_t value :
       {layer.input_height, layer.input_width, layer.input_channels, layer.output_height, layer.output_width,
        layer.output_channels, layer.kernel_height, layer.kernel_width, layer.stride_height, layer.stride_width,
        layer.dilation_height, layer.dilation_width, layer.pad_top, layer.pad_left}) {
    if (value > kMostExtent || value < -kMostExtent) return false;
  }
  return std::max(layer.input_bytes(), layer.output_bytes()) <= INT32_MAX &&
         int64_t{layer.kernel_height} * layer.kernel_width <= INT32_MAX / kMostExtent;
}

/// The members of Params that describe the layer and have these names in many steps.
template <typename Params>
void DescribeLayer(const Convolution& layer, Params& params) {
  params.input_height = layer.input_height;
  params.input_width = layer.input_width;
  params.input_channels = layer.input_channels;
  params.output_height = layer.output_height;
  params.output_width = layer.output_width;
  params.output_channels = layer.output_channels;
  params.kernel_height = layer.kernel_height;
  params.kernel_width = layer.kernel_width;
  params.stride_height = layer.stride_height;
  params.stride_width = layer.stride_width;
  params.dilation_height = layer.dilation_height;
  params.dilation_width = layer.dilation_width;
  params.pad_top = layer.pad_top;
  params.pad_left = layer.pad_left;
  if constexpr (requires { params.pad_value; }) {
    params.pad_value = layer.input_zero_point;
    params.output_zero_point = layer.output_zero_point;
  }
  params.clamp_low = layer.clamp_low;
  params.clamp_high = layer.clamp_high;
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_PACK_LAYER_H_
