// What packing for the plain steps shares (host only).
#ifndef THIMBLE_STEPS_PLAIN_PACK_H_
#define THIMBLE_STEPS_PLAIN_PACK_H_

#include <optional>

#include "steps/pack_layer.h"
#include "steps/plain.h"

namespace thimble::steps {

/// Constants of output `o`; the bias takes in the input's zero point. Nothing if they would not be exact.
inline std::optional<PlainChannel> PackPlainChannel(const Convolution& layer, int32_t o) {
  const auto index = static_cast<size_t>(o);
  int64_t weight_sum = 0;
  SumRange sums{layer.bias[index], layer.bias[index]};
  ForEachWeight(layer, o, [&](int64_t w) {
    const int64_t at_low = w * (-128 - layer.input_zero_point), at_high = w * (127 - layer.input_zero_point);
    weight_sum += w;
    sums.low += std::min(at_low, at_high);
    sums.high += std::max(at_low, at_high);
  });
  const auto requantiser = MakeGeneralRequantiser(layer.mantissa[index], layer.shift[index], sums);
  if (!requantiser) return std::nullopt;
  const int64_t bias = layer.bias[index] - layer.input_zero_point * weight_sum;
  return PlainChannel{static_cast<int32_t>(static_cast<uint64_t>(bias)), *requantiser};
}

inline void WritePlainChannel(const PlainChannel& channel, ConstantWriter& constants) {
  constants.Write(channel.bias);
  constants.Write(channel.requantiser.mantissa);
  constants.Write(channel.requantiser.half);
  constants.Write(channel.requantiser.shifts);
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_PLAIN_PACK_H_
