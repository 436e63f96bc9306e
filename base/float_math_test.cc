// The accuracy that base/float_math.h states, against the C library in double precision.
#include "base/float_math.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

namespace thimble {
namespace {

// How far `got` is from `exact`, in units in the last place of a float of that size.
double Ulps(float got, double exact) {
  const float rounded = static_cast<float>(exact);
  const float size = std::max(std::fabs(rounded), std::numeric_limits<float>::min());
  const double ulp = static_cast<double>(std::nextafter(size, INFINITY)) - static_cast<double>(size);
  return std::fabs(static_cast<double>(got) - exact) / ulp;
}

// The largest error of `ours` over every 64th positive float, subnormals included, and every float near 1.
template <typename Ours, typename Exact>
double WorstLogarithm(Ours ours, Exact exact) {
  double worst = 0;
  const auto look = [&](uint32_t bits) {
    const float x = std::bit_cast<float>(bits);
    worst = std::max(worst, Ulps(ours(x), exact(static_cast<double>(x))));
  };
  for (uint32_t bits = 1; bits < 0x7f800000; bits += 64 + bits % 7) look(bits);
  for (uint32_t bits = 0x3f7f0000; bits < 0x3f810000; ++bits) look(bits);
  return worst;
}

TEST(Ln, IsWithinOneUlp) {
  EXPECT_LE(WorstLogarithm(&Ln, [](double x) { return std::log(x); }), 1);
}

TEST(Log10, IsWithinOneUlp) {
  EXPECT_LE(WorstLogarithm(&Log10, [](double x) { return std::log10(x); }), 1);
}

TEST(Logarithms, DefineEveryArgument) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (float (*log)(float) : {&Ln, &Log10}) {
    EXPECT_EQ(log(1.0f), 0.0f);
    EXPECT_EQ(log(0.0f), -kInfinity);
    EXPECT_EQ(log(-0.0f), -kInfinity);
    EXPECT_EQ(log(kInfinity), kInfinity);
    EXPECT_TRUE(std::isnan(log(-1.0f)));
    EXPECT_TRUE(std::isnan(log(-kInfinity)));
    EXPECT_TRUE(std::isnan(log(std::numeric_limits<float>::quiet_NaN())));
  }
}

TEST(Exp, IsWithinOneUlp) {
  double worst = 0;
  for (double x = -87.33; x < 88.72; x += 1.7e-5) {
    const float argument = static_cast<float>(x);
    worst = std::max(worst, Ulps(Exp(argument), std::exp(static_cast<double>(argument))));
  }
  EXPECT_LE(worst, 1);
}

TEST(Exp, DefinesEveryArgument) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(Exp(0.0f), 1.0f);
  EXPECT_EQ(Exp(89.0f), kInfinity);
  EXPECT_EQ(Exp(kInfinity), kInfinity);
  EXPECT_EQ(Exp(-88.0f), 0.0f);
  EXPECT_EQ(Exp(-kInfinity), 0.0f);
  EXPECT_TRUE(std::isfinite(Exp(88.72f)));
  EXPECT_TRUE(std::isnan(Exp(std::numeric_limits<float>::quiet_NaN())));
}

TEST(Sqrt, IsCorrectlyRounded) {
  for (uint32_t bits = 0; bits < 0x7f800000; bits += 257) {
    const float x = std::bit_cast<float>(bits);
    ASSERT_EQ(Sqrt(x), static_cast<float>(std::sqrt(static_cast<double>(x)))) << x;
  }
}

TEST(SinPi, AgreesWithTheLibraryToTheLastBits) {
  for (double x = -2; x <= 2; x += 1.0 / 4096 + 1e-7) ASSERT_NEAR(SinPi(x), std::sin(x * kPi), 1e-15) << x;
  for (double x = -1.5; x <= 1.5; x += 1.0 / 4096 + 1e-7) ASSERT_NEAR(CosPi(x), std::cos(x * kPi), 1e-15) << x;
  for (double x = 1e-6; x < 0.5; x += 1e-5) {
    const long double exact = std::tan(static_cast<long double>(x) * std::numbers::pi_v<long double>);
    ASSERT_NEAR(static_cast<double>(TanPi(x) / exact), 1, 1e-15) << x;
  }
  static_assert(SinPi(0) == 0 && SinPi(0.5) == 1 && SinPi(1) == 0 && SinPi(-0.5) == -1 && CosPi(0) == 1);
}

}  // namespace
}  // namespace thimble
