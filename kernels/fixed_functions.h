// Exponential, reciprocal, logistic, tangent, logarithm and inverse root on integers, with gemmlowp's and TFLite's
// bits.
#ifndef THIMBLE_KERNELS_FIXED_FUNCTIONS_H_
#define THIMBLE_KERNELS_FIXED_FUNCTIONS_H_

#include <array>
#include <bit>

#include "base/fixed_point.h"

namespace thimble::kernels {

// Fixed-point numbers are named by their integer bits: an F5 is an int32 that counts in units of 2^-26, an F0 in units
// of 2^-31, and so on. A product of Fa and Fb is an F(a+b).

/// exp(x) for x <= 0; an F of `integer_bits` (at most 5) to F0. (gemmlowp exp_on_negative_values.)
int32_t ExpOfNegative(int32_t x, int integer_bits);

/// 2 / (1 + x) for 0 <= x < 1; F0 to F2. (gemmlowp one_over_one_plus_x_for_x_in_0_1.)
int32_t TwoOverOnePlus(int32_t x);

/// 1 / (1 + x) for 0 <= x < 1; F0 to F0.
inline int32_t OneOverOnePlus(int32_t x) {
  return SaturatingShiftLeft(TwoOverOnePlus(x), 1);  // half as an F1, which is one bit away from F0
}

/// 1 / (1 + exp(-x)); F4 to F0.
int32_t FixedLogistic(int32_t x);

/// (exp(2x) - 1) / (exp(2x) + 1); F4 to F0. An F4 read as an F5 is its double.
int32_t FixedTanh(int32_t x);

/// 1 / x = result * 2^-(31 + shift) for x > 0.
struct Reciprocal {
  int32_t result;
  int shift;
};
inline Reciprocal ReciprocalOf(int32_t x) {
  const int headroom = std::countl_zero(static_cast<uint32_t>(x));
  const auto fraction = static_cast<int32_t>((static_cast<uint32_t>(x) << headroom) - (uint32_t{1} << 31));
  return {OneOverOnePlus(fraction), 31 - headroom};
}

/// ln(x) for 1 <= x < 2^12; F12 to F5. Two approximations half an octave apart; the better one counts.
/// (TFLite log_x_for_x_greater_than_or_equal_to_1.)
int32_t FixedLn(int32_t x);

/// 1 / sqrt(x) as a multiplier, for an integer x; that of 1 for x <= 1. (TFLite GetInvSqrtQuantizedMultiplierExp.)
Multiplier InverseSquareRoot(int32_t x);

/// 65536 / (1 + exp(-i / 24)), moved by half of what a straight line to the next value is off in the middle.
extern const std::array<uint16_t, 256> kLogisticTable;

/// The logistic of `magnitude` in units of 2^-bits table steps, itself in units of 2^-(16 + bits).
inline int32_t LogisticFromTable(uint32_t magnitude, int bits, int32_t beyond) {
  const uint32_t step = magnitude >> bits;
  if (step >= kLogisticTable.size() - 1) return beyond;
  const uint32_t low = kLogisticTable[step], high = kLogisticTable[step + 1];
  return static_cast<int32_t>((low << bits) + (magnitude & ((1u << bits) - 1)) * (high - low));
}

constexpr uint32_t Magnitude(int32_t x) { return x < 0 ? 0 - static_cast<uint32_t>(x) : static_cast<uint32_t>(x); }

/// 1 / (1 + exp(-x)) in units of 2^-15, of x in units of 1/12288, |x| < 2^31: a table of 256 values from 0 to 10.6, and
/// straight lines between them. (TFLite's int16 LOGISTIC.)
inline int16_t Logistic16(int32_t x) {
  const int32_t positive = LogisticFromTable(Magnitude(x), 9, 0x7fff << 10);
  // Below zero (1 << 25) - positive, halves downwards; a complement is 1 less than a negative.
  const int32_t negative = x >> 31;
  return static_cast<int16_t>(((positive ^ negative) + (negative & (1 << 25)) + (1 << 9)) >> 10);
}

/// tanh(x) in units of 2^-15, of x in units of 1/12288, |x| < 2^31: 2 logistic(2x) - 1 of the same table. (TFLite's
/// int16 TANH.)
inline int16_t Tanh16(int32_t x) {
  const int32_t positive = LogisticFromTable(Magnitude(x), 8, 0xffff << 8) - (1 << 23);
  return static_cast<int16_t>(((positive ^ (x >> 31)) + (1 << 7)) >> 8);
}

/// What turns stored int16 values into units of 1/12288: (value * factor, rounded) >> shift; `factor` is 0 if the scale
/// is too large. Scales within 0.07 % of 2^-12 (or of 2^-11 for tanh, `octaves` 2) are taken as exactly that, as TFLite
/// does; others get a factor of 15 bits.
struct TableScale {
  int32_t factor = 0;
  int shift = 0;

  constexpr int32_t operator()(int32_t value) const {
    return (value * factor + (shift > 0 ? 1 << (shift - 1) : 0)) >> shift;
  }
};
TableScale TableScaleOf(float scale, int octaves);

/// Whether TFLite would take `scale` for `power` of two.
constexpr bool IsNearPower(float scale, float power) {
  return scale / power > 0.99930709f && scale / power < 1.00069339f;  // 2^+-0.001
}

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_FIXED_FUNCTIONS_H_
