// The MFCC block: the colour of a voice, frame by frame, with few numbers; for speech.
#ifndef THIMBLE_DSP_MFCC_BLOCK_H_
#define THIMBLE_DSP_MFCC_BLOCK_H_

#include <array>

#include "dsp/audio_fields.h"
#include "dsp/block.h"
#include "dsp/frames.h"

namespace thimble::dsp {

/// Mel-frequency cepstral coefficients, normalised over a sliding window of frames.
///
///   emphasis      y[n] = x[n] - pre_cof x[n - pre_shift]; before the first samples come the last ones
///   frames        each is cut to fft_length, or filled up with zeros; no taper; power |X|^2 / fft_length
///   bands         num_filters triangles on the mel scale (dsp/mel_filterbank.h); ln of their energies, of 0: ln 1e-10
///   coefficients  0: ln of the frame's whole power; 1 …: the orthonormal discrete cosine transform (type II) of the
///                 bands; at most as many as there are filters
///   normalised    minus the mean of the win_size frames around, over (their standard deviation + 1e-10); the frames go
///                 on beyond the window's ends as in mirrors. win_size 0 leaves them as they are
///
/// Rows of min(num_cepstral, num_filters) features, one row a frame. The scale of the samples is of no matter with
/// normalisation. The features are finite, whatever the samples are.
///
/// Source: Edge Impulse's processing block "mfcc", version 4.
struct Mfcc {
  static constexpr const char* kName = "mfcc";
  static constexpr std::array<const char*, 0> kIgnored = {};
  static constexpr int kLongestNormalisation = 4095;

  struct Params {
    int num_cepstral = 13;
    float frame_length = 0.02f;
    float frame_stride = 0.02f;
    int num_filters = 32;
    int fft_length = 256;
    int win_size = 101;
    int low_frequency = 0;
    int high_frequency = 0;
    float pre_cof = 0.98f;
    int pre_shift = 1;
  };

  static void Fields(auto&& visit, auto& params) {
    visit(Field{.name = "num_cepstral",
                .label = "Number of coefficients",
                .minimum = 1,
                .maximum = kMostMelFilters,
                .sentence = "The more, the finer the detail of the spectrum's shape; 10 to 13 suit speech."},
          params.num_cepstral);
    visit(kFrameLengthField, params.frame_length);
    visit(kFrameStrideField, params.frame_stride);
    visit(kNumFiltersField, params.num_filters);
    visit(kFftLengthField, params.fft_length);
    visit(Field{.name = "win_size",
                .label = "Normalization window size",
                .unit = "frames",
                .minimum = 0,
                .maximum = kLongestNormalisation,
                .sentence = "Odd: each coefficient is compared with so many frames around; 0 for no normalisation."},
          params.win_size);
    visit(kLowFrequencyField, params.low_frequency);
    visit(kHighFrequencyField, params.high_frequency);
    visit(Field{.name = "pre_cof",
                .label = "Pre-emphasis coefficient",
                .minimum = -1,
                .maximum = 1,
                .sentence = "How much high frequencies are lifted above low ones; 0 for not at all."},
          params.pre_cof);
    visit(Field{.name = "pre_shift",
                .label = "Pre-emphasis shift",
                .unit = "samples",
                .minimum = 1,
                .maximum = 1024,
                .sentence = "How far back the sample is that pre-emphasis takes away; 1 nearly always."},
          params.pre_shift);
  }

  static Status Check(const Params& params, const Window& window);
  static const char* Explain(const Params& params, const Window& window);
  static size_t FeatureCount(const Params& params, const Window& window);
  static Layout LayoutOf(const Params& params, const Window& window);
  static FeatureName NameOf(const Params& params, const Window& window, size_t feature);
  /// The edges of the bands, and the cosines.
  static size_t PreparedBytes(const Params& params, const Window& window);
  /// One frame, its transform, its power and its bands.
  static size_t ScratchBytes(const Params& params, const Window& window);
  static void Prepare(const Params& params, const Window& window, std::span<std::byte> prepared);
  static void Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                      std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch);

  // As a FrameBlock (dsp/frames.h).
  static Frames FramesOf(const Params& params, const Window& window);
  static Emphasis EmphasisOf(const Params& params) { return {params.pre_cof, params.pre_shift}; }
  static size_t RowLength(const Params& params) {
    return static_cast<size_t>(params.num_cepstral < params.num_filters ? params.num_cepstral : params.num_filters);
  }
  static size_t FrameScratchBytes(const Params& params);
  static void Row(const Params& params, std::span<const std::byte> prepared, std::span<const float> frame,
                  std::span<float> row, Arena scratch);
  static void Finish(const Params& params, const Window& window, std::span<float> rows, Arena scratch);
};

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_MFCC_BLOCK_H_
