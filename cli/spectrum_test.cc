#include "cli/spectrum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace thimble::cli {
namespace {

TEST(Spectrum, OfASineHasItsPowerInItsBin) {
  const dsp::Window window = {.axes = 2, .readings = 256, .rate_hz = 64};
  std::vector<float> samples;
  for (int i = 0; i < window.readings; ++i) {
    samples.push_back(100);  // an axis that stands still
    samples.push_back(static_cast<float>(7 + 3 * std::sin(2 * std::numbers::pi * 8 * i / 64.0)));
  }
  const int length = SpectrumLength(window.readings, 64);
  ASSERT_EQ(length, 64);
  const std::vector<double> still = PowerSpectrumOf(samples, window, 0, length);
  const std::vector<double> sine = PowerSpectrumOf(samples, window, 1, length);
  ASSERT_EQ(sine.size(), 33u);
  EXPECT_EQ(std::max_element(sine.begin(), sine.end()) - sine.begin(), 8);
  EXPECT_NEAR(sine[8], 9, 1e-3);
  EXPECT_NEAR(sine[20], 0, 1e-6);
  EXPECT_EQ(*std::max_element(still.begin(), still.end()), 0);
}

TEST(Spectrum, OfAShortWindowIsFilledUpWithZeros) {
  EXPECT_EQ(SpectrumLength(3, 1024), 8);
  EXPECT_EQ(SpectrumLength(15, 1024), 8);
  EXPECT_EQ(SpectrumLength(16, 1024), 16);
  EXPECT_EQ(SpectrumLength(5000, 1024), 1024);
  const std::vector<float> samples = {1, -1, 1};
  EXPECT_EQ(PowerSpectrumOf(samples, {.axes = 1, .readings = 3, .rate_hz = 10}, 0, 8).size(), 5u);
}

}  // namespace
}  // namespace thimble::cli
