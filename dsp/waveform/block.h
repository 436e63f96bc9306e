// The waveform block: the samples themselves, thinned out and centred, for networks that look at shapes in time.
#ifndef THIMBLE_DSP_WAVEFORM_BLOCK_H_
#define THIMBLE_DSP_WAVEFORM_BLOCK_H_

#include <array>
#include <limits>

#include "dsp/block.h"
#include "dsp/fields.h"

namespace thimble::dsp {

/// Every axis for itself:
///
///   thinned   y[r] = (x[r n] + … + x[r n + n - 1]) / n, n the decimation; readings that fill no whole n are left out
///   centred   minus (y[0] + y[1] + …) / frames: gravity and a sensor's offset go, and with them how a board is held
///   scaled    times scale-axes
///
/// Rows of one feature an axis, one row a frame of n readings. Sums are taken in the order of time. A mean of n
/// readings is a low pass good enough for motion, and costs a device an addition a sample.
struct Waveform {
  static constexpr const char* kName = "waveform";
  static constexpr std::array<const char*, 0> kIgnored = {};
  static constexpr int kMostDecimation = 1000;

  struct Params {
    int decimation = 1;
    bool centre = true;
    float scale_axes = 1;
  };

  static void Fields(auto&& visit, auto& params) {
    visit(Field{.name = "decimation",
                .label = "Readings a frame",
                .minimum = 1,
                .maximum = kMostDecimation,
                .sentence = "So many readings become their mean; 4 turns 104 Hz into 26 Hz, enough for a hand."},
          params.decimation);
    visit(Field{.name = "centre",
                .label = "Centre",
                .sentence = "Takes away each axis' mean over the window: gravity, and how the sensor is held."},
          params.centre);
    visit(Field{.name = "scale-axes",
                .label = "Scale axes",
                .minimum = -std::numeric_limits<float>::max(),
                .maximum = std::numeric_limits<float>::max(),
                .sentence = "Multiplies every feature, to bring it to the size the network likes: about 1."},
          params.scale_axes);
  }

  /// kInvalidArgument for a window shorter than one frame, or a scale that is not a number.
  static Status Check(const Params& params, const Window& window);
  static const char* Explain(const Params& params, const Window& window);
  static size_t FeatureCount(const Params& params, const Window& window);
  static Layout LayoutOf(const Params& params, const Window& window);
  /// "Frame 3" for the third mean of an axis.
  static FeatureName NameOf(const Params& params, const Window& window, size_t feature);
  static size_t PreparedBytes(const Params&, const Window&) { return 0; }
  static size_t ScratchBytes(const Params&, const Window&) { return 0; }
  static void Prepare(const Params&, const Window&, std::span<std::byte>) {}
  static void Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                      std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch);
};

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_WAVEFORM_BLOCK_H_
