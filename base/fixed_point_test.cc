#include "base/fixed_point.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace thimble {
namespace {

TEST(DoublingHighMultiply, RoundsHalvesUpAndSaturates) {
  EXPECT_EQ(DoublingHighMultiply(1 << 30, 1), 1);      // 0.5
  EXPECT_EQ(DoublingHighMultiply(-(1 << 30), 1), 0);   // -0.5
  EXPECT_EQ(DoublingHighMultiply(-(1 << 30), 3), -1);  // -1.5
  EXPECT_EQ(DoublingHighMultiply(INT32_MIN, INT32_MIN), INT32_MAX);
  EXPECT_EQ(DoublingHighMultiply(INT32_MIN, INT32_MAX), -INT32_MAX);
}

TEST(DoublingHighMultiply, EqualsTheNudgeAndTruncateOfGemmlowp) {
  EXPECT_TRUE(rc::check([] {
    const auto a = *rc::gen::inRange<int32_t>(INT32_MIN, INT32_MAX),
               b = *rc::gen::inRange<int32_t>(INT32_MIN, INT32_MAX);
    RC_PRE(a != INT32_MIN || b != INT32_MIN);
    const int64_t product = static_cast<int64_t>(a) * b;
    const int64_t nudge = product >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30);
    RC_ASSERT(DoublingHighMultiply(a, b) == (product + nudge) / (int64_t{1} << 31));
  }));
}

TEST(RoundingShiftRight, RoundsHalvesAwayFromZero) {
  EXPECT_EQ(RoundingShiftRight(5, 1), 3);
  EXPECT_EQ(RoundingShiftRight(-5, 1), -3);
  EXPECT_EQ(RoundingShiftRight(-4, 3), -1);
  EXPECT_EQ(RoundingShiftRight(INT32_MAX, 31), 1);
  EXPECT_EQ(RoundingShiftRight(INT32_MIN, 31), -1);
  EXPECT_EQ(RoundingShiftRight(-7, 0), -7);
}

TEST(RoundingShiftRight, EqualsTheRealQuotientRounded) {
  EXPECT_TRUE(rc::check([] {
    const auto value = *rc::gen::inRange<int32_t>(INT32_MIN, INT32_MAX);
    const int exponent = *rc::gen::inRange(0, 32);
    RC_ASSERT(RoundingShiftRight(value, exponent) == std::round(std::ldexp(static_cast<double>(value), -exponent)));
  }));
}

TEST(Scale, OfSixtyFourBitsRoundsTheMantissaTo15AndTheProductOnce) {
  const Multiplier half = QuantiseMultiplier(0.5);
  EXPECT_EQ(Scale(int64_t{3}, half), 2);    // 1.5
  EXPECT_EQ(Scale(int64_t{-3}, half), -1);  // -1.5: halves towards +infinity
  EXPECT_EQ(Scale(int64_t{1} << 40, QuantiseMultiplier(std::ldexp(1, -20))), 1 << 20);
  EXPECT_EQ(Scale(int64_t{1} << 15, {INT32_MAX, 0}), 0x7fff);  // the mantissa does not round up to 2^15
  EXPECT_EQ(Scale(int64_t{1}, {1 << 30, 7}), 64);
  EXPECT_EQ(Scale(int64_t{1}, {1 << 30, 14}), 8192);
  EXPECT_EQ(Scale(INT64_MIN, {INT32_MAX, 30}), Scale(INT64_MIN, {INT32_MAX, 14}));  // defined, though nobody needs it
}

TEST(Scale, OfSixtyFourBitsIsTheRealProductRounded) {
  EXPECT_TRUE(rc::check([] {
    const auto value = *rc::gen::inRange<int64_t>(-(int64_t{1} << 37), int64_t{1} << 37);
    const Multiplier multiplier{*rc::gen::inRange<int32_t>(1 << 30, 0x7fff0000), *rc::gen::inRange(-31, -6)};
    const double mantissa = std::floor((multiplier.mantissa + 32768.0) / 65536);
    const double product = static_cast<double>(value) * std::ldexp(mantissa, multiplier.shift - 15);
    RC_ASSERT(Scale(value, multiplier) == std::floor(product + 0.5));
  }));
}

TEST(QuantiseMultiplier, EqualsFrexpAndRound) {
  EXPECT_TRUE(rc::check([] {
    const double mantissa = *rc::gen::inRange<int64_t>(int64_t{1} << 52, int64_t{1} << 53);
    const double real = std::ldexp(mantissa, *rc::gen::inRange(-83, -24));
    int shift = 0;
    auto expected = static_cast<int64_t>(std::round(std::frexp(real, &shift) * (int64_t{1} << 31)));
    if (expected == int64_t{1} << 31) {
      expected /= 2;
      ++shift;
    }
    RC_PRE(shift >= -31 && shift <= 30);
    const Multiplier multiplier = QuantiseMultiplier(real);
    RC_ASSERT(multiplier.mantissa == expected);
    RC_ASSERT(multiplier.shift == shift);
  }));
}

