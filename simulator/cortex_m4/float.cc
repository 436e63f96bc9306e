#include "simulator/cortex_m4/float.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace thimble::simulator::fp {
namespace {

constexpr uint32_t kSign = 0x8000'0000, kInfinity = 0x7f80'0000, kNan = 0x7fc0'0000, kQuiet = 0x0040'0000;
constexpr uint32_t kFraction = 0x007f'ffff, kHiddenOne = 0x0080'0000;

enum class Kind : uint8_t { kZero, kFinite, kInfinite, kQuietNan, kSignallingNan };
enum Rounding : uint32_t { kNearest, kUp, kDown, kTowardsZero };

Rounding RoundingOf(uint32_t fpscr) { return static_cast<Rounding>(fpscr >> 22 & 3); }

/// A number taken apart. Finite: significand × 2^exponent, with the significand's bit 23 set.
struct Number {
  Kind kind = Kind::kZero;
  bool negative = false;
  int exponent = 0;
  uint32_t significand = 0;

  bool IsNan() const { return kind >= Kind::kQuietNan; }
  bool IsZero() const { return kind == Kind::kZero; }
  bool IsInfinity() const { return kind == Kind::kInfinite; }
};

Number TakeApart(uint32_t bits, uint32_t& fpscr) {
  Number number{.negative = (bits & kSign) != 0};
  const int biased = static_cast<int>(bits >> 23 & 0xff);
  const uint32_t fraction = bits & kFraction;
  if (biased == 0xff) {
    number.kind = fraction == 0 ? Kind::kInfinite : (fraction & kQuiet) != 0 ? Kind::kQuietNan : Kind::kSignallingNan;
  } else if (biased != 0) {
    number.kind = Kind::kFinite;
    number.exponent = biased - 150;
    number.significand = fraction | kHiddenOne;
  } else if (fraction != 0 && (fpscr & kFlushToZero) != 0) {
    fpscr |= kInputDenormal;
  } else if (fraction != 0) {
    const int shift = std::countl_zero(fraction) - 8;
    number.kind = Kind::kFinite;
    number.exponent = -149 - shift;
    number.significand = fraction << shift;
  }
  return number;
}

uint32_t Zero(bool negative) { return negative ? kSign : 0; }
uint32_t Infinity(bool negative) { return Zero(negative) | kInfinity; }

uint32_t Invalid(uint32_t& fpscr) {
  fpscr |= kInvalidOperation;
  return kNan;
}

struct Operand {
  uint32_t bits;
  const Number& number;
};

/// The result of an operation of which one operand is a NaN: the first signalling one, or else the first.
uint32_t PickNan(std::initializer_list<Operand> operands, uint32_t& fpscr) {
  for (const Kind kind : {Kind::kSignallingNan, Kind::kQuietNan}) {
    for (const Operand& operand : operands) {
      if (operand.number.kind != kind) continue;
      if (kind == Kind::kSignallingNan) fpscr |= kInvalidOperation;
      return (fpscr & kDefaultNan) != 0 ? kNan : operand.bits | kQuiet;
    }
  }
  return kNan;
}

/// Moves right; the last bit of the result tells whether ones were lost.
uint64_t ShiftRightSticky(uint64_t value, int count) {
  if (count <= 0) return value;
  if (count > 63) return value != 0 ? 1 : 0;
  return value >> count | ((value << (64 - count)) != 0 ? 1 : 0);
}

/// A binary format of IEEE 754, or Arm's half-precision without infinities.
struct Format {
  int fraction_bits;
  int exponent_bits;
  bool has_infinity;
  bool flushes;
};

/// ±significand × 2^exponent in `format`. The last bit of the significand (not 0) may stand for more bits below it, if
/// there are enough above that.
uint32_t Round(bool negative, int exponent, uint64_t significand, const Format& format, Rounding rounding,
               uint32_t& fpscr) {
  const int shift = std::countl_zero(significand);
  significand <<= shift;
  exponent += 63 - shift;  // now the number lies in [2^exponent, 2^(exponent + 1))
  const int least = 2 - (1 << (format.exponent_bits - 1));
  const uint32_t sign = negative ? 1u << (format.fraction_bits + format.exponent_bits) : 0;
  const bool is_tiny = exponent < least;
  if (is_tiny && format.flushes) {
    fpscr |= kUnderflow;
    return sign;
  }
  const int dropped = 63 - format.fraction_bits + (is_tiny ? least - exponent : 0);
  // What is dropped, as a fraction of 2^64.
  const uint64_t rest = dropped < 64 ? significand << (64 - dropped) : dropped == 64 ? significand : 1;
  uint64_t result = dropped < 64 ? significand >> dropped : 0;
  constexpr uint64_t kHalf = uint64_t{1} << 63;
  const bool away = rounding == kNearest ? rest > kHalf || (rest == kHalf && (result & 1) != 0)
                                         : rest != 0 && rounding == (negative ? kDown : kUp);
  if (away) ++result;
  // The leading one of a normal number counts as one step of the exponent; a carry moves it on.
  if (!is_tiny) result += static_cast<uint64_t>(exponent - least) << format.fraction_bits;
  if (is_tiny && rest != 0) fpscr |= kUnderflow;
  const uint64_t end = uint64_t{1} << (format.fraction_bits + format.exponent_bits);
  const uint64_t infinity = end - (uint64_t{1} << format.fraction_bits);
  if (!format.has_infinity && result >= end) {
    fpscr |= kInvalidOperation;
    return static_cast<uint32_t>(sign | (end - 1));
  }
  if (format.has_infinity && result >= infinity) {
    fpscr |= kOverflow | kInexact;
    const bool to_infinity = rounding == kNearest || rounding == (negative ? kDown : kUp);
    return static_cast<uint32_t>(sign | (to_infinity ? infinity : infinity - 1));
  }
  if (rest != 0) fpscr |= kInexact;
  return static_cast<uint32_t>(sign | result);
}

uint32_t RoundToSingle(bool negative, int exponent, uint64_t significand, uint32_t& fpscr) {
  return Round(negative, exponent, significand,
               {.fraction_bits = 23, .exponent_bits = 8, .has_infinity = true, .flushes = (fpscr & kFlushToZero) != 0},
               RoundingOf(fpscr), fpscr);
}

/// The exact sum of two finite numbers whose significands' highest ones are at bits 60 to 62.
uint32_t AddAligned(bool a_negative, int a_exponent, uint64_t a, bool b_negative, int b_exponent, uint64_t b,
                    uint32_t& fpscr) {
  const int exponent = std::max(a_exponent, b_exponent);
  a = ShiftRightSticky(a, exponent - a_exponent);
  b = ShiftRightSticky(b, exponent - b_exponent);
  if (a_negative == b_negative) return RoundToSingle(a_negative, exponent, a + b, fpscr);
  if (a == b) return Zero(RoundingOf(fpscr) == kDown);
  return RoundToSingle(a > b ? a_negative : b_negative, exponent, a > b ? a - b : b - a, fpscr);
}

uint32_t AddOrSubtract(uint32_t a_bits, uint32_t b_bits, bool subtracts, uint32_t& fpscr) {
  const Number a = TakeApart(a_bits, fpscr), b = TakeApart(b_bits, fpscr);
  if (a.IsNan() || b.IsNan()) return PickNan({{a_bits, a}, {b_bits, b}}, fpscr);
  const bool b_negative = b.negative != subtracts;
  if (a.IsInfinity() || b.IsInfinity()) {
    if (a.IsInfinity() && b.IsInfinity() && a.negative != b_negative) return Invalid(fpscr);
    return Infinity(a.IsInfinity() ? a.negative : b_negative);
  }
  if (a.IsZero() && b.IsZero()) {
    return Zero(a.negative == b_negative ? a.negative : RoundingOf(fpscr) == kDown);
  }
  if (b.IsZero()) return RoundToSingle(a.negative, a.exponent, a.significand, fpscr);
  if (a.IsZero()) return RoundToSingle(b_negative, b.exponent, b.significand, fpscr);
  return AddAligned(a.negative, a.exponent - 38, uint64_t{a.significand} << 38, b_negative, b.exponent - 38,
                    uint64_t{b.significand} << 38, fpscr);
}

/// The number × 2^fraction_bits as an integer, rounded.
uint32_t ToInteger(uint32_t bits, int fraction_bits, int size, bool is_unsigned, Rounding rounding, uint32_t& fpscr) {
  const Number a = TakeApart(bits, fpscr);
  if (a.IsNan()) {
    fpscr |= kInvalidOperation;
    return 0;
  }
  const int64_t most = (int64_t{1} << (is_unsigned ? size : size - 1)) - 1;
  const int64_t least = is_unsigned ? 0 : -most - 1;
  const int exponent = a.exponent + fraction_bits;
  bool is_large = a.IsInfinity();
  int64_t result = 0;
  bool is_exact = true;
  if (a.kind == Kind::kFinite) {
    is_large = exponent > 32;
    uint64_t magnitude = a.significand;
    if (exponent > 0 && !is_large) magnitude <<= exponent;
    if (exponent < 0) {
      const int dropped = std::min(-exponent, 40);
      const uint64_t half = uint64_t{1} << (dropped - 1);
      // Below 2^-40 only the fact that it is not zero matters.
      const uint64_t rest = magnitude & (2 * half - 1);
      magnitude >>= dropped;
      is_exact = rest == 0;
      const bool away = rounding == kNearest ? rest > half || (rest == half && (magnitude & 1) != 0)
                                             : !is_exact && rounding == (a.negative ? kDown : kUp);
      if (away) ++magnitude;
    }
    result = a.negative ? -static_cast<int64_t>(magnitude) : static_cast<int64_t>(magnitude);
  }
  if (is_large || result > most || result < least) {
    fpscr |= kInvalidOperation;
    result = a.negative ? least : most;
  } else if (!is_exact) {
    fpscr |= kInexact;
  }
  return static_cast<uint32_t>(result);
}

uint32_t FromInteger(int64_t value, int fraction_bits, Rounding rounding, uint32_t& fpscr) {
  if (value == 0) return 0;
  const bool negative = value < 0;
  return Round(negative, -fraction_bits, static_cast<uint64_t>(negative ? -value : value),
               {.fraction_bits = 23, .exponent_bits = 8, .has_infinity = true, .flushes = (fpscr & kFlushToZero) != 0},
               rounding, fpscr);
}

}  // namespace

