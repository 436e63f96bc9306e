// The MFE block: how loud each band of hearing is, frame by frame; for sounds of any kind.
#ifndef THIMBLE_DSP_MFE_BLOCK_H_
#define THIMBLE_DSP_MFE_BLOCK_H_

#include <array>

#include "dsp/audio_fields.h"
#include "dsp/block.h"
#include "dsp/frames.h"

namespace thimble::dsp {

/// Mel-filter bank energies in decibels, from 0 (the noise floor) to 1 (12 dB), in steps of 1/256.
///
///   samples   the values of a 16-bit recording, so within ±32768; divided by 32768
///   emphasis  y[n] = x[n] - 0.98 x[n-1]; the sample before the first one is the last one
///   frames    each is cut to fft_length, or filled up with zeros; no taper; power |X|^2 / fft_length
///   bands     num_filters triangles on the mel scale (dsp/mel_filterbank.h)
///   features  10 log10(energy) dB; (dB - noise_floor_db) / (12 - noise_floor_db) rounded to 1/256, at most 255/256
///
/// Rows of num_filters features, low bands first, one row a frame. A frame with a sample that is not finite, or too
/// large for its power to be a float32, has the features 0 or 255/256.
///
/// Source: Edge Impulse's processing block "mfe", version 4.
struct Mfe {
  static constexpr const char* kName = "mfe";

  /// Of versions before 3, which normalised over a sliding window.
  static constexpr std::array<const char*, 1> kIgnored = {"win_size"};

  struct Params {
    float frame_length = 0.02f;
    float frame_stride = 0.01f;
    int num_filters = 40;
    int fft_length = 256;
    int low_frequency = 0;
    int high_frequency = 0;
    int noise_floor_db = -52;
  };

  static void Fields(auto&& visit, auto& params) {
    visit(kFrameLengthField, params.frame_length);
    visit(kFrameStrideField, params.frame_stride);
    visit(kNumFiltersField, params.num_filters);
    visit(kFftLengthField, params.fft_length);
    visit(kLowFrequencyField, params.low_frequency);
    visit(kHighFrequencyField, params.high_frequency);
    visit(kNoiseFloorField, params.noise_floor_db);
  }

  static Status Check(const Params& params, const Window& window);
  static const char* Explain(const Params& params, const Window& window);
  static size_t FeatureCount(const Params& params, const Window& window);
  static Layout LayoutOf(const Params& params, const Window& window);
  static FeatureName NameOf(const Params& params, const Window& window, size_t feature);
  /// The edges of the bands.
  static size_t PreparedBytes(const Params& params, const Window& window);
  /// One frame, its transform and its power.
  static size_t ScratchBytes(const Params& params, const Window& window);
  static void Prepare(const Params& params, const Window& window, std::span<std::byte> prepared);
  static void Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                      std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch);

  // As a FrameBlock (dsp/frames.h).
  static Frames FramesOf(const Params& params, const Window& window);
  static Emphasis EmphasisOf(const Params&) { return {.coefficient = 0.98f, .shift = 1}; }
  static size_t RowLength(const Params& params) { return static_cast<size_t>(params.num_filters); }
  static size_t FrameScratchBytes(const Params& params);
  static void Row(const Params& params, std::span<const std::byte> prepared, std::span<const float> frame,
                  std::span<float> row, Arena scratch);
  static void Finish(const Params&, const Window&, std::span<float>, Arena) {}
};

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_MFE_BLOCK_H_
