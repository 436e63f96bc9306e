// Moments against hand calculation and double precision.
#include "dsp/statistics.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <vector>

namespace thimble::dsp {
namespace {

TEST(ShapeOf, HasTheValuesWorkedOutByHand) {
  // 0 0 0 4: mean 1, deviations -1 -1 -1 3; variance 3; third moment 24 / 4; fourth 84 / 4.
  const float x[] = {0, 0, 0, 4};
  EXPECT_EQ(Mean(x), 1);
  const Shape shape = ShapeOf(x);
  EXPECT_NEAR(shape.deviation, std::sqrt(3), 1e-6);
  EXPECT_NEAR(shape.skewness, 6 / std::pow(3, 1.5), 1e-6);
  EXPECT_NEAR(shape.kurtosis, 21.0 / 9 - 3, 1e-6);
}

TEST(ShapeOf, CallsAConstantFlat) {
  for (const float value : {0.0f, 9.8f, -1e-30f, 3e30f}) {
    const std::vector<float> x(125, value);
    EXPECT_EQ(Mean(x), value);
    const Shape shape = ShapeOf(x);
    EXPECT_EQ(shape.deviation, 0);
    EXPECT_EQ(shape.skewness, 0);
    EXPECT_EQ(shape.kurtosis, -3);
  }
}

TEST(ShapeOf, DoesNotOverflowAtTheSizeOfASpectrumOfLoudSound) {
  const float x[] = {0, 0, 0, 4e12f};
  EXPECT_NEAR(ShapeOf(x).kurtosis, 21.0 / 9 - 3, 1e-6);
}

RC_GTEST_PROP(ShapeOf, AgreesWithDouble, ()) {
  const size_t count = *rc::gen::inRange<size_t>(1, 400);
  std::vector<float> x(count);
  double sum = 0;
  for (float& value : x) {
    value = 9.8f + static_cast<float>(*rc::gen::inRange(-5000, 5000)) * 1e-3f;
    sum += static_cast<double>(value);
  }
  const double n = static_cast<double>(count);
  const double mean = sum / n;
  double m2 = 0;
  double m3 = 0;
  double m4 = 0;
  for (const float value : x) {
    const double d = static_cast<double>(value) - mean;
    m2 += d * d / n;
    m3 += d * d * d / n;
    m4 += d * d * d * d / n;
  }
  RC_PRE(m2 > 1e-6);
  RC_ASSERT(std::fabs(static_cast<double>(Mean(x)) - mean) < 2e-6);
  const Shape before = ShapeOf(x);
  const Shape shape = Centre(x);
  RC_ASSERT(std::fabs(Mean(x)) < 2e-6f);
  RC_ASSERT(shape.deviation == before.deviation);
  RC_ASSERT(shape.skewness == before.skewness);
  RC_ASSERT(shape.kurtosis == before.kurtosis);
  RC_ASSERT(std::fabs(static_cast<double>(shape.deviation) - std::sqrt(m2)) < 5e-6);
  RC_ASSERT(std::fabs(static_cast<double>(shape.skewness) - m3 / std::pow(m2, 1.5)) < 5e-3);
  RC_ASSERT(std::fabs(static_cast<double>(shape.kurtosis) - (m4 / (m2 * m2) - 3)) < 5e-3);
}

}  // namespace
}  // namespace thimble::dsp
