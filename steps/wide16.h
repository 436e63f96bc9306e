// What the steps with int16 numbers share.
#ifndef THIMBLE_STEPS_WIDE16_H_
#define THIMBLE_STEPS_WIDE16_H_

#include <cstdint>
#include <cstring>

#include "base/fixed_point.h"

namespace thimble::steps {

/// What the constants hold for each output channel, before its weights.
struct Channel16 {
  int32_t bias;
  int32_t mantissa;  ///< Multiplier::mantissa; rounded to 15 bits where sums are wide
  int32_t shift;  ///< Multiplier::shift; where sums are wide, the shift to the right after the multiplication, 1 to 46
};

/// A sum with its bias as a stored number. No sum of a layer leaves 32 bits, so the product has at most 47.
inline int16_t Finish16(uint32_t sum, const Channel16& channel, bool wide, int32_t low, int32_t high) {
  const auto value = static_cast<int32_t>(sum + static_cast<uint32_t>(channel.bias));
  int32_t scaled;
  if (wide) {
    const int64_t product = static_cast<int64_t>(value) * channel.mantissa;
    scaled = static_cast<int32_t>((product + (int64_t{1} << (channel.shift - 1))) >> channel.shift);
  } else {
    scaled = Scale(value, Multiplier{channel.mantissa, channel.shift});
  }
  return static_cast<int16_t>(Clamp(scaled, low, high));
}

/// Whether the constants of `count` channels, `bytes` from one to the next, hold numbers that Finish16 can use.
inline bool HasShifts16(const std::byte* first, int64_t count, int64_t bytes, bool wide) {
  for (; count > 0; --count, first += bytes) {
    const auto& channel = *reinterpret_cast<const Channel16*>(first);
    if (wide ? channel.shift < 1 || channel.shift > 46 || channel.mantissa < 0 || channel.mantissa > 0x7fff
             : channel.shift < -31 || channel.shift > 30) {
      return false;
    }
  }
  return true;
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_WIDE16_H_
