// TFLite's fixed-point arithmetic, bit for bit: multiplying an integer by a real number without a float in the loop.
#ifndef THIMBLE_BASE_FIXED_POINT_H_
#define THIMBLE_BASE_FIXED_POINT_H_

#include <cstdint>

namespace thimble {

// Sums and shifts of model data wrap instead of being undefined: a hostile model may ask for nonsense and gets some.
constexpr int32_t WrapAdd(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}
constexpr int64_t WrapAdd(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
constexpr int32_t WrapMultiply(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b));
}
constexpr int32_t WrapShiftLeft(int32_t value, int bits) {
  return static_cast<int32_t>(static_cast<uint32_t>(value) << bits);
}

/// round(a * b / 2^31), halves towards +infinity; -2^31 * -2^31 saturates. (gemmlowp SaturatingRoundingDoublingHighMul,
/// whose nudge by sign and truncating division come to the same.)
constexpr int32_t DoublingHighMultiply(int32_t a, int32_t b) {
  if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
  return static_cast<int32_t>((static_cast<int64_t>(a) * b + (int64_t{1} << 30)) >> 31);
}

/// round(value / 2^exponent), halves away from zero; 0 <= exponent <= 31. (gemmlowp RoundingDivideByPOT.)
constexpr int32_t RoundingShiftRight(int32_t value, int exponent) {
  const int32_t mask = static_cast<int32_t>((uint32_t{1} << exponent) - 1);
  const int32_t remainder = value & mask;
  const int32_t threshold = (mask >> 1) + (value < 0 ? 1 : 0);
  return (value >> exponent) + (remainder > threshold ? 1 : 0);
}

/// value * 2^exponent, saturating; 0 <= exponent <= 30.
constexpr int32_t SaturatingShiftLeft(int32_t value, int exponent) {
  const int64_t shifted = static_cast<int64_t>(value) * (int64_t{1} << exponent);
  return shifted > INT32_MAX ? INT32_MAX : shifted < INT32_MIN ? INT32_MIN : static_cast<int32_t>(shifted);
}

/// A real number mantissa * 2^(shift - 31) with 2^30 <= mantissa < 2^31, or 0; -31 <= shift <= 30.
struct Multiplier {
  int32_t mantissa = 0;
  int32_t shift = 0;
};

/// value * multiplier, rounded twice as TFLite's reference kernels do: once after the multiplication, once after the
/// right shift. A left shift happens before the multiplication and wraps.
constexpr int32_t Scale(int32_t value, Multiplier multiplier) {
  const int left = multiplier.shift > 0 ? multiplier.shift : 0;
  const int right = multiplier.shift > 0 ? 0 : -multiplier.shift;
  return RoundingShiftRight(DoublingHighMultiply(WrapShiftLeft(value, left), multiplier.mantissa), right);
}

/// The same for the 64-bit sums of operators with int16 values, as TFLite has it: the mantissa rounded to 15 bits, the
/// product rounded once, halves towards +infinity. Sums beyond 48 bits and results beyond 32 wrap.
constexpr int32_t Scale(int64_t value, Multiplier multiplier) {
  const int32_t mantissa = multiplier.mantissa < 0x7fff0000 ? (multiplier.mantissa + (1 << 15)) >> 16 : 0x7fff;
  const int right = multiplier.shift < 15 ? 15 - multiplier.shift : 1;  // TFLite has no answer from 8 on
  const uint64_t product = static_cast<uint64_t>(value) * static_cast<uint64_t>(mantissa);
  return static_cast<int32_t>(static_cast<int64_t>(product + (uint64_t{1} << (right - 1))) >> right);
}

/// The multiplier nearest to `real`, which must be finite and not negative. Too small becomes 0, too large the largest.
/// (TFLite QuantizeMultiplier: frexp, then the 53-bit fraction rounded to 31 bits, halves up; done on the bits of the
/// double, so that every machine agrees.)
Multiplier QuantiseMultiplier(double real);

/// QuantiseMultiplier(double{a} * double{b} / double{c}), all finite and not negative, with the same roundings but
/// without doubles, whose emulation costs a microcontroller kilobytes. 0 / 0 and numbers divided by 0 are too large.
Multiplier QuantiseRatio(float a, float b, float c);

/// The same for a divisor that no float is, which is normal and positive.
Multiplier QuantiseRatioToDouble(float a, float b, double c);

/// The nearest integer, halves away from zero, saturating; 0 for NaN. (roundf and a cast, but defined everywhere.)
constexpr int32_t RoundToInt32(float value) {
  if (!(value == value)) return 0;
  if (value >= 2147483648.0f) return INT32_MAX;
  if (value <= -2147483648.0f) return INT32_MIN;
  const int32_t truncated = static_cast<int32_t>(value);
  const float rest = value - static_cast<float>(truncated);  // exact: beyond 2^23 a float has no fraction
  return rest >= 0.5f ? truncated + 1 : rest <= -0.5f ? truncated - 1 : truncated;
}

/// round(real / scale) + zero_point within [low, high]: TFLite's affine quantisation of one number.
int32_t Quantise(float real, float scale, int32_t zero_point, int32_t low, int32_t high);

constexpr int32_t Clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

}  // namespace thimble

#endif  // THIMBLE_BASE_FIXED_POINT_H_
