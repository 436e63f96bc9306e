// The flatten block: each axis of a window in up to seven numbers.
#ifndef THIMBLE_DSP_FLATTEN_BLOCK_H_
#define THIMBLE_DSP_FLATTEN_BLOCK_H_

#include <array>
#include <limits>

#include "dsp/block.h"
#include "dsp/fields.h"

namespace thimble::dsp {

/// Per axis, those of these that are wanted, in this order: average, minimum, maximum, root mean square, standard
/// deviation (of the whole, not of a sample), skewness, kurtosis (excess: 0 for a normal distribution). In the unit of
/// the scaled samples; the last two are plain numbers, and 0 and -3 for a constant axis.
///
/// The samples should be finite; if one is not, or if their sum is too large for a float32, its axis is NaN.
///
/// Source: Edge Impulse's processing block "flatten", version 1.
struct Flatten {
  static constexpr const char* kName = "flatten";
  static constexpr std::array<const char*, 0> kIgnored = {};

  struct Params {
    float scale_axes = 1;
    bool average = true;
    bool minimum = true;
    bool maximum = true;
    bool rms = true;
    bool stdev = true;
    bool skewness = true;
    bool kurtosis = true;
  };

  static void Fields(auto&& visit, auto& params) {
    visit(Field{.name = "scale-axes",
                .label = "Scale axes",
                .minimum = -std::numeric_limits<float>::max(),
                .maximum = std::numeric_limits<float>::max(),
                .sentence = "Multiplies every sample before anything else."},
          params.scale_axes);
    visit(Field{.name = "average", .label = "Average", .sentence = "Where the signal lies: the tilt of a sensor."},
          params.average);
    visit(Field{.name = "minimum", .label = "Minimum", .sentence = "The smallest sample."}, params.minimum);
    visit(Field{.name = "maximum", .label = "Maximum", .sentence = "The largest sample."}, params.maximum);
    visit(Field{.name = "rms",
                .label = "Root mean square",
                .sentence = "How strong the signal is, its constant part included."},
          params.rms);
    visit(Field{.name = "stdev",
                .label = "Standard deviation",
                .sentence = "How strong the signal is, without its constant part."},
          params.stdev);
    visit(Field{.name = "skewness",
                .label = "Skewness",
                .sentence = "Whether the signal swings further up (above 0) or down (below 0)."},
          params.skewness);
    visit(Field{.name = "kurtosis",
                .label = "Kurtosis",
                .sentence = "Whether the signal has rare spikes (large) or moves evenly (below 0)."},
          params.kurtosis);
  }

  /// kInvalidArgument for an empty window or a scale that is not a number. The sampling rate does not matter.
  static Status Check(const Params& params, const Window& window);
  static const char* Explain(const Params& params, const Window& window);
  static size_t FeatureCount(const Params& params, const Window& window);
  static Layout LayoutOf(const Params& params, const Window& window) {
    return {.width = static_cast<int>(FeatureCount(params, window))};
  }
  static FeatureName NameOf(const Params& params, const Window& window, size_t feature);
  static size_t PreparedBytes(const Params&, const Window&) { return 0; }
  /// One axis of samples.
  static size_t ScratchBytes(const Params&, const Window& window) {
    return static_cast<size_t>(window.readings) * sizeof(float);
  }
  static void Prepare(const Params&, const Window&, std::span<std::byte>) {}
  static void Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                      std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch);
};

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_FLATTEN_BLOCK_H_
