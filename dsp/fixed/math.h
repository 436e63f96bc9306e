// Logarithms, powers of two and products without a float and without a 64-bit multiplication.
#ifndef THIMBLE_DSP_FIXED_MATH_H_
#define THIMBLE_DSP_FIXED_MATH_H_

#include <bit>
#include <cstdint>

namespace thimble::dsp::fixed {

// The smallest cores multiply 32 by 32 bits into 32, and have nothing wider and no division. What is here keeps to
// that: quantities whose range is not known are handled by their logarithms.

/// log2(value) in 1/2^20ths, within 7e-6 of the truth. value >= 1.
int32_t Log2(uint32_t value);
int32_t Log2(uint64_t value);

/// log2(value) in 1/2^20ths, for 2^-126 <= value < 2^127. Works in doubles, for Prepare.
int32_t Log2Of(float value);

inline constexpr int32_t kOctave = 1 << 20;  ///< 1 in the unit of Log2

/// 2^(exponent / 2^20) in 1/65536ths, relative error below 4e-6 before it is rounded; INT32_MAX from 2^15 on.
int32_t Exp2(int32_t exponent);

/// round(value * factor / 65536), halves up, for a factor below 65536.
constexpr int32_t TimesQ16(int32_t value, uint32_t factor) {
  const uint32_t low = (static_cast<uint32_t>(value) & 0xffff) * factor;
  return (value >> 16) * static_cast<int32_t>(factor) + static_cast<int32_t>((low + 0x8000) >> 16);
}

/// value * factor / 2^15, rounded down, |factor| <= 2^15.
constexpr int32_t TimesQ15(int32_t value, int32_t factor) {
  return (value >> 15) * factor + (((value & 0x7fff) * factor) >> 15);
}

/// value * factor / 2^32, rounded down: for what happens once a feature, not once a sample.
constexpr int32_t TimesQ32(int32_t value, uint32_t factor) {
  return static_cast<int32_t>(static_cast<int64_t>(value) * static_cast<int64_t>(factor) >> 32);
}

/// The nearest integer, halves away from zero: for tables, and for Prepare.
constexpr int32_t Nearest(double x) {
  return static_cast<int32_t>(x < 0 ? x - 0.5
                                    : x + 0.5);  // NOLINT(bugprone-incorrect-roundings): 2^-54 matters nowhere
}

/// Bits that a magnitude needs: 0 for 0, 3 for 4 … 7.
constexpr int BitsOf(uint32_t magnitude) { return 32 - std::countl_zero(magnitude); }

/// A number whose bits, gathered with |=, need as many bits as the largest magnitude (for a negative one: less 1).
constexpr uint32_t MagnitudeBits(int32_t value) { return static_cast<uint32_t>(value ^ (value >> 31)); }

/// value * 2^shift, rounded to the nearest for a right shift (shift < 0, halves up). What a left shift pushes out is
/// lost.
constexpr int32_t Shifted(int32_t value, int shift) {
  if (shift >= 0) return static_cast<int32_t>(static_cast<uint32_t>(value) << shift);
  return (value + ((1 << -shift) >> 1)) >> -shift;
}

}  // namespace thimble::dsp::fixed

#endif  // THIMBLE_DSP_FIXED_MATH_H_
