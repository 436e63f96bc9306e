// Single-precision arithmetic of the Cortex-M4's FPU, on bit patterns: DDI0403, section A2.5, to the last flag.
//
// FPSCR decides and remembers: the rounding mode (bits 23:22), flush-to-zero (24), default NaN (25), alternative
// half-precision (26); flags are added to it, never removed, and a comparison sets its NZCV (31:28).
#ifndef THIMBLE_SIMULATOR_CORTEX_M4_FLOAT_H_
#define THIMBLE_SIMULATOR_CORTEX_M4_FLOAT_H_

#include <bit>
#include <cstdint>

namespace thimble::simulator::fp {

// FPSCR's flags, and what it decides.
inline constexpr uint32_t kInvalidOperation = 1u << 0;
inline constexpr uint32_t kDivisionByZero = 1u << 1;
inline constexpr uint32_t kOverflow = 1u << 2;
inline constexpr uint32_t kUnderflow = 1u << 3;
inline constexpr uint32_t kInexact = 1u << 4;
inline constexpr uint32_t kInputDenormal = 1u << 7;
inline constexpr uint32_t kRoundingMode = 3u << 22;  ///< nearest, towards +inf, towards -inf, towards zero
inline constexpr uint32_t kFlushToZero = 1u << 24;
inline constexpr uint32_t kDefaultNan = 1u << 25;
inline constexpr uint32_t kAlternativeHalf = 1u << 26;

namespace internal {

// Every case, in integers.
uint32_t Add(uint32_t a, uint32_t b, uint32_t& fpscr);
uint32_t Multiply(uint32_t a, uint32_t b, uint32_t& fpscr);
uint32_t Divide(uint32_t a, uint32_t b, uint32_t& fpscr);
uint32_t MultiplyAdd(uint32_t addend, uint32_t a, uint32_t b, uint32_t& fpscr);

// The usual case is left to this computer: numbers that are normal or zero, rounded to nearest, with a result that is
// surely neither too large nor too small. IEEE 754 leaves no choice there, and whether the result is exact can be told.

inline bool IsZero(uint32_t bits) { return (bits & 0x7fff'ffff) == 0; }
inline bool IsNormal(uint32_t bits) { return (bits >> 23 & 0xff) - 1 < 254; }
inline bool IsUsual(uint32_t bits) { return IsNormal(bits) || IsZero(bits); }
inline bool RoundsToNearest(uint32_t fpscr) { return (fpscr & kRoundingMode) == 0; }
/// The smallest normal number is left out: it may have been a smaller one before rounding.
inline bool IsSurelyNormal(uint32_t bits) { return (bits & 0x7fff'ffff) - 0x0080'0001 < 0x7f80'0000 - 0x0080'0001; }

inline uint32_t Bits(float value) { return std::bit_cast<uint32_t>(value); }
inline float Value(uint32_t bits) { return std::bit_cast<float>(bits); }
inline double Wide(uint32_t bits) { return static_cast<double>(Value(bits)); }

/// What the sum of `a` and `b` that was rounded to `sum` has lost (Knuth; exact).
template <typename Float>
Float LostInSum(Float a, Float b, Float sum) {
  const Float part = sum - a;
  return (a - (sum - part)) + (b - part);
}

}  // namespace internal

inline uint32_t Add(uint32_t a, uint32_t b, uint32_t& fpscr) {
  using namespace internal;
  if (RoundsToNearest(fpscr) && IsUsual(a) && IsUsual(b)) {
    const float sum = Value(a) + Value(b);
    if (IsSurelyNormal(Bits(sum)) || sum == 0) {
      if (LostInSum(Value(a), Value(b), sum) != 0) fpscr |= kInexact;
      return Bits(sum);
    }
  }
  return internal::Add(a, b, fpscr);
}

/// Not the same as adding the negative: a NaN keeps its sign.
uint32_t Subtract(uint32_t a, uint32_t b, uint32_t& fpscr);

inline uint32_t Multiply(uint32_t a, uint32_t b, uint32_t& fpscr) {
  using namespace internal;
  if (RoundsToNearest(fpscr) && IsUsual(a) && IsUsual(b)) {
    const double exact = Wide(a) * Wide(b);
    const auto product = static_cast<float>(exact);
    if (IsSurelyNormal(Bits(product)) || exact == 0) {
      if (static_cast<double>(product) != exact) fpscr |= kInexact;
      return Bits(product);
    }
  }
  return internal::Multiply(a, b, fpscr);
}

inline uint32_t Divide(uint32_t a, uint32_t b, uint32_t& fpscr) {
  using namespace internal;
  if (RoundsToNearest(fpscr) && IsNormal(a) && IsNormal(b)) {
    const float quotient = Value(a) / Value(b);
    if (IsSurelyNormal(Bits(quotient))) {
      if (static_cast<double>(quotient) * Wide(b) != Wide(a)) fpscr |= kInexact;
      return Bits(quotient);
    }
  }
  return internal::Divide(a, b, fpscr);
}

/// `addend` + `a` × `b`, rounded once (VFMA). For the other members of the family flip signs of what goes in.
inline uint32_t MultiplyAdd(uint32_t addend, uint32_t a, uint32_t b, uint32_t& fpscr) {
  using namespace internal;
  if (RoundsToNearest(fpscr) && IsUsual(a) && IsUsual(b) && IsUsual(addend)) {
    const double product = Wide(a) * Wide(b);  // exact
    double sum = product + Wide(addend);
    const double lost = LostInSum(product, Wide(addend), sum);
    // Rounded to odd, so that rounding once more to the shorter type rounds as if it were the only time.
    auto bits = std::bit_cast<uint64_t>(sum);
    if (lost != 0 && (bits & 1) == 0) {
      bits += (lost > 0) == (sum > 0) ? uint64_t{1} : ~uint64_t{0};
      sum = std::bit_cast<double>(bits);
    }
    const auto result = static_cast<float>(sum);
    if (IsSurelyNormal(Bits(result)) || sum == 0) {
      if (lost != 0 || static_cast<double>(result) != sum) fpscr |= kInexact;
      return Bits(result);
    }
  }
  return internal::MultiplyAdd(addend, a, b, fpscr);
}

uint32_t SquareRoot(uint32_t a, uint32_t& fpscr);

/// VCMP, and with `signals_on_quiet` VCMPE: sets NZCV of `fpscr`.
void Compare(uint32_t a, uint32_t b, bool signals_on_quiet, uint32_t& fpscr);

/// Out of range gives the nearest integer there is, a NaN gives 0; both are invalid operations.
uint32_t ToInt32(uint32_t a, bool to_unsigned, bool toward_zero, uint32_t& fpscr);
uint32_t FromInt32(uint32_t value, bool is_unsigned, uint32_t& fpscr);

/// `size` 16 or 32; the result is extended to 32 bits. Rounds towards zero.
uint32_t ToFixed(uint32_t a, int fraction_bits, int size, bool is_unsigned, uint32_t& fpscr);
/// The lower `size` bits of `value`. Rounds to nearest.
uint32_t FromFixed(uint32_t value, int fraction_bits, int size, bool is_unsigned, uint32_t& fpscr);

uint32_t HalfToSingle(uint16_t a, uint32_t& fpscr);
uint16_t SingleToHalf(uint32_t a, uint32_t& fpscr);

}  // namespace thimble::simulator::fp

#endif  // THIMBLE_SIMULATOR_CORTEX_M4_FLOAT_H_
