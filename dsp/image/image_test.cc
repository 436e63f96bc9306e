// Pictures: what counts as a pixel, which windows are pictures, and what features are called.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "dsp/image/block.h"

namespace thimble::dsp {
namespace {

using Channels = Image::Channels;

std::vector<float> FeaturesOf(const Image::Params& params, const Window& window, const std::vector<float>& samples) {
  EXPECT_STREQ(Image::Explain(params, window), nullptr);
  std::vector<float> features(Image::FeatureCount(params, window), NAN);
  Image::Extract(params, window, {}, samples, features, {});
  return features;
}

TEST(Image, UnpacksColours) {
  const Window window = {.axes = 1, .readings = 2, .width = 2, .height = 1};
  const auto features = FeaturesOf({}, window, {0xff0033, 0x0000ff});
  const float expected[] = {1, 0, 0.2f, 0, 0, 1};
  ASSERT_EQ(features.size(), 6u);
  for (size_t i = 0; i < features.size(); ++i) EXPECT_FLOAT_EQ(features[i], expected[i]) << i;
}

TEST(Image, WeighsColoursByHowBrightTheyLook) {
  const Window window = {.axes = 1, .readings = 5, .width = 5, .height = 1};
  const auto features = FeaturesOf({.channels = Channels::kGrayscale}, window, {0xff0000, 0xff00, 0xff, 0, 0xffffff});
  const float expected[] = {0.299f, 0.587f, 0.114f, 0, 1};
  for (size_t i = 0; i < features.size(); ++i) EXPECT_FLOAT_EQ(features[i], expected[i]) << i;
}

TEST(Image, TakesWhatIsNoPixelForBlack) {
  const Window window = {.axes = 1, .readings = 5, .width = 5, .height = 1};
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(FeaturesOf({.channels = Channels::kGrayscale}, window, {NAN, -1, infinity, 5e9f, -infinity}),
            std::vector<float>(5, 0));
}

TEST(Image, IgnoresWhatAFloatKeepsOfATopByte) {
  const Window window = {.axes = 1, .readings = 1, .width = 1, .height = 1};
  const auto features = FeaturesOf({}, window, {static_cast<float>(0xff00ff00u)});
  EXPECT_EQ(features, (std::vector<float>{0, 1, 0}));
}

TEST(Image, RefusesWindowsThatAreNoPictures) {
  const auto refusal = [](const Window& window) {
    EXPECT_EQ(Image::Check({}, window), Status::kInvalidArgument);
    const char* sentence = Image::Explain({}, window);
    return std::string(sentence == nullptr ? "" : sentence).substr(0, 24);
  };
  EXPECT_EQ(refusal({.axes = 1, .readings = 12, .width = 5, .height = 2}), "the window is no whole n");
  EXPECT_EQ(refusal({.axes = 1, .readings = 12, .width = 1 << 16, .height = 1 << 16}), "the window is no whole n");
  EXPECT_EQ(refusal({.axes = 1, .readings = 12}), "the picture's width and ");
  EXPECT_EQ(refusal({.axes = 1, .readings = 12, .width = -3, .height = -4}), "the picture's width and ");
  EXPECT_EQ(refusal({.axes = 3, .readings = 12, .width = 4, .height = 3}), "a picture is one axis of");
  EXPECT_EQ(refusal({.axes = 1, .readings = 0, .width = 4, .height = 3}), "the window is empty; mak");
}

TEST(Image, NamesPixelsByTheirPlace) {
  const Window one = {.axes = 1, .readings = 6, .width = 3, .height = 2};
  EXPECT_STREQ(Image::NameOf({}, one, 13).text, "x 1 y 1 green");
  EXPECT_STREQ(Image::NameOf({.channels = Channels::kGrayscale}, one, 5).text, "x 2 y 1 grey");
  const Window two = {.axes = 1, .readings = 12, .width = 3, .height = 2};
  EXPECT_STREQ(Image::NameOf({}, two, 18).text, "Picture 2 x 0 y 0 red");
  const Layout layout = Image::LayoutOf({}, two);
  EXPECT_EQ(layout.kind, Layout::Kind::kImage);
  EXPECT_EQ(layout.width, 3);
  EXPECT_EQ(layout.height, 2);
  EXPECT_EQ(layout.channels, 3);
  EXPECT_EQ(layout.frames, 2);
}

}  // namespace
}  // namespace thimble::dsp
