// What packing for the Helium steps shares (host only).
#ifndef THIMBLE_STEPS_HELIUM_PACK_H_
#define THIMBLE_STEPS_HELIUM_PACK_H_

#include "steps/helium.h"
#include "steps/pack_layer.h"

namespace thimble::steps {

/// HeliumChannels of outputs `first` to `first` + 3; those that the layer does not have are 0.
inline void WriteHeliumChannels(const Convolution& layer, int32_t first, ConstantWriter& constants) {
  HeliumChannels channels = {};
  for (int32_t lane = 0; lane < 4 && first + lane < layer.output_channels; ++lane) {
    const auto o = static_cast<size_t>(first + lane);
    int64_t weight_sum = 0;
    ForEachWeight(layer, first + lane, [&](int64_t w) { weight_sum += w; });
    const int64_t bias = layer.bias[o] - layer.input_zero_point * weight_sum;
    channels.bias[lane] = static_cast<int32_t>(static_cast<uint64_t>(bias));
    channels.left[lane] = std::max(layer.shift[o], 0);
    channels.mantissa[lane] = layer.mantissa[o];
    channels.right[lane] = std::min(layer.shift[o], 0);
  }
  for (const auto& values : {channels.bias, channels.left, channels.mantissa, channels.right}) {
    for (int lane = 0; lane < 4; ++lane) constants.Write(values[lane]);
  }
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_HELIUM_PACK_H_
