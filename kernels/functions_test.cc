// The functions behind element-by-element operators, against the C library in double precision.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/float_math.h"
#include "kernels/comparison.h"
#include "kernels/fixed_functions.h"
#include "kernels/real_functions.h"

namespace thimble::kernels {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

float AnyFloat(std::mt19937& dice, float largest) {
  return std::uniform_real_distribution<float>(-largest, largest)(dice);
}

void ExpectNear(float value, double truth, double relative) {
  EXPECT_NEAR(static_cast<double>(value), truth, std::abs(truth) * relative);
}

TEST(RealFunctions, AreWithinTheirPromises) {
  std::mt19937 dice(1);
  for (int i = 0; i < 100000; ++i) {
    const float scale = std::ldexp(1.0f, i % 30 - 20);
    const float x = AnyFloat(dice, scale), y = AnyFloat(dice, scale);
    SCOPED_TRACE(testing::Message() << x << " " << y);
    const auto exact = static_cast<double>(x);
    ExpectNear(real::Tanh(x), std::tanh(exact), 1e-6);
    if (x < 80) ExpectNear(real::ExpMinusOne(x), std::expm1(exact), 1e-6);
    EXPECT_NEAR(static_cast<double>(real::Sin(x)), std::sin(exact), 1e-6);
    EXPECT_NEAR(static_cast<double>(real::Cos(x)), std::cos(exact), 1e-6);
    ExpectNear(real::Atan2(x, y), std::atan2(exact, static_cast<double>(y)), 1e-6);
    EXPECT_EQ(real::Floor(x), std::floor(x));
    EXPECT_EQ(real::Ceil(x), std::ceil(x));
    EXPECT_EQ(real::RoundToEven(x), std::nearbyint(x));
    EXPECT_EQ(real::RoundToEven(std::floor(x) + 0.5f), std::nearbyint(std::floor(x) + 0.5f));
    EXPECT_EQ(real::Remainder(x, y), std::fmod(x, y));
    ExpectNear(static_cast<float>(real::PreciseSqrt(std::abs(x))), std::sqrt(std::abs(exact)), 1e-7);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(RealFunctions, KnowTheEndsOfTheWorld) {
  for (const auto function : {real::Floor, real::Ceil, real::RoundToEven, real::Tanh, real::Sin, real::Cos}) {
    EXPECT_TRUE(std::isnan(function(kNaN)));
  }
  EXPECT_EQ(real::Floor(-kInfinity), -kInfinity);
  EXPECT_EQ(real::Tanh(kInfinity), 1);
  EXPECT_EQ(real::Tanh(-kInfinity), -1);
  EXPECT_TRUE(std::isnan(real::Sin(kInfinity)));
  EXPECT_LE(std::abs(real::Sin(3e38f)), 1);
  for (const float y : {0.0f, -0.0f, 1.0f, kInfinity, -kInfinity}) {
    for (const float x : {0.0f, -0.0f, 1.0f, kInfinity, -kInfinity}) {
      EXPECT_NEAR(real::Atan2(y, x), std::atan2(y, x), 1e-6) << y << " " << x;
    }
  }
  EXPECT_TRUE(std::isnan(real::Remainder(1, 0)));
  EXPECT_TRUE(std::isnan(real::Remainder(kInfinity, 2)));
  EXPECT_EQ(real::Remainder(-5, kInfinity), -5);
  EXPECT_EQ(real::Remainder(3e38f, 1e-45f), std::fmod(3e38f, 1e-45f));
}

TEST(FixedFunctions, AreTheRealOnesWithinTheirBits) {
  for (int32_t x = -(1 << 30); x < (1 << 30); x += 1234567) {
    const double real = std::ldexp(x, -27);  // F4
    EXPECT_NEAR(std::ldexp(FixedLogistic(x), -31), 1 / (1 + std::exp(-real)), 1e-7) << real;
    EXPECT_NEAR(std::ldexp(FixedTanh(x), -31), std::tanh(real), 2e-7) << real;
    if (x < 0) {
      EXPECT_NEAR(std::ldexp(ExpOfNegative(x, 4), -31), std::exp(real), 3e-7) << real;
    }
  }
  for (int32_t x = 1 << 19; x < (1 << 30); x += 1234567) {
    EXPECT_NEAR(std::ldexp(FixedLn(x), -26), std::log(std::ldexp(x, -19)), 1e-6) << x;
  }
  for (int32_t x = 2; x < (1 << 30); x += 1 + x / 7) {
    const Multiplier root = InverseSquareRoot(x);
    EXPECT_NEAR(std::ldexp(root.mantissa, root.shift - 31) * std::sqrt(x), 1, 1e-5) << x;
  }
  for (int32_t x = -(1 << 18); x < (1 << 18); x += 7) {
    EXPECT_NEAR(Logistic16(x), 32768 / (1 + std::exp(-x / 12288.0)), 4) << x;
    EXPECT_NEAR(Tanh16(x), 32768 * std::tanh(x / 12288.0), 8) << x;
  }
}

TEST(FixedFunctions, KeepToTheirRange) {
  EXPECT_EQ(Logistic16(0), 16384);
  EXPECT_EQ(Tanh16(0), 0);
  EXPECT_EQ(Logistic16(INT32_MAX), 32767);
  EXPECT_EQ(Logistic16(-INT32_MAX), 1);
  EXPECT_EQ(Tanh16(INT32_MAX), 32767);
  EXPECT_EQ(Tanh16(-INT32_MAX), -32767);
  for (const int32_t x : {INT32_MIN, -1, 0, 1}) EXPECT_EQ(InverseSquareRoot(x).mantissa, INT32_MAX);
}

// int16 SOFTMAX rounds exponentials to 15 bits. TFLite takes them from the C library: a last bit of ours that differs
// must not show there. These are all the arguments it can have.
TEST(Softmax, HasTFLitesTableOfExponentials) {
  for (int32_t i = 0; i <= 1024; ++i) {
    const float x = -10 + static_cast<float>(i) * (10.0f / 1024);
    const float own = thimble::Exp(x) * 32768.0f, theirs = std::exp(x) * 32768.0f;
    EXPECT_EQ(RoundToInt32(own), RoundToInt32(theirs)) << x;
  }
}

TEST(Compare, SaysNoToNaNButForDifference) {
  float a = kNaN, b = 1;
  uint8_t y = 0;
  const auto tensor = [](void* data, Type type) {
    Tensor view;
    view.data = data;
    view.type = type;
    return view;
  };
  const Tensor in[] = {tensor(&a, Type::kFloat32), tensor(&b, Type::kFloat32)};
  const Tensor out = tensor(&y, Type::kBool);
  const Call call{in, {&out, 1}, nullptr};
  for (const uint8_t accepted : {kLess, kSame, kMore}) {
    Compare(call, accepted);
    EXPECT_EQ(y, 0);
  }
  Compare(call, kLess | kMore | kUnordered);
  EXPECT_EQ(y, 1);
}

}  // namespace
}  // namespace thimble::kernels
