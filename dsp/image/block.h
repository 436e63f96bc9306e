// The image block: pixels become numbers from 0 to 1.
#ifndef THIMBLE_DSP_IMAGE_BLOCK_H_
#define THIMBLE_DSP_IMAGE_BLOCK_H_

#include <array>
#include <cstdint>

#include "dsp/block.h"
#include "dsp/fields.h"

namespace thimble::dsp {

/// Pixel by pixel, in the order they came: red, green, blue, each times 1/255; or in greys, one number
/// (0.299 red + 0.587 green + 0.114 blue) times 1/255 (luma of ITU-R BT.601).
///
/// A sample is one pixel, 0xRRGGBB. Only a whole number below 2^24 is exact in a float32, so whoever has something in
/// the top byte (an opacity) takes it off before making a float of it; what is left of it here is ignored. A sample
/// that is no pixel at all (negative, NaN, 2^32 or more) counts as black.
///
/// The window says the width and the height of a picture; it may hold several pictures, one after the other.
///
/// Source: Edge Impulse's processing block "image", version 1. To bring a picture to the size that a network wants:
/// dsp/resize.h.
struct Image {
  static constexpr const char* kName = "image";
  static constexpr std::array<const char*, 0> kIgnored = {};

  enum class Channels : uint8_t { kRgb, kGrayscale };
  static constexpr const char* kChannelsNames[] = {"RGB", "Grayscale"};

  struct Params {
    Channels channels = Channels::kRgb;
  };

  static void Fields(auto&& visit, auto& params) {
    visit(Field{.name = "channels",
                .label = "Color depth",
                .choices = kChannelsNames,
                .sentence = "Three numbers a pixel (RGB), or its brightness alone: a third of the memory and time."},
          params.channels);
  }

  /// kInvalidArgument unless the window is whole pictures of a known width and height.
  static Status Check(const Params& params, const Window& window);
  static const char* Explain(const Params& params, const Window& window);
  static size_t FeatureCount(const Params& params, const Window& window);
  static Layout LayoutOf(const Params& params, const Window& window);
  static FeatureName NameOf(const Params& params, const Window& window, size_t feature);
  static size_t PreparedBytes(const Params&, const Window&) { return 0; }
  static size_t ScratchBytes(const Params&, const Window&) { return 0; }
  static void Prepare(const Params&, const Window&, std::span<std::byte>) {}
  static void Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                      std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch);
};

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_IMAGE_BLOCK_H_
