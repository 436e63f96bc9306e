// What the steps for cores without a DSP extension share.
#ifndef THIMBLE_STEPS_PLAIN_H_
#define THIMBLE_STEPS_PLAIN_H_

#include <cstdint>

#include "steps/requantise.h"

namespace thimble::steps {

/// MultiplyHigh of a number that is not negative by four 16-bit multiplications: Armv6-M multiplies 32 bits to 32, and
/// the helper that a compiler calls for 64 bits multiplies twice as much. 0 <= b.
constexpr int32_t PlainMultiplyHigh(int32_t a, int32_t b, int32_t addend) {
  const int32_t a_high = a >> 16, b_high = b >> 16;
  const uint32_t a_low = static_cast<uint32_t>(a) & 0xffff, b_low = static_cast<uint32_t>(b) & 0xffff;
  // product = 2^32 * high + 2^16 * (first + second) + low, of which first is negative when a is
  const uint32_t low = a_low * b_low;
  const uint32_t second = a_low * static_cast<uint32_t>(b_high) + (low >> 16);
  const int32_t first = a_high * static_cast<int32_t>(b_low);
  const uint32_t middle = (static_cast<uint32_t>(first) & 0xffff) + (second & 0xffff) + 0x8000;  // rounds at 2^31
  const int32_t high =
      a_high * b_high + (first >> 16) + static_cast<int32_t>(second >> 16) + static_cast<int32_t>(middle >> 16);
  return WrapAdd(addend, high);
}

/// Requantise(sum, requantiser) for a core that has no long multiplication; the same bits.
constexpr int32_t PlainRequantise(int32_t sum, const GeneralRequantiser& requantiser) {
#if defined(__ARM_ARCH_6M__) || !defined(__arm__)
  const auto shifts = static_cast<uint32_t>(requantiser.shifts);
  const int32_t shifted = WrapShiftLeft(sum, static_cast<int>(shifts >> 8 & 31));
  const uint32_t negative = (shifts >> 16 & 255) < 32 ? static_cast<uint32_t>(shifted) >> (shifts >> 16 & 31) : 0;
  const int32_t addend = WrapAdd(requantiser.half, static_cast<int32_t>(0 - negative));
  return PlainMultiplyHigh(shifted, requantiser.mantissa, addend) >> (shifts & 31);
#else
  return Requantise(sum, requantiser);
#endif
}

/// What the constants of a plain step hold for each output channel, before its weights.
struct PlainChannel {
  int32_t bias;  ///< less what the input's zero point and the weights' offset add to every sum
  GeneralRequantiser requantiser;
};

/// A sum, which wraps because a model may ask for nonsense, as the output that it stands for.
template <typename Params>
constexpr int8_t PlainFinish(uint32_t sum, const PlainChannel& channel, const Params& p) {
  const int32_t scaled = PlainRequantise(static_cast<int32_t>(sum), channel.requantiser);
  return static_cast<int8_t>(Clamp(WrapAdd(scaled, p.output_zero_point), p.clamp_low, p.clamp_high));
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_PLAIN_H_
