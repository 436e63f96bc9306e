// What packing for the Helium steps shares (host only).
#ifndef THIMBLE_STEPS_HELIUM_PACK_H_
#define THIMBLE_STEPS_HELIUM_PACK_H_

#include "steps/helium.h"
#include "steps/pack_layer.h"

namespace thimble::steps {

/// HeliumBias of outputs `first`, `first` + `apart`, …; those that the layer does not have are 0.
inline void WriteHeliumBias(const Convolution& layer, int32_t first, int32_t apart, ConstantWriter& constants) {
  HeliumBias biases = {};
  for (int32_t lane = 0; lane < 4 && first + lane * apart < layer.output_channels; ++lane) {
    int64_t weight_sum = 0;
    ForEachWeight(layer, first + lane * apart, [&](int64_t w) { weight_sum += w; });
    const int64_t bias = layer.bias[static_cast<size_t>(first + lane * apart)] - layer.input_zero_point * weight_sum;
    biases.bias[lane] = biases.again[lane] = static_cast<int32_t>(static_cast<uint64_t>(bias));
  }
  for (const int32_t value : biases.bias) constants.Write(value);
  for (const int32_t value : biases.again) constants.Write(value);
}

/// HeliumScale of the same.
inline void WriteHeliumScale(const Convolution& layer, int32_t first, int32_t apart, ConstantWriter& constants) {
  for (const auto* values : {&layer.mantissa, &layer.shift}) {
    for (int32_t o = first; o < first + 4 * apart; o += apart) {
      constants.Write(o < layer.output_channels ? (*values)[static_cast<size_t>(o)] : 0);
    }
  }
}

/// Whether no scaled output is so near the ends of int32 that adding a zero point could wrap.
inline bool IsFarFromWrapping(const Convolution& layer) {
  for (int32_t o = 0; o < layer.output_channels; ++o) {
    int64_t most = std::abs(layer.bias[static_cast<size_t>(o)]);
    ForEachWeight(layer, o, [&](int64_t w) { most += std::abs(w) * 255; });
    if (most > INT32_MAX - 256 || layer.shift[static_cast<size_t>(o)] > 0) return false;
  }
  return true;
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_HELIUM_PACK_H_
