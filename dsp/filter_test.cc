// Filters against the magnitudes that define them.
#include "dsp/filter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace thimble::dsp {
namespace {

// How much the filter lets through at `frequency` (1 is half the sampling rate), from its coefficients.
double Response(const Cascade& cascade, double frequency) {
  const std::complex<double> delay = std::polar(1.0, -std::numbers::pi * frequency);
  std::complex<double> response = static_cast<double>(cascade.gain);
  const double sign = cascade.high_pass ? -1 : 1;
  for (int i = 0; i < cascade.section_count; ++i) {
    const double a1 = static_cast<double>(cascade.sections[i].a1);
    const double a2 = static_cast<double>(cascade.sections[i].a2);
    response *= (1.0 + sign * delay) * (1.0 + sign * delay) / (1.0 + a1 * delay + a2 * delay * delay);
  }
  return std::abs(response);
}

std::vector<float> Sine(double frequency, size_t count) {
  std::vector<float> signal(count);
  for (size_t i = 0; i < count; ++i) {
    signal[i] = static_cast<float>(std::sin(std::numbers::pi * frequency * static_cast<double>(i)));
  }
  return signal;
}

// The amplitude of a sine, from its power.
double Amplitude(std::span<const float> signal) {
  double power = 0;
  for (const float value : signal) power += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(2 * power / static_cast<double>(signal.size()));
}

TEST(DesignButterworth, FollowsTheMagnitudeThatDefinesIt) {
  for (const int order : {0, 2, 4, 6, 8}) {
    for (const double cutoff : {0.05, 0.1, 0.5, 0.9}) {
      for (const bool high_pass : {false, true}) {
        const Cascade cascade = DesignButterworth(cutoff, order, high_pass);
        EXPECT_EQ(cascade.section_count, order / 2);
        EXPECT_TRUE(IsStable(cascade));
        for (double frequency = 0.01; frequency < 1; frequency += 0.07) {
          const double ratio = std::tan(std::numbers::pi / 2 * frequency) / std::tan(std::numbers::pi / 2 * cutoff);
          const double power = std::pow(high_pass ? 1 / ratio : ratio, 2 * order);
          const double expected = order == 0 ? 1 : 1 / std::sqrt(1 + power);
          ASSERT_NEAR(Response(cascade, frequency), expected, 2e-3 * expected + 1e-9)
              << order << " " << cutoff << " " << high_pass << " " << frequency;
        }
      }
    }
  }
}

TEST(IsStable, RefusesCutoffsAtEitherEnd) {
  EXPECT_FALSE(IsStable(DesignButterworth(3.2e-5, 8, false)));
  EXPECT_FALSE(IsStable(DesignButterworth(1 - 1e-7, 8, true)));
  EXPECT_TRUE(IsStable(DesignButterworth(0.01, 8, false)));
}

TEST(Filter, LetsASteadySineThroughAsItsResponseSays) {
  for (const bool high_pass : {false, true}) {
    for (const int order : {2, 4, 6, 8}) {
      const Cascade cascade = DesignButterworth(0.3, order, high_pass);
      for (const double frequency : {0.101, 0.31, 0.603}) {
        std::vector<float> signal = Sine(frequency, 4000);
        Filter(cascade, signal);
        EXPECT_NEAR(Amplitude(std::span(signal).last(2000)), Response(cascade, frequency), 2e-3);
      }
    }
  }
}

RC_GTEST_PROP(Filter, IsLinear, ()) {
  const Cascade cascade =
      DesignButterworth(*rc::gen::element(0.05, 0.2, 0.7), 2 * *rc::gen::inRange(1, 5), *rc::gen::arbitrary<bool>());
  std::vector<float> signal(100);
  for (float& value : signal) value = static_cast<float>(*rc::gen::inRange(-100, 100));
  std::vector<float> fourfold = signal;
  for (float& value : fourfold) value *= 4;
  Filter(cascade, signal);
  Filter(cascade, fourfold);
  for (size_t i = 0; i < signal.size(); ++i) RC_ASSERT(fourfold[i] == 4 * signal[i]);
}

TEST(Decimate, KeepsSlowSinesAndRemovesWhatWouldFold) {
  for (const int ratio : {3, 10}) {
    std::vector<float> slow = Sine(0.5 / ratio, 6000);
    const std::span<float> kept = Decimate(ratio, slow);
    EXPECT_EQ(kept.size(), DecimatedCount(6000, static_cast<size_t>(ratio)));
    EXPECT_NEAR(Amplitude(kept.last(kept.size() / 2)), 1, 0.01);
    std::vector<float> fast = Sine(1.5 / ratio, 6000);
    const std::span<float> left = Decimate(ratio, fast);
    EXPECT_LT(Amplitude(left.last(left.size() / 2)), 1e-3);
  }
}

TEST(Decimate, LeavesAConstantExactlyConstantAtTheBottomOfTheRipple) {
  for (const int ratio : {3, 10}) {
    std::vector<float> signal(100, 9.8f);
    const std::span<float> kept = Decimate(ratio, signal);
    EXPECT_NEAR(kept[0], 9.8 * std::pow(10, -0.05 / 20), 1e-6);
    for (const float value : kept) EXPECT_EQ(value, kept[0]);
  }
}

TEST(Decimate, KeepsTheFirstOfEveryRatio) {
  for (size_t count = 0; count <= 31; ++count) {
    std::vector<float> signal(count, 1);
    EXPECT_EQ(Decimate(10, signal).size(), (count + 9) / 10);
  }
}

}  // namespace
}  // namespace thimble::dsp
