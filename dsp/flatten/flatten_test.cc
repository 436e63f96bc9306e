// Flatten where its golden files do not reach: names, numbers that are none, and large constant parts.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/arena.h"
#include "dsp/flatten/block.h"

namespace thimble::dsp {
namespace {

std::vector<float> FeaturesOf(const Flatten::Params& params, const Window& window, const std::vector<float>& samples) {
  EXPECT_STREQ(Flatten::Explain(params, window), nullptr);
  struct alignas(kArenaAlignment) Line {
    std::byte bytes[kArenaAlignment];
  };
  std::vector<Line> scratch(AlignUp(Flatten::ScratchBytes(params, window)) / kArenaAlignment);
  std::vector<float> features(Flatten::FeatureCount(params, window), NAN);
  Flatten::Extract(params, window, {}, samples, features, std::as_writable_bytes(std::span(scratch)));
  return features;
}

TEST(Flatten, NamesOnlyWhatIsWanted) {
  const Window window = {.axes = 3, .readings = 2};
  const Flatten::Params params = {.average = false, .maximum = false, .skewness = false, .kurtosis = false};
  EXPECT_EQ(Flatten::FeatureCount(params, window), 9u);
  const char* names[] = {"Minimum", "RMS", "Stdev"};
  for (size_t i = 0; i < 9; ++i) {
    const FeatureName name = Flatten::NameOf(params, window, i);
    EXPECT_STREQ(name.text, names[i % 3]);
    EXPECT_EQ(name.axis, static_cast<int>(i / 3));
  }
}

TEST(Flatten, OfOneBadSampleIsNaNInItsAxisOnly) {
  const auto features = FeaturesOf({}, {.axes = 2, .readings = 3}, {1, 1, NAN, 2, 3, 3});
  for (size_t i = 0; i < 7; ++i) EXPECT_TRUE(std::isnan(features[i])) << i;
  for (size_t i = 7; i < 14; ++i) EXPECT_TRUE(std::isfinite(features[i])) << i;
}

TEST(Flatten, KeepsASmallMovementOnALargeConstant) {
  std::vector<float> samples(1000);
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = 10000 + (i % 2 == 0 ? 0.5f : -0.5f);
  const auto features = FeaturesOf({}, {.axes = 1, .readings = 1000}, samples);
  EXPECT_FLOAT_EQ(features[0], 10000);
  EXPECT_FLOAT_EQ(features[4], 0.5f);
  EXPECT_NEAR(features[6], -2, 1e-5);
}

TEST(Flatten, WithoutStatisticsHasNoFeatures) {
  const Flatten::Params none = {.average = false,
                                .minimum = false,
                                .maximum = false,
                                .rms = false,
                                .stdev = false,
                                .skewness = false,
                                .kurtosis = false};
  EXPECT_TRUE(FeaturesOf(none, {.axes = 2, .readings = 2}, {1, 2, 3, 4}).empty());
}

TEST(Flatten, RefusesAScaleThatIsNoNumber) {
  EXPECT_EQ(Flatten::Check({.scale_axes = NAN}, {.axes = 1, .readings = 1}), Status::kInvalidArgument);
}

}  // namespace
}  // namespace thimble::dsp
