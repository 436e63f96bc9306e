#include "base/fixed_point.h"

#include <bit>

namespace thimble {

Multiplier QuantiseMultiplier(double real) {
  const uint64_t bits = std::bit_cast<uint64_t>(real);
  const int exponent = static_cast<int>(bits >> 52 & 0x7ff);
  if (exponent == 0) return {};  // zero, or so small that the shift would be below -31 anyway
  const uint64_t fraction = (bits & ((uint64_t{1} << 52) - 1)) | uint64_t{1} << 52;  // value = fraction * 2^(e - 1075)
  int64_t mantissa = static_cast<int64_t>((fraction + (uint64_t{1} << 21)) >> 22);
  int shift = exponent - 1022;
  if (mantissa == int64_t{1} << 31) {
    mantissa /= 2;
    ++shift;
  }
  if (shift < -31) return {};
  if (shift > 30) return {INT32_MAX, 30};
  return {static_cast<int32_t>(mantissa), shift};
}

int32_t Quantise(float real, float scale, int32_t zero_point, int32_t low, int32_t high) {
  const int64_t stored = static_cast<int64_t>(RoundToInt32(real / scale)) + zero_point;
  return static_cast<int32_t>(stored < low ? low : stored > high ? high : stored);
}

}  // namespace thimble
