// The integer logarithm, power of two and products, against double precision.
#include "dsp/fixed/math.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace thimble::dsp::fixed {
namespace {

double Real(int32_t log2) { return static_cast<double>(log2) / kOctave; }

TEST(FixedLog2, IsWithinItsError) {
  double worst = 0;
  for (double x = 1; x < 4294967295.0; x *= 1.0003) {
    const auto value = static_cast<uint32_t>(x);
    worst = std::max(worst, std::fabs(Real(Log2(value)) - std::log2(static_cast<double>(value))));
  }
  for (double x = 1; x < 1.8e19; x *= 1.0007) {
    const auto value = static_cast<uint64_t>(x);
    worst = std::max(worst, std::fabs(Real(Log2(value)) - std::log2(static_cast<double>(value))));
  }
  EXPECT_LT(worst, 8e-6);
  EXPECT_GT(worst, 4e-6);  // the bound is not idle
}

TEST(FixedLog2, KnowsItsEnds) {
  EXPECT_NEAR(Real(Log2(uint32_t{1})), 0, 8e-6);
  EXPECT_NEAR(Real(Log2(UINT32_MAX)), 32, 8e-6);
  EXPECT_NEAR(Real(Log2(UINT64_MAX)), 64, 8e-6);
  EXPECT_NEAR(Real(Log2(uint64_t{1} << 32)), 32, 8e-6);
}

TEST(FixedLog2, OfAFloatIsExact) {
  for (const float value : {1.0f, 0.001f, 9.80665f, 0x1p-24f, 3e9f}) {
    EXPECT_NEAR(Real(Log2Of(value)), std::log2(static_cast<double>(value)), 1e-6) << value;
  }
}

TEST(FixedExp2, IsWithinItsError) {
  for (int32_t x = -17 * kOctave; x < 15 * kOctave; x += 977) {
    const double exact = std::exp2(Real(x)) * 65536;
    EXPECT_NEAR(Exp2(x), exact, 0.5 + 4e-6 * exact) << x;
  }
}

TEST(FixedExp2, Saturates) {
  EXPECT_EQ(Exp2(15 * kOctave), INT32_MAX);
  EXPECT_EQ(Exp2(INT32_MAX), INT32_MAX);
  EXPECT_EQ(Exp2(-30 * kOctave), 0);
  EXPECT_EQ(Exp2(INT32_MIN), 0);
}

RC_GTEST_PROP(FixedProducts, AreThoseOf64Bits, (int32_t value)) {
  const auto q16 = *rc::gen::inRange<uint32_t>(0, 65536);
  const auto q15 = *rc::gen::inRange<int32_t>(-32768, 32769);
  const auto q32 = *rc::gen::arbitrary<uint32_t>();
  RC_ASSERT(TimesQ16(value / 2, q16) == (static_cast<int64_t>(value / 2) * q16 + 0x8000) >> 16);
  RC_ASSERT(TimesQ15(value / 2, q15) == (static_cast<int64_t>(value / 2) * q15) >> 15);
  RC_ASSERT(TimesQ32(value, q32) == (static_cast<int64_t>(value) * static_cast<int64_t>(q32)) >> 32);
}

TEST(FixedShifts, RoundToTheNearest) {
  EXPECT_EQ(Shifted(5, 2), 20);
  EXPECT_EQ(Shifted(-5, 0), -5);
  EXPECT_EQ(Shifted(5, -1), 3);
  EXPECT_EQ(Shifted(-5, -1), -2);
  EXPECT_EQ(Shifted(-6, -2), -1);
  EXPECT_EQ(BitsOf(0), 0);
  EXPECT_EQ(BitsOf(MagnitudeBits(-4)), 2);
  EXPECT_EQ(BitsOf(MagnitudeBits(4)), 3);
}

}  // namespace
}  // namespace thimble::dsp::fixed
