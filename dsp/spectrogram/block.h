// The spectrogram block: how loud each frequency is, frame by frame; for sounds without speech, and vibrations.
#ifndef THIMBLE_DSP_SPECTROGRAM_BLOCK_H_
#define THIMBLE_DSP_SPECTROGRAM_BLOCK_H_

#include <array>

#include "dsp/audio_fields.h"
#include "dsp/block.h"
#include "dsp/frames.h"

namespace thimble::dsp {

/// Power of each bin in decibels, from 0 (the noise floor) on; 1 is 12 dB, and louder goes beyond.
///
///   samples   as they are: power is in units of their square
///   frames    each is cut to fft_length, or filled up with zeros; no taper; power |X|^2 / fft_length
///   features  10 log10(power) dB; (dB - noise_floor_db) / (12 - noise_floor_db), at least 0
///
/// Rows of fft_length / 2 + 1 features, low frequencies first, one row a frame. Power that is not a finite float32,
/// because a sample is not or because it is too large, counts as 0 or as the largest float32.
///
/// Source: Edge Impulse's processing block "spectrogram", version 4.
struct Spectrogram {
  static constexpr const char* kName = "spectrogram";

  /// How the reference draws.
  static constexpr std::array<const char*, 1> kIgnored = {"show_axes"};

  struct Params {
    float frame_length = 0.02f;
    float frame_stride = 0.01f;
    int fft_length = 128;
    int noise_floor_db = -52;
  };

  static void Fields(auto&& visit, auto& params) {
    visit(kFrameLengthField, params.frame_length);
    visit(kFrameStrideField, params.frame_stride);
    visit(kFftLengthField, params.fft_length);
    visit(kNoiseFloorField, params.noise_floor_db);
  }

  static Status Check(const Params& params, const Window& window);
  static const char* Explain(const Params& params, const Window& window);
  static size_t FeatureCount(const Params& params, const Window& window);
  static Layout LayoutOf(const Params& params, const Window& window);
  static FeatureName NameOf(const Params& params, const Window& window, size_t feature);
  static size_t PreparedBytes(const Params&, const Window&) { return 0; }
  /// One frame and its transform.
  static size_t ScratchBytes(const Params& params, const Window& window);
  static void Prepare(const Params&, const Window&, std::span<std::byte>) {}
  static void Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                      std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch);

  // As a FrameBlock (dsp/frames.h).
  static Frames FramesOf(const Params& params, const Window& window);
  static Emphasis EmphasisOf(const Params&) { return {}; }
  static size_t RowLength(const Params& params) { return FftBins(params.fft_length); }
  static size_t FrameScratchBytes(const Params& params);
  static void Row(const Params& params, std::span<const std::byte> prepared, std::span<const float> frame,
                  std::span<float> row, Arena scratch);
  static void Finish(const Params&, const Window&, std::span<float>, Arena) {}
};

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_SPECTROGRAM_BLOCK_H_
