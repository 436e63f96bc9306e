// Mel-filterbank energies in integers.
#ifndef THIMBLE_DSP_FIXED_MFE_H_
#define THIMBLE_DSP_FIXED_MFE_H_

#include "dsp/fixed/fixed_block.h"
#include "dsp/mfe/block.h"

namespace thimble::dsp::fixed {

/// As dsp::Mfe. Samples of 16 bits have the unit 1.
///
/// Features are whole 256ths, as the twin's, of which few differ, by one. Power some 90 dB below the loudest of its
/// frame is not seen, where the twin sees 140.
struct Mfe {
  using Twin = dsp::Mfe;
  using Params = Twin::Params;

  static Status Check(const Params& params, const Window& window, float unit);
  static const char* Explain(const Params& params, const Window& window, float unit);
  /// Sizes, factors, and the edges of the bands.
  static size_t PreparedBytes(const Params& params, const Window& window);
  /// One frame, its transform and its power.
  static size_t ScratchBytes(const Params& params, const Window& window);
  static void Prepare(const Params& params, const Window& window, float unit, std::span<std::byte> prepared);
  static void Extract(std::span<const std::byte> prepared, std::span<const int16_t> samples,
                      std::span<int32_t> features, std::span<std::byte> scratch);
};

}  // namespace thimble::dsp::fixed

#endif  // THIMBLE_DSP_FIXED_MFE_H_
