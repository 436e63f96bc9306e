// Integer moments against double precision.
#include "dsp/fixed/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <vector>

#include "dsp/fixed/math.h"

namespace thimble::dsp::fixed {
namespace {

struct Exact {
  double deviation = 0, skewness = 0, kurtosis = -3;
};

Exact ExactOf(const std::vector<int32_t>& x) {
  const auto count = static_cast<double>(x.size());
  double mean = 0, second = 0, third = 0, fourth = 0;
  for (const int32_t value : x) mean += value / count;
  for (const int32_t value : x) {
    const double d = value - mean;
    second += d * d / count, third += d * d * d / count, fourth += d * d * d * d / count;
  }
  if (second == 0) return {};
  return {std::sqrt(second), third / std::pow(second, 1.5), fourth / (second * second) - 3};
}

void ExpectShape(std::vector<int32_t> x, double bound) {
  const Exact exact = ExactOf(x);
  const Shape shape = Standardise(x);
  ASSERT_FALSE(shape.constant);
  EXPECT_NEAR(std::exp2(static_cast<double>(shape.log2_deviation) / kOctave) / exact.deviation, 1, bound);
  EXPECT_NEAR(shape.skewness / 65536.0, exact.skewness, bound * (1 + std::fabs(exact.skewness)));
  EXPECT_NEAR(shape.kurtosis / 65536.0, exact.kurtosis, bound * (3 + std::fabs(exact.kurtosis)));
  for (const int32_t value : x) EXPECT_LE(std::abs(value), 32768);
}

TEST(FixedStatistics, AgreeWithDoubles) {
  std::mt19937 random(5);
  for (const double size : {3000.0, 1e6, 1e8}) {
    std::normal_distribution<double> normal(size * 3, size);
    std::exponential_distribution<double> lopsided(1 / size);
    for (const size_t count : {9u, 64u, 65u, 200u, 5000u}) {
      std::vector<int32_t> x(count);
      for (int32_t& value : x) value = static_cast<int32_t>(normal(random) * 0.5);
      ExpectShape(x, 2e-3);
      for (int32_t& value : x) value = static_cast<int32_t>(lopsided(random));
      ExpectShape(x, 2e-3);
    }
  }
}

TEST(FixedStatistics, TakeExtremes) {
  ExpectShape({-32768 * 512, 32767 * 512}, 1e-3);
  ExpectShape({INT32_MIN / 4, INT32_MAX / 4, INT32_MIN / 4}, 1e-3);
  std::vector<int32_t> impulse(5000);
  impulse[77] = 1 << 24;
  ExpectShape(impulse, 2e-3);  // kurtosis of 5000
  ExpectShape({0, INT32_MAX}, 1e-3);
}

TEST(FixedStatistics, KnowAConstant) {
  for (const int32_t constant : {0, 1, -1, 16777216, -16777216, INT32_MAX}) {
    for (const size_t count : {1u, 7u, 100u}) {
      std::vector<int32_t> x(count, constant);
      const Shape shape = Standardise(x);
      EXPECT_TRUE(shape.constant);
      EXPECT_EQ(shape.skewness, 0);
      EXPECT_EQ(shape.kurtosis, -3 * 65536);
      EXPECT_EQ(x, std::vector<int32_t>(count));
    }
  }
}

}  // namespace
}  // namespace thimble::dsp::fixed
