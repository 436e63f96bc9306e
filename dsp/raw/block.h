// The raw-data block: the samples themselves, scaled, are the features.
#ifndef THIMBLE_DSP_RAW_BLOCK_H_
#define THIMBLE_DSP_RAW_BLOCK_H_

#include <array>
#include <limits>

#include "dsp/block.h"
#include "dsp/fields.h"

namespace thimble::dsp {

/// features[i] = samples[i] * scale_axes, in the order of the samples.
///
/// Source: Edge Impulse's processing block "raw", version 1.
struct Raw {
  static constexpr const char* kName = "raw";
  static constexpr std::array<const char*, 0> kIgnored = {};

  struct Params {
    float scale_axes = 1;
  };
  static void Fields(auto&& visit, auto& params) {
    visit(Field{.name = "scale-axes",
                .label = "Scale axes",
                .minimum = -std::numeric_limits<float>::max(),
                .maximum = std::numeric_limits<float>::max(),
                .sentence = "Multiplies every sample, to bring it to the size the network likes: about 1."},
          params.scale_axes);
  }

  /// kInvalidArgument for an empty window or a scale that is not a number.
  static Status Check(const Params& params, const Window& window);
  static const char* Explain(const Params& params, const Window& window);
  static size_t FeatureCount(const Params&, const Window& window) { return window.SampleCount(); }
  static Layout LayoutOf(const Params&, const Window& window) {
    return {.width = static_cast<int>(window.SampleCount())};
  }
  /// "Reading 3" for the third reading of an axis.
  static FeatureName NameOf(const Params& params, const Window& window, size_t feature);
  static size_t PreparedBytes(const Params&, const Window&) { return 0; }
  static size_t ScratchBytes(const Params&, const Window&) { return 0; }
  static void Prepare(const Params&, const Window&, std::span<std::byte>) {}
  static void Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                      std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch);
};

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_RAW_BLOCK_H_