namespace internal {

uint32_t Add(uint32_t a, uint32_t b, uint32_t& fpscr) { return AddOrSubtract(a, b, false, fpscr); }

uint32_t Multiply(uint32_t a_bits, uint32_t b_bits, uint32_t& fpscr) {
  const Number a = TakeApart(a_bits, fpscr), b = TakeApart(b_bits, fpscr);
  if (a.IsNan() || b.IsNan()) return PickNan({{a_bits, a}, {b_bits, b}}, fpscr);
  const bool negative = a.negative != b.negative;
  if (a.IsInfinity() || b.IsInfinity()) {
    return a.IsZero() || b.IsZero() ? Invalid(fpscr) : Infinity(negative);
  }
  if (a.IsZero() || b.IsZero()) return Zero(negative);
  return RoundToSingle(negative, a.exponent + b.exponent, uint64_t{a.significand} * b.significand, fpscr);
}

uint32_t Divide(uint32_t a_bits, uint32_t b_bits, uint32_t& fpscr) {
  const Number a = TakeApart(a_bits, fpscr), b = TakeApart(b_bits, fpscr);
  if (a.IsNan() || b.IsNan()) return PickNan({{a_bits, a}, {b_bits, b}}, fpscr);
  const bool negative = a.negative != b.negative;
  if ((a.IsInfinity() && b.IsInfinity()) || (a.IsZero() && b.IsZero())) return Invalid(fpscr);
  if (a.IsInfinity() || b.IsZero()) {
    if (!a.IsInfinity()) fpscr |= kDivisionByZero;
    return Infinity(negative);
  }
  if (a.IsZero() || b.IsInfinity()) return Zero(negative);
  const uint64_t dividend = uint64_t{a.significand} << 40;
  const uint64_t quotient = dividend / b.significand;
  const bool is_exact = quotient * b.significand == dividend;
  return RoundToSingle(negative, a.exponent - b.exponent - 40, quotient | (is_exact ? 0 : 1), fpscr);
}

uint32_t MultiplyAdd(uint32_t addend_bits, uint32_t a_bits, uint32_t b_bits, uint32_t& fpscr) {
  const Number addend = TakeApart(addend_bits, fpscr);
  const Number a = TakeApart(a_bits, fpscr), b = TakeApart(b_bits, fpscr);
  const bool is_invalid_product = (a.IsInfinity() && b.IsZero()) || (a.IsZero() && b.IsInfinity());
  if (addend.kind == Kind::kQuietNan && is_invalid_product) return Invalid(fpscr);
  if (addend.IsNan() || a.IsNan() || b.IsNan()) {
    return PickNan({{addend_bits, addend}, {a_bits, a}, {b_bits, b}}, fpscr);
  }
  const bool negative = a.negative != b.negative;
  const bool is_infinite_product = a.IsInfinity() || b.IsInfinity();
  if (is_invalid_product || (addend.IsInfinity() && is_infinite_product && addend.negative != negative)) {
    return Invalid(fpscr);
  }
  if (addend.IsInfinity()) return Infinity(addend.negative);
  if (is_infinite_product) return Infinity(negative);
  const bool is_zero_product = a.IsZero() || b.IsZero();
  if (is_zero_product && addend.IsZero()) {
    return Zero(addend.negative == negative ? negative : RoundingOf(fpscr) == kDown);
  }
  if (is_zero_product) return RoundToSingle(addend.negative, addend.exponent, addend.significand, fpscr);
  const uint64_t product = uint64_t{a.significand} * b.significand;
  const int exponent = a.exponent + b.exponent;
  if (addend.IsZero()) return RoundToSingle(negative, exponent, product, fpscr);
  return AddAligned(addend.negative, addend.exponent - 38, uint64_t{addend.significand} << 38, negative, exponent - 14,
                    product << 14, fpscr);
}

}  // namespace internal

