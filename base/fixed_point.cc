#include "base/fixed_point.h"

#include <bit>
#include <limits>

namespace thimble {
namespace {

/// value = mantissa * 2^exponent with 2^23 <= mantissa < 2^24, for a value above 0.
struct Parts {
  uint32_t mantissa;
  int exponent;

  explicit Parts(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    mantissa = bits & 0x7fffff;
    exponent = static_cast<int>(bits >> 23 & 0xff) - 150;
    if (exponent > -150) {
      mantissa |= 0x800000;
      return;
    }
    for (++exponent; mantissa < 0x800000; --exponent) mantissa <<= 1;
  }
};

/// fraction * 2^exponent with 2^52 <= fraction <= 2^53, rounded to 31 bits, halves up.
Multiplier RoundFraction(uint64_t fraction, int exponent) {
  auto mantissa = static_cast<uint32_t>((fraction + (uint64_t{1} << 21)) >> 22);
  int shift = exponent + 53;
  if (mantissa == uint32_t{1} << 31) {
    mantissa >>= 1;
    ++shift;
  }
  if (shift < -31) return {};
  if (shift > 30) return {INT32_MAX, 30};
  return {static_cast<int32_t>(mantissa), shift};
}

/// QuantiseMultiplier(a * b / (divisor * 2^exponent)) with 2^52 <= divisor < 2^53.
Multiplier Divide(float a, float b, uint64_t divisor, int divisor_exponent) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (a == kInfinity || b == kInfinity) return {INT32_MAX, 30};
  if (a == 0 || b == 0) return {};
  const Parts x(a), y(b);
  // Scaled so that 1 <= rest / divisor < 2.
  uint64_t rest = (uint64_t{x.mantissa} * y.mantissa) << 5;
  int exponent = x.exponent + y.exponent - divisor_exponent - 5 - 52;
  for (; rest < divisor; --exponent) rest <<= 1;
  // The 53 bits of a double's fraction, one after the other, then round to nearest, halves to even.
  uint64_t fraction = 0;
  for (int bit = 0; bit < 53; ++bit, rest <<= 1) {
    fraction <<= 1;
    if (rest < divisor) continue;
    rest -= divisor;
    fraction |= 1;
  }
  if (rest > divisor || (rest == divisor && (fraction & 1) != 0)) ++fraction;
  return RoundFraction(fraction, exponent);
}

constexpr uint64_t kFractionBits = (uint64_t{1} << 52) - 1;

}  // namespace

Multiplier QuantiseRatio(float a, float b, float c) {
  if (c == 0) return {INT32_MAX, 30};
  const Parts z(c);
  return Divide(a, b, uint64_t{z.mantissa} << 29, z.exponent - 29);
}

Multiplier QuantiseRatioToDouble(float a, float b, double c) {
  const uint64_t bits = std::bit_cast<uint64_t>(c);
  return Divide(a, b, (bits & kFractionBits) | (kFractionBits + 1), static_cast<int>(bits >> 52) - 1075);
}

Multiplier QuantiseMultiplier(double real) {
  const uint64_t bits = std::bit_cast<uint64_t>(real);
  const int exponent = static_cast<int>(bits >> 52 & 0x7ff);
  if (exponent == 0) return {};  // zero, or so small that the shift would be below -31 anyway
  const uint64_t fraction = (bits & kFractionBits) | (kFractionBits + 1);  // value = fraction * 2^(e - 1075)
  return RoundFraction(fraction, exponent - 1075);
}

int32_t Quantise(float real, float scale, int32_t zero_point, int32_t low, int32_t high) {
  const int64_t stored = static_cast<int64_t>(RoundToInt32(real / scale)) + zero_point;
  return static_cast<int32_t>(stored < low ? low : stored > high ? high : stored);
}

}  // namespace thimble
