#include "simulator/cortex_m4/float.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>

namespace thimble::simulator::fp {
namespace {

// FPSCR's rounding modes in order.
constexpr int kHostRounding[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
constexpr uint32_t kFlags = 0x9f;
constexpr uint32_t kOne = 0x3f80'0000, kTwo = 0x4000'0000, kMinusOne = 0xbf80'0000, kInfinity = 0x7f80'0000;
constexpr uint32_t kLeastNormal = 0x0080'0000, kMost = 0x7f7f'ffff, kSign = 0x8000'0000;
constexpr uint32_t kNan = 0x7fc0'0000, kSignallingNan = 0xff80'1234, kQuietNan = 0xffc0'5678;

float Value(uint32_t bits) { return std::bit_cast<float>(bits); }
uint32_t Bits(float value) { return std::bit_cast<uint32_t>(value); }
bool IsNan(uint32_t bits) { return (bits & ~kSign) > kInfinity; }

/// Numbers near all the edges, and all others.
rc::Gen<uint32_t> Pattern() {
  return rc::gen::apply(
      [](uint32_t sign, uint32_t exponent, uint32_t fraction) { return sign << 31 | exponent << 23 | fraction; },
      rc::gen::inRange(0u, 2u),
      rc::gen::oneOf(rc::gen::inRange(0u, 256u), rc::gen::inRange(0u, 4u), rc::gen::inRange(252u, 256u),
                     rc::gen::inRange(110u, 160u), rc::gen::inRange(60u, 68u)),
      rc::gen::oneOf(rc::gen::inRange(0u, 1u << 23), rc::gen::inRange(0u, 4u),
                     rc::gen::map(rc::gen::inRange(0u, 4u), [](uint32_t low) { return 0x7f'ffff - low; }),
                     rc::gen::map(rc::gen::inRange(0u, 23u), [](uint32_t bit) { return 1u << bit; })));
}

rc::Gen<uint32_t> Number() {
  return rc::gen::suchThat(Pattern(), [](uint32_t bits) { return !IsNan(bits); });
}

struct Result {
  uint32_t bits;
  uint32_t flags;
};

/// What this computer's FPU makes of it. `wide` does the same in double, towards zero: x86 calls a result tiny after it
/// has been rounded, Arm before.
Result OnHost(int mode, const std::function<float()>& narrow, const std::function<double()>& wide) {
  std::feclearexcept(FE_ALL_EXCEPT);
  std::fesetround(kHostRounding[mode]);
  volatile float value = narrow();
  const int raised = std::fetestexcept(FE_ALL_EXCEPT);
  std::fesetround(FE_TOWARDZERO);
  volatile double exact = wide();
  std::fesetround(FE_TONEAREST);
  const bool is_tiny = std::fabs(exact) < std::numeric_limits<float>::min() && exact != 0;
  uint32_t flags = 0;
  if ((raised & FE_INVALID) != 0) flags |= kInvalidOperation;
  if ((raised & FE_DIVBYZERO) != 0) flags |= kDivisionByZero;
  if ((raised & FE_OVERFLOW) != 0) flags |= kOverflow;
  if ((raised & FE_INEXACT) != 0) flags |= kInexact | (is_tiny ? kUnderflow : 0);
  // x86's own NaN is negative.
  return {std::isnan(value) ? kNan : Bits(value), flags};
}

void Check(uint32_t result, uint32_t fpscr, const Result& expected) {
  RC_ASSERT(result == expected.bits);
  RC_ASSERT((fpscr & kFlags) == expected.flags);
}

uint32_t ModeBits(int mode) { return static_cast<uint32_t>(mode) << 22; }

RC_GTEST_PROP(Float, AddsAsIeee754, ()) {
  const uint32_t a = *Number(), b = *Number();
  const int mode = *rc::gen::inRange(0, 4);
  uint32_t fpscr = ModeBits(mode);
  const uint32_t sum = Add(a, b, fpscr);
  volatile float x = Value(a), y = Value(b);
  Check(sum, fpscr,
        OnHost(
            mode, [&] { return x + y; }, [&] { return static_cast<double>(x) + static_cast<double>(y); }));
}

RC_GTEST_PROP(Float, AddsNumbersOfSimilarSizeAsIeee754, ()) {
  const uint32_t a = *Number();
  const uint32_t b = *rc::gen::map(rc::gen::inRange(-0x0180'0000, 0x0180'0000),
                                   [&](int32_t step) { return (a ^ kSign) + static_cast<uint32_t>(step); });
  RC_PRE(!IsNan(b));
  const int mode = *rc::gen::inRange(0, 4);
  uint32_t fpscr = ModeBits(mode);
  const uint32_t sum = Add(a, b, fpscr);
  volatile float x = Value(a), y = Value(b);
  Check(sum, fpscr,
        OnHost(
            mode, [&] { return x + y; }, [&] { return static_cast<double>(x) + static_cast<double>(y); }));
}

RC_GTEST_PROP(Float, SubtractsAsIeee754, ()) {
  const uint32_t a = *Number(), b = *Number();
  const int mode = *rc::gen::inRange(0, 4);
  uint32_t fpscr = ModeBits(mode);
  const uint32_t difference = Subtract(a, b, fpscr);
  volatile float x = Value(a), y = Value(b);
  Check(difference, fpscr,
        OnHost(
            mode, [&] { return x - y; }, [&] { return static_cast<double>(x) - static_cast<double>(y); }));
}

RC_GTEST_PROP(Float, MultipliesAsIeee754, ()) {
  const uint32_t a = *Number(), b = *Number();
  const int mode = *rc::gen::inRange(0, 4);
  uint32_t fpscr = ModeBits(mode);
  const uint32_t product = Multiply(a, b, fpscr);
  volatile float x = Value(a), y = Value(b);
  Check(product, fpscr,
        OnHost(
            mode, [&] { return x * y; }, [&] { return static_cast<double>(x) * static_cast<double>(y); }));
}

RC_GTEST_PROP(Float, DividesAsIeee754, ()) {
  const uint32_t a = *Number(), b = *Number();
  const int mode = *rc::gen::inRange(0, 4);
  uint32_t fpscr = ModeBits(mode);
  const uint32_t quotient = Divide(a, b, fpscr);
  volatile float x = Value(a), y = Value(b);
  Check(quotient, fpscr,
        OnHost(
            mode, [&] { return x / y; }, [&] { return static_cast<double>(x) / static_cast<double>(y); }));
}

RC_GTEST_PROP(Float, TakesSquareRootsAsIeee754, ()) {
  const uint32_t a = *Number();
  const int mode = *rc::gen::inRange(0, 4);
  uint32_t fpscr = ModeBits(mode);
  const uint32_t root = SquareRoot(a, fpscr);
  volatile float x = Value(a);
  Check(root, fpscr,
        OnHost(
            mode, [&] { return std::sqrt(x); }, [&] { return std::sqrt(static_cast<double>(x)); }));
}

Result FusedOnHost(int mode, uint32_t addend, uint32_t a, uint32_t b) {
  volatile float x = Value(a), y = Value(b), z = Value(addend);
  return OnHost(
      mode, [&] { return std::fma(x, y, z); },
      [&] { return std::fma(static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)); });
}

RC_GTEST_PROP(Float, MultipliesAndAddsWithOneRounding, ()) {
  const uint32_t addend = *Number(), a = *Number(), b = *Number();
  const int mode = *rc::gen::inRange(0, 4);
  uint32_t fpscr = ModeBits(mode);
  const uint32_t result = MultiplyAdd(addend, a, b, fpscr);
  Check(result, fpscr, FusedOnHost(mode, addend, a, b));
}

RC_GTEST_PROP(Float, MultipliesAndAddsWhatNearlyCancels, ()) {
  const uint32_t a = *Number(), b = *Number();
  const float product = -Value(a) * Value(b);
  const uint32_t addend = Bits(product) + static_cast<uint32_t>(*rc::gen::inRange(-3, 4));
  RC_PRE(!IsNan(addend));
  const int mode = *rc::gen::inRange(0, 4);
  uint32_t fpscr = ModeBits(mode);
  const uint32_t result = MultiplyAdd(addend, a, b, fpscr);
  Check(result, fpscr, FusedOnHost(mode, addend, a, b));
}

// The short ways must not be seen.
RC_GTEST_PROP(Float, HasOneResultWhicheverWay, ()) {
  const uint32_t a = *Pattern(), b = *Pattern(), c = *Pattern();
  const uint32_t control = *rc::gen::inRange(0u, 32u) << 22;
  uint32_t fast = control, slow = control;
  RC_ASSERT(Add(a, b, fast) == internal::Add(a, b, slow));
  RC_ASSERT(fast == slow);
  RC_ASSERT(Multiply(a, b, fast) == internal::Multiply(a, b, slow));
  RC_ASSERT(fast == slow);
  RC_ASSERT(Divide(a, b, fast) == internal::Divide(a, b, slow));
  RC_ASSERT(fast == slow);
  RC_ASSERT(MultiplyAdd(c, a, b, fast) == internal::MultiplyAdd(c, a, b, slow));
  RC_ASSERT(fast == slow);
}

RC_GTEST_PROP(Float, ComparesAsIeee754, ()) {
  const uint32_t a = *Pattern();
  const uint32_t b = *rc::gen::oneOf(Pattern(), rc::gen::just(a), rc::gen::just(a ^ kSign));
  const bool signals = *rc::gen::arbitrary<bool>();
  uint32_t fpscr = 0xf000'0000;
  Compare(a, b, signals, fpscr);
  const float x = Value(a), y = Value(b);
  const bool is_unordered = IsNan(a) || IsNan(b);
  const uint32_t expected = is_unordered ? 3 : x == y ? 6 : x < y ? 8 : 2;
  RC_ASSERT((fpscr >> 28) == expected);
  const auto is_signalling = [](uint32_t bits) { return IsNan(bits) && (bits & 0x0040'0000) == 0; };
  const bool is_invalid = is_signalling(a) || is_signalling(b) || (is_unordered && signals);
  RC_ASSERT((fpscr & kFlags) == (is_invalid ? kInvalidOperation : 0));
}

RC_GTEST_PROP(Float, RoundsToIntegers, ()) {
  const uint32_t a = *rc::gen::oneOf(Number(), rc::gen::map(rc::gen::inRange(0x4e00'0000u, 0x5000'0000u),
                                                            [](uint32_t bits) { return bits | (bits & 1) << 31; }));
  const int mode = *rc::gen::inRange(0, 4);
  const bool is_unsigned = *rc::gen::arbitrary<bool>(), truncates = *rc::gen::arbitrary<bool>();
  uint32_t fpscr = ModeBits(mode);
  const uint32_t result = ToInt32(a, is_unsigned, truncates, fpscr);
  std::fesetround(truncates ? FE_TOWARDZERO : kHostRounding[mode]);
  volatile double value = static_cast<double>(Value(a));
  const double rounded = std::nearbyint(value);
  std::fesetround(FE_TONEAREST);
  const double least = is_unsigned ? 0 : -0x1p31, most = is_unsigned ? 0x1p32 - 1 : 0x1p31 - 1;
  const double clamped = std::fmin(std::fmax(rounded, least), most);
  RC_ASSERT(result == static_cast<uint32_t>(static_cast<int64_t>(clamped)));
  RC_ASSERT((fpscr & kFlags) == (clamped != rounded ? kInvalidOperation : rounded != value ? kInexact : 0));
}

RC_GTEST_PROP(Float, RoundsFromIntegers, ()) {
  const auto integer =
      *rc::gen::oneOf(rc::gen::inRange(0u, 0xffff'ffffu), rc::gen::inRange(0xffff'ff00u, 0xffff'ffffu));
  const int mode = *rc::gen::inRange(0, 4);
  const bool is_unsigned = *rc::gen::arbitrary<bool>();
  uint32_t fpscr = ModeBits(mode);
  const uint32_t result = FromInt32(integer, is_unsigned, fpscr);
  volatile double exact =
      is_unsigned ? static_cast<double>(integer) : static_cast<double>(static_cast<int32_t>(integer));
  Check(result, fpscr,
        OnHost(
            mode, [&] { return static_cast<float>(exact); }, [] { return 1.0; }));
}

RC_GTEST_PROP(Float, ConvertsFixedPoint, ()) {
  const int size = *rc::gen::element(16, 32);
  const int fraction_bits = *rc::gen::inRange(0, size + 1);
  const bool is_unsigned = *rc::gen::arbitrary<bool>();
  const auto integer = static_cast<uint32_t>(*rc::gen::arbitrary<int32_t>());
  uint32_t fpscr = ModeBits(*rc::gen::inRange(0, 4));
  const uint32_t control = fpscr;
  const uint32_t number = FromFixed(integer, fraction_bits, size, is_unsigned, fpscr);
  double exact = 0;
  if (size == 16) {
    exact = is_unsigned ? static_cast<uint16_t>(integer) : static_cast<int16_t>(integer);
  } else {
    exact = is_unsigned ? static_cast<double>(integer) : static_cast<double>(static_cast<int32_t>(integer));
  }
  exact = std::ldexp(exact, -fraction_bits);
  RC_ASSERT(number == Bits(static_cast<float>(exact)));
  const bool is_exact = static_cast<double>(static_cast<float>(exact)) == exact;
  RC_ASSERT((fpscr & kFlags) == (is_exact ? 0 : kInexact));

  // And back, from any number.
  const uint32_t a = *Number();
  fpscr = control;
  const uint32_t fixed = ToFixed(a, fraction_bits, size, is_unsigned, fpscr);
  const double scaled = std::ldexp(static_cast<double>(Value(a)), fraction_bits);
  const double least = is_unsigned ? 0 : -std::ldexp(1, size - 1);
  const double most = std::ldexp(1, is_unsigned ? size : size - 1) - 1;
  const double clamped = std::fmin(std::fmax(std::trunc(scaled), least), most);
  RC_ASSERT(fixed == static_cast<uint32_t>(static_cast<int64_t>(clamped)));
  RC_ASSERT((fpscr & kFlags) == (clamped != std::trunc(scaled) ? kInvalidOperation : clamped != scaled ? kInexact : 0));
}

TEST(Float, BringsEveryHalfBack) {
  for (uint32_t half = 0; half < 0x10000; ++half) {
    for (const uint32_t control : {0u, kAlternativeHalf}) {
      uint32_t fpscr = control | kFlushToZero;  // which half-precision does not care about
      const uint32_t single = HalfToSingle(static_cast<uint16_t>(half), fpscr);
      const bool is_nan = control == 0 && (half & 0x7fff) > 0x7c00;
      if (!is_nan) {
        const uint32_t exponent = half >> 10 & 31, fraction = half & 0x3ff;
        double expected =
            exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024, static_cast<int>(exponent) - 25);
        if (control == 0 && exponent == 31) expected = std::numeric_limits<double>::infinity();
        ASSERT_EQ(single, Bits(static_cast<float>(expected)) | half >> 15 << 31) << half;
        ASSERT_EQ(fpscr & kFlags, 0);
      }
      const uint16_t back = SingleToHalf(single, fpscr);
      ASSERT_EQ(back, is_nan ? half | 0x200 : half);
      ASSERT_EQ(fpscr & kFlags, is_nan && (half & 0x200) == 0 ? kInvalidOperation : 0);
    }
  }
}

RC_GTEST_PROP(Float, RoundsToHalf, ()) {
  const uint32_t a = *rc::gen::oneOf(Number(), rc::gen::inRange(0x3280'0000u, 0x4900'0000u));
  const int mode = *rc::gen::inRange(0, 4);
  const bool is_alternative = *rc::gen::arbitrary<bool>();
  uint32_t fpscr = ModeBits(mode) | (is_alternative ? kAlternativeHalf : 0);
  const uint16_t half = SingleToHalf(a, fpscr);
  const double value = static_cast<double>(Value(a)), size = std::fabs(value);
  if (std::isinf(value)) {
    RC_ASSERT((half & 0x7fff) == (is_alternative ? 0x7fff : 0x7c00));
    RC_ASSERT((fpscr & kFlags) == (is_alternative ? kInvalidOperation : 0));
    return;
  }
  const int exponent = size == 0 ? -14 : std::max(std::ilogb(size), -14);
  std::fesetround(kHostRounding[mode]);
  volatile double steps = std::ldexp(value, 10 - exponent);
  const double rounded = std::ldexp(std::nearbyint(steps), exponent - 10);
  std::fesetround(FE_TONEAREST);
  const double most = is_alternative ? 131008 : 65504;
  uint32_t flags = rounded != value ? kInexact | (size < 0x1p-14 ? kUnderflow : 0) : 0;
  double expected = rounded;
  if (std::fabs(rounded) > most) {
    flags = is_alternative ? kInvalidOperation : kOverflow | kInexact;
    const bool to_infinity = !is_alternative && (mode == 0 || mode == (value > 0 ? 1 : 2));
    expected = std::copysign(to_infinity ? std::numeric_limits<double>::infinity() : most, value);
  }
  uint32_t unused = fpscr;
  RC_ASSERT(HalfToSingle(half, unused) == Bits(static_cast<float>(std::copysign(expected, value))));
  RC_ASSERT((fpscr & kFlags) == flags);
}

TEST(Float, QuietsTheFirstSignallingNanOrElseTakesTheFirst) {
  uint32_t fpscr = 0;
  EXPECT_EQ(Add(kOne, kQuietNan, fpscr), kQuietNan);
  EXPECT_EQ(Multiply(kQuietNan, kNan, fpscr), kQuietNan);
  EXPECT_EQ(Divide(kNan, kQuietNan, fpscr), kNan);
  EXPECT_EQ(MultiplyAdd(kOne, kQuietNan, kNan, fpscr), kQuietNan);
  EXPECT_EQ(Subtract(kOne, kQuietNan, fpscr), kQuietNan) << "its sign stays";
  EXPECT_EQ(SquareRoot(kQuietNan, fpscr), kQuietNan);
  EXPECT_EQ(fpscr, 0);
  EXPECT_EQ(Add(kQuietNan, kSignallingNan, fpscr), kSignallingNan | 0x0040'0000);
  EXPECT_EQ(fpscr, kInvalidOperation);
  EXPECT_EQ(MultiplyAdd(kQuietNan, kOne, kSignallingNan, fpscr), kSignallingNan | 0x0040'0000);
  EXPECT_EQ(SquareRoot(kSignallingNan, fpscr), kSignallingNan | 0x0040'0000);
  fpscr = kDefaultNan;
  EXPECT_EQ(Add(kQuietNan, kOne, fpscr), kNan);
  EXPECT_EQ(fpscr, kDefaultNan);
  EXPECT_EQ(SquareRoot(kSignallingNan, fpscr), kNan);
  EXPECT_EQ(fpscr, kDefaultNan | kInvalidOperation);
}

TEST(Float, RefusesInfinityTimesZeroBeforeItLooksAtAQuietAddend) {
  uint32_t fpscr = 0;
  EXPECT_EQ(MultiplyAdd(kQuietNan, kInfinity, kSign, fpscr), kNan);
  EXPECT_EQ(fpscr, kInvalidOperation);
  fpscr = 0;
  EXPECT_EQ(MultiplyAdd(kSignallingNan, kInfinity, 0, fpscr), kSignallingNan | 0x0040'0000);
  EXPECT_EQ(fpscr, kInvalidOperation);
}

TEST(Float, FlushesToZeroOnBothSides) {
  uint32_t fpscr = kFlushToZero;
  EXPECT_EQ(Add(1, kSign | 1, fpscr), 0);
  EXPECT_EQ(fpscr, kFlushToZero | kInputDenormal);
  EXPECT_EQ(Add(kSign | 1, kSign | 5, fpscr), kSign);
  fpscr = kFlushToZero;
  EXPECT_EQ(Multiply(kLeastNormal | kSign, 0x3f00'0000, fpscr), kSign);
  EXPECT_EQ(fpscr, kFlushToZero | kUnderflow) << "and not inexact";
  // Just below the least normal number: it would round up to it.
  fpscr = kFlushToZero;
  EXPECT_EQ(Multiply(0x3f7f'ffff, kLeastNormal, fpscr), 0);
  EXPECT_EQ(fpscr, kFlushToZero | kUnderflow);
  fpscr = kFlushToZero;
  Compare(1, 0, false, fpscr);
  EXPECT_EQ(fpscr, 0x6000'0000 | kFlushToZero | kInputDenormal);
  fpscr = kFlushToZero | 1u << 22;
  EXPECT_EQ(ToInt32(1, false, false, fpscr), 0);
  EXPECT_EQ(fpscr, kFlushToZero | 1u << 22 | kInputDenormal);
  fpscr = kFlushToZero;
  EXPECT_EQ(Divide(kOne, 1, fpscr), kInfinity);
  EXPECT_EQ(fpscr, kFlushToZero | kInputDenormal | kDivisionByZero);
  fpscr = kFlushToZero;
  EXPECT_EQ(SingleToHalf(0x3300'0001, fpscr), 1) << "halves are not flushed";
  EXPECT_EQ(fpscr, kFlushToZero | kUnderflow | kInexact);
}

TEST(Float, SeesWhatIsTinyBeforeItIsRounded) {
  uint32_t fpscr = 0;
  EXPECT_EQ(Multiply(0x3f7f'ffff, kLeastNormal, fpscr), kLeastNormal);
  EXPECT_EQ(fpscr, kUnderflow | kInexact);
}

TEST(Float, GivesZeroTheSignOfTheRounding) {
  uint32_t fpscr = 0;
  EXPECT_EQ(Add(kOne, kMinusOne, fpscr), 0);
  EXPECT_EQ(Add(0, kSign, fpscr), 0);
  EXPECT_EQ(Add(kSign, kSign, fpscr), kSign);
  EXPECT_EQ(MultiplyAdd(kMinusOne, kOne, kOne, fpscr), 0);
  fpscr = 2u << 22;
  EXPECT_EQ(Add(kOne, kMinusOne, fpscr), kSign);
  EXPECT_EQ(Add(0, kSign, fpscr), kSign);
  EXPECT_EQ(MultiplyAdd(kMinusOne, kOne, kOne, fpscr), kSign);
}

TEST(Float, OverflowsByRounding) {
  const uint32_t expected[] = {kInfinity, kInfinity, kMost, kMost};
  for (int mode = 0; mode < 4; ++mode) {
    uint32_t fpscr = ModeBits(mode);
    EXPECT_EQ(Multiply(kMost, kTwo, fpscr), expected[mode]);
    EXPECT_EQ(fpscr, ModeBits(mode) | kOverflow | kInexact);
  }
}

TEST(Float, ConvertsNansToZeroAndSaturates) {
  uint32_t fpscr = 0;
  EXPECT_EQ(ToInt32(kQuietNan, false, true, fpscr), 0);
  EXPECT_EQ(fpscr, kInvalidOperation);
  fpscr = 0;
  EXPECT_EQ(ToInt32(kInfinity | kSign, false, true, fpscr), 0x8000'0000);
  EXPECT_EQ(ToInt32(kMinusOne, true, true, fpscr), 0);
  EXPECT_EQ(fpscr, kInvalidOperation);
  fpscr = 0;
  EXPECT_EQ(ToFixed(kMinusOne, 15, 16, false, fpscr), 0xffff'8000) << "extended with its sign";
  EXPECT_EQ(fpscr, 0);
}

}  // namespace
}  // namespace thimble::simulator::fp