uint32_t Subtract(uint32_t a, uint32_t b, uint32_t& fpscr) {
  const bool b_is_nan = (b & ~kSign) > kInfinity;
  return b_is_nan ? AddOrSubtract(a, b, true, fpscr) : Add(a, b ^ kSign, fpscr);
}

uint32_t SquareRoot(uint32_t bits, uint32_t& fpscr) {
  const Number a = TakeApart(bits, fpscr);
  if (a.IsNan()) return PickNan({{bits, a}}, fpscr);
  if (a.IsZero()) return Zero(a.negative);
  if (a.negative) return Invalid(fpscr);
  if (a.IsInfinity()) return Infinity(false);
  const int odd = a.exponent & 1;
  const uint64_t square = uint64_t{a.significand} << (36 + odd);  // below 2^61
  auto root = static_cast<uint64_t>(std::sqrt(static_cast<double>(square)));
  while (root * root > square) --root;
  while ((root + 1) * (root + 1) <= square) ++root;
  return RoundToSingle(false, (a.exponent - odd - 36) / 2 - 1, root * 2 + (root * root == square ? 0 : 1), fpscr);
}

void Compare(uint32_t a_bits, uint32_t b_bits, bool signals_on_quiet, uint32_t& fpscr) {
  const Number a = TakeApart(a_bits, fpscr), b = TakeApart(b_bits, fpscr);
  constexpr uint32_t kN = 1u << 31, kZ = 1u << 30, kC = 1u << 29, kV = 1u << 28;
  uint32_t flags = 0;
  if (a.IsNan() || b.IsNan()) {
    flags = kC | kV;
    if (signals_on_quiet || a.kind == Kind::kSignallingNan || b.kind == Kind::kSignallingNan) {
      fpscr |= kInvalidOperation;
    }
  } else {
    // Bit patterns of numbers without sign are in order.
    const auto order = [](const Number& number, uint32_t bits) {
      const auto magnitude = number.IsZero() ? 0 : static_cast<int64_t>(bits & ~kSign);
      return number.negative ? -magnitude : magnitude;
    };
    const int64_t left = order(a, a_bits), right = order(b, b_bits);
    flags = left == right ? kZ | kC : left < right ? kN : kC;
  }
  fpscr = (fpscr & 0x0fff'ffff) | flags;
}

uint32_t ToInt32(uint32_t a, bool to_unsigned, bool toward_zero, uint32_t& fpscr) {
  return ToInteger(a, 0, 32, to_unsigned, toward_zero ? kTowardsZero : RoundingOf(fpscr), fpscr);
}

uint32_t FromInt32(uint32_t value, bool is_unsigned, uint32_t& fpscr) {
  return FromInteger(is_unsigned ? int64_t{value} : int64_t{static_cast<int32_t>(value)}, 0, RoundingOf(fpscr), fpscr);
}

uint32_t ToFixed(uint32_t a, int fraction_bits, int size, bool is_unsigned, uint32_t& fpscr) {
  return ToInteger(a, fraction_bits, size, is_unsigned, kTowardsZero, fpscr);
}

uint32_t FromFixed(uint32_t value, int fraction_bits, int size, bool is_unsigned, uint32_t& fpscr) {
  int64_t integer = 0;
  if (size == 16) {
    integer = is_unsigned ? int64_t{static_cast<uint16_t>(value)} : int64_t{static_cast<int16_t>(value)};
  } else {
    integer = is_unsigned ? int64_t{value} : int64_t{static_cast<int32_t>(value)};
  }
  return FromInteger(integer, fraction_bits, kNearest, fpscr);
}

uint32_t HalfToSingle(uint16_t a, uint32_t& fpscr) {
  const uint32_t sign = uint32_t{a} >> 15 << 31, biased = a >> 10 & 31u, fraction = a & 0x3ffu;
  if (biased == 31 && (fpscr & kAlternativeHalf) == 0) {
    if (fraction == 0) return sign | kInfinity;
    if ((fraction & 0x200) == 0) fpscr |= kInvalidOperation;
    return (fpscr & kDefaultNan) != 0 ? kNan : sign | kNan | fraction << 13;
  }
  if (biased != 0) return sign | (biased + 112) << 23 | fraction << 13;
  if (fraction == 0) return sign;
  const auto shift = static_cast<uint32_t>(std::countl_zero(fraction) - 21);  // until bit 10 is set
  return sign | (113 - shift) << 23 | (fraction << shift & 0x3ff) << 13;
}

uint16_t SingleToHalf(uint32_t bits, uint32_t& fpscr) {
  const Number a = TakeApart(bits, fpscr);
  const bool is_alternative = (fpscr & kAlternativeHalf) != 0;
  const uint32_t sign = a.negative ? 0x8000 : 0;
  if (a.IsNan()) {
    if (is_alternative || a.kind == Kind::kSignallingNan) fpscr |= kInvalidOperation;
    if (is_alternative) return static_cast<uint16_t>(sign);
    if ((fpscr & kDefaultNan) != 0) return 0x7e00;
    return static_cast<uint16_t>(sign | 0x7e00 | (bits >> 13 & 0x1ff));
  }
  if (a.IsInfinity() && is_alternative) {
    fpscr |= kInvalidOperation;
    return static_cast<uint16_t>(sign | 0x7fff);
  }
  if (a.IsInfinity()) return static_cast<uint16_t>(sign | 0x7c00);
  if (a.IsZero()) return static_cast<uint16_t>(sign);
  return static_cast<uint16_t>(
      Round(a.negative, a.exponent, a.significand,
            {.fraction_bits = 10, .exponent_bits = 5, .has_infinity = !is_alternative, .flushes = false},
            RoundingOf(fpscr), fpscr));
}

}  // namespace thimble::simulator::fp
