// Mel-frequency cepstral coefficients in integers.
#ifndef THIMBLE_DSP_FIXED_MFCC_H_
#define THIMBLE_DSP_FIXED_MFCC_H_

#include "dsp/fixed/fixed_block.h"
#include "dsp/mfcc/block.h"

namespace thimble::dsp::fixed {

/// As dsp::Mfcc. Samples of 16 bits have the unit 1.
///
/// A band that holds some 90 dB less than its frame's loudest counts as if it held that much, where the twin sees
/// 140 dB.
struct Mfcc {
  using Twin = dsp::Mfcc;
  using Params = Twin::Params;

  static Status Check(const Params& params, const Window& window, float unit);
  static const char* Explain(const Params& params, const Window& window, float unit);
  /// Sizes, factors, the edges of the bands, and the cosines.
  static size_t PreparedBytes(const Params& params, const Window& window);
  /// One frame, its transform, its power and its bands.
  static size_t ScratchBytes(const Params& params, const Window& window);
  static void Prepare(const Params& params, const Window& window, float unit, std::span<std::byte> prepared);
  static void Extract(std::span<const std::byte> prepared, std::span<const int16_t> samples,
                      std::span<int32_t> features, std::span<std::byte> scratch);
};

}  // namespace thimble::dsp::fixed

#endif  // THIMBLE_DSP_FIXED_MFCC_H_