TEST(QuantiseMultiplier, HasAnAnswerForEveryNumber) {
  EXPECT_EQ(QuantiseMultiplier(0).mantissa, 0);
  EXPECT_EQ(QuantiseMultiplier(1e-300).mantissa, 0);
  EXPECT_EQ(QuantiseMultiplier(1e30).mantissa, INT32_MAX);
  EXPECT_EQ(QuantiseMultiplier(std::numeric_limits<double>::infinity()).shift, 30);
  EXPECT_EQ(QuantiseMultiplier(std::nan("")).shift, 30);
  // Just below a power of two, the mantissa rounds up to the next one.
  const Multiplier one = QuantiseMultiplier(std::nextafter(1.0, 0.0));
  EXPECT_EQ(one.mantissa, 1 << 30);
  EXPECT_EQ(one.shift, 1);
}

TEST(QuantiseRatio, HasTheBitsThatDoublesGive) {
  const auto compare = [](float a, float b, float c) {
    const Multiplier ratio = QuantiseRatio(a, b, c);
    const Multiplier expected =
        QuantiseMultiplier(static_cast<double>(a) * static_cast<double>(b) / static_cast<double>(c));
    return ratio.mantissa == expected.mantissa && ratio.shift == expected.shift;
  };
  std::mt19937 random(1);
  const auto near_one = [&] {
    return std::bit_cast<float>(static_cast<uint32_t>(0x3f800000 - (1 << 25) + random() % (1 << 26)));
  };
  const auto any = [&] { return std::bit_cast<float>(static_cast<uint32_t>(random() % 0x7f800000)); };
  const auto round = [&] { return std::ldexp(static_cast<float>(1 + random() % 64), static_cast<int>(random() % 8)); };
  for (int i = 0; i < 1000000; ++i) {
    const float a = near_one(), b = near_one(), c = near_one();
    ASSERT_TRUE(compare(a, b, c)) << a << " * " << b << " / " << c;
    ASSERT_TRUE(compare(a, b, std::nextafter(a, c))) << a << " * " << b;  // quotients next to a power of two
    const float d = any(), e = any(), f = any();
    ASSERT_TRUE(compare(d, e, f)) << d << " * " << e << " / " << f;
    const Multiplier ratio = QuantiseRatioToDouble(a, b, 10.0 / 65535.0);
    const Multiplier expected = QuantiseMultiplier(static_cast<double>(a) * static_cast<double>(b) / (10.0 / 65535.0));
    ASSERT_TRUE(ratio.mantissa == expected.mantissa && ratio.shift == expected.shift) << a << " * " << b;
    const float g = round(), h = round(), k = round();
    ASSERT_TRUE(compare(g, h, k)) << g << " * " << h << " / " << k;  // exact quotients and ties
  }
  constexpr float kSmallest = std::numeric_limits<float>::denorm_min(), kLargest = std::numeric_limits<float>::max();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float a : {0.0f, kSmallest, 1.0f, kLargest, kInfinity}) {
    for (const float b : {kSmallest, 1.0f, kLargest}) {
      for (const float c : {0.0f, kSmallest, 1.0f, kLargest}) {
        EXPECT_TRUE(compare(a, b, c)) << a << " * " << b << " / " << c;
      }
    }
  }
}

TEST(Scale, IsTheRealProductWithinOneStep) {
  EXPECT_TRUE(rc::check([] {
    const int32_t value = *rc::gen::inRange(-(1 << 24), 1 << 24);
    const double real = *rc::gen::inRange(1, 1 << 20) / double{1 << 20};
    RC_ASSERT(std::abs(Scale(value, QuantiseMultiplier(real)) - value * real) <= 1.0);
  }));
}

TEST(Quantise, RoundsHalvesAwayFromZeroAndSaturates) {
  EXPECT_EQ(Quantise(0.25f, 0.5f, 1, -128, 127), 2);
  EXPECT_EQ(Quantise(-0.25f, 0.5f, 1, -128, 127), 0);
  EXPECT_EQ(Quantise(1e30f, 0.5f, 127, -128, 127), 127);
  EXPECT_EQ(Quantise(-1e30f, 1e-30f, -128, -128, 127), -128);
  EXPECT_EQ(Quantise(std::nanf(""), 0.5f, 5, -128, 127), 5);
}

TEST(RoundToInt32, EqualsRoundf) {
  EXPECT_TRUE(rc::check([] {
    const float value =
        std::ldexp(static_cast<float>(*rc::gen::inRange(-(1 << 24), 1 << 24)), *rc::gen::inRange(-26, 7));
    RC_ASSERT(RoundToInt32(value) == static_cast<int32_t>(std::round(value)));
  }));
  EXPECT_EQ(RoundToInt32(0.49999997f), 0);  // + 0.5f would make 1
}

}  // namespace
}  // namespace thimble
