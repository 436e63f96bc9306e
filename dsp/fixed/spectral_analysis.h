// Spectral analysis in integers.
#ifndef THIMBLE_DSP_FIXED_SPECTRAL_ANALYSIS_H_
#define THIMBLE_DSP_FIXED_SPECTRAL_ANALYSIS_H_

#include "dsp/fixed/fixed_block.h"
#include "dsp/spectral_analysis/block.h"

namespace thimble::dsp::fixed {

/// As dsp::SpectralAnalysis, of which it has the analysis type FFT without decimation and without extra_low_freq.
///
/// A window's samples are brought to 16 bits behind its filter, so that a weak signal keeps its precision. A bin some
/// 90 dB below the strongest one counts as if it held that much.
struct SpectralAnalysis {
  using Twin = dsp::SpectralAnalysis;
  using Params = Twin::Params;

  static Status Check(const Params& params, const Window& window, float unit);
  static const char* Explain(const Params& params, const Window& window, float unit);
  /// Sizes, factors, and the filter.
  static size_t PreparedBytes(const Params& params, const Window& window);
  /// One axis of samples, one transform and one spectrum.
  static size_t ScratchBytes(const Params& params, const Window& window);
  static void Prepare(const Params& params, const Window& window, float unit, std::span<std::byte> prepared);
  static void Extract(std::span<const std::byte> prepared, std::span<const int16_t> samples,
                      std::span<int32_t> features, std::span<std::byte> scratch);
};

}  // namespace thimble::dsp::fixed

#endif  // THIMBLE_DSP_FIXED_SPECTRAL_ANALYSIS_H_
