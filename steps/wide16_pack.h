// What packing for the steps with int16 numbers shares (host only).
#ifndef THIMBLE_STEPS_WIDE16_PACK_H_
#define THIMBLE_STEPS_WIDE16_PACK_H_

#include <cstdlib>
#include <optional>

#include "steps/pack_layer.h"
#include "steps/wide16.h"

namespace thimble::steps {

/// Constants of output `o`; nothing if its sums can leave 32 bits or its multiplier is beyond TFLite's.
inline std::optional<Channel16> PackChannel16(const Convolution& layer, int32_t o) {
  const auto index = static_cast<size_t>(o);
  int64_t largest = std::abs(layer.bias[index]);
  ForEachWeight(layer, o, [&](int64_t w) { largest += std::abs(w) * 32768; });
  if (largest > INT32_MAX || layer.mantissa[index] < 0) return std::nullopt;
  Channel16 channel = {static_cast<int32_t>(layer.bias[index]), layer.mantissa[index], layer.shift[index]};
  if (layer.wide_sums) {  // as Scale(int64_t, Multiplier) has it
    if (channel.shift > 7 || channel.shift < -31) return std::nullopt;
    channel.mantissa = channel.mantissa < 0x7fff0000 ? (channel.mantissa + (1 << 15)) >> 16 : 0x7fff;
    channel.shift = 15 - channel.shift;
  }
  return channel;
}

inline void WriteChannel16(const Channel16& channel, ConstantWriter& constants) {
  constants.Write(channel.bias);
  constants.Write(channel.mantissa);
  constants.Write(channel.shift);
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_WIDE16_PACK_H_
