// Unpacking, and a division by 255.
#include <iterator>

#include "dsp/feature_text.h"
#include "dsp/image/block.h"
#include "dsp/refusal.h"

namespace thimble::dsp {
namespace {

using Params = Image::Params;

THIMBLE_JUDGE Refusal Judge(const Params& params, const Window& window) {
  THIMBLE_REFUSE_UNLESS(static_cast<size_t>(params.channels) < std::size(Image::kChannelsNames),
                        "the color depth is none of RGB, Grayscale");
  if (const Refusal refusal = JudgeSamples(window); !ok(refusal.status)) return refusal;
  THIMBLE_REFUSE_UNLESS(window.axes == 1,
                        "a picture is one axis of packed pixels, and here are more; pack red, green and blue into one "
                        "number");
  THIMBLE_REFUSE_UNLESS(window.width >= 1 && window.height >= 1,
                        "the picture's width and height are not known; say how many pixels a row and how many rows");
  THIMBLE_REFUSE_UNLESS(
      static_cast<int64_t>(window.readings) % (static_cast<int64_t>(window.width) * window.height) == 0,
      "the window is no whole number of pictures of this width and height; resize the pictures, or correct the size");
  return {};
}

size_t ChannelCount(const Params& params) { return params.channels == Image::Channels::kRgb ? 3 : 1; }

uint32_t PixelOf(float sample) { return sample >= 0 && sample < 0x1p32f ? static_cast<uint32_t>(sample) : 0; }

// A tenth of the time of a division, and 255 still becomes 1 exactly.
constexpr float kScale = 1.0f / 255;
static_assert(255 * kScale == 1);

float Channel(uint32_t pixel, int shift) { return static_cast<float>(pixel >> shift & 0xff); }

}  // namespace

Status Image::Check(const Params& params, const Window& window) { return Judge(params, window).status; }
const char* Image::Explain(const Params& params, const Window& window) { return Judge(params, window).sentence; }

size_t Image::FeatureCount(const Params& params, const Window& window) {
  return window.SampleCount() * ChannelCount(params);
}

Layout Image::LayoutOf(const Params& params, const Window& window) {
  return {.kind = Layout::Kind::kImage,
          .width = window.width,
          .height = window.height,
          .channels = static_cast<int>(ChannelCount(params)),
          .frames = window.readings / (window.width * window.height)};
}

FeatureName Image::NameOf(const Params& params, const Window& window, size_t feature) {
  constexpr const char* kColours[] = {"red", "green", "blue"};
  const size_t width = static_cast<size_t>(window.width);
  const size_t height = static_cast<size_t>(window.height);
  const size_t channels = ChannelCount(params);
  const size_t pixel = feature / channels;
  const size_t row = pixel / width;
  FeatureName name;
  FeatureText text(name);
  if (LayoutOf(params, window).frames > 1) text.Add("Picture ").AddNumber(row / height + 1).Add(" ");
  text.Add("x ").AddNumber(pixel % width).Add(" y ").AddNumber(row % height).Add(" ");
  text.Add(channels == 1 ? "grey" : kColours[feature % channels]);
  return name;
}

void Image::Extract(const Params& params, const Window&, std::span<const std::byte>, std::span<const float> samples,
                    std::span<float> features, std::span<std::byte>) {
  float* out = features.data();
  if (params.channels == Channels::kRgb) {
    for (const float sample : samples) {
      const uint32_t pixel = PixelOf(sample);
      *out++ = Channel(pixel, 16) * kScale;
      *out++ = Channel(pixel, 8) * kScale;
      *out++ = Channel(pixel, 0) * kScale;
    }
  } else {
    for (const float sample : samples) {
      const uint32_t pixel = PixelOf(sample);
      *out++ = (0.299f * Channel(pixel, 16) + 0.587f * Channel(pixel, 8) + 0.114f * Channel(pixel, 0)) * kScale;
    }
  }
}

}  // namespace thimble::dsp
