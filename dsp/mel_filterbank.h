// Triangular filters, evenly spaced on the mel scale: how much power each band of hearing gets.
#ifndef THIMBLE_DSP_MEL_FILTERBANK_H_
#define THIMBLE_DSP_MEL_FILTERBANK_H_

#include <cstddef>
#include <span>

#include "base/arena.h"
#include "dsp/fft.h"
#include "dsp/refusal.h"

namespace thimble::dsp {

inline constexpr int kFewestMelFilters = 2;
inline constexpr int kMostMelFilters = 256;
inline constexpr int kHighestBandHz = 1'000'000;

/// Filter m rises from the bin of edge m to that of edge m + 1, where it is 1, and falls to that of edge m + 2. The
/// edges have equal distances in mel = 1127 ln(1 + hz / 700); the bin of an edge is
/// floor((fft_length + 1) * hz / rate_hz), and the last edge is taken 0.001 Hz lower.
///
/// Source: Edge Impulse's processing blocks, version 4, after the filters of SpeechPy (A. Torfi, 2018).
struct MelFilters {
  int count = 0;
  int fft_length = 0;
  float rate_hz = 0;
  int low_hz = 0;
  int high_hz = 0;  ///< 0: half the rate

  float HighHz() const { return high_hz == 0 ? rate_hz / 2 : static_cast<float>(high_hz); }
};

/// Whether some filter lies between two bins of the transform, so that it would never see any power.
bool HasEmptyFilter(const MelFilters& filters);

THIMBLE_JUDGE Refusal JudgeMelFilters(const MelFilters& filters) {
  THIMBLE_REFUSE_UNLESS(filters.count >= kFewestMelFilters && filters.count <= kMostMelFilters,
                        "the number of filters is not from 2 to 256; 40 suit speech");
  THIMBLE_REFUSE_UNLESS(IsFftLength(filters.fft_length), "the FFT length is not a power of two from 8 to 4096");
  THIMBLE_REFUSE_UNLESS(filters.low_hz >= 0, "the low frequency is below 0 Hz; 0 takes everything from the lowest on");
  THIMBLE_REFUSE_UNLESS(filters.high_hz >= 0, "the high frequency is below 0 Hz; 0 stands for half the sampling rate");
  THIMBLE_REFUSE_UNLESS(
      filters.HighHz() <= filters.rate_hz / 2,
      "the high frequency is above half the sampling rate; lower it, or 0 for half the sampling rate");
  THIMBLE_REFUSE_UNLESS(static_cast<float>(filters.low_hz) < filters.HighHz(),
                        "the low frequency is not below the high one; lower the one or raise the other");
  THIMBLE_REFUSE_UNLESS(!HasEmptyFilter(filters),
                        "a mel filter is narrower than a bin of the FFT and would be always 0; take fewer filters, or "
                        "a longer FFT");
  return {};
}

/// The frequency at which filter `filter` is 1 (before rounding to a bin), in Hz.
float MelCentreHz(const MelFilters& filters, int filter);

/// The bin of edge `edge`, 0 … count + 1.
int MelEdgeBin(const MelFilters& filters, int edge);

/// The edges of a filter bank, in memory that the caller keeps.
class MelFilterbank {
 public:
  static constexpr size_t Bytes(int filters) { return AlignUp((static_cast<size_t>(filters) + 2) * sizeof(Edge)); }

  /// Works the edges out into `memory`: Bytes(filters.count), aligned to kArenaAlignment. Some 12,000 cycles an edge on
  /// a Cortex-M4F.
  static void Prepare(const MelFilters& filters, std::span<std::byte> memory);

  /// The filter bank of `filters` filters that Prepare wrote.
  MelFilterbank(int filters, std::span<const std::byte> memory)
      : edges_(reinterpret_cast<const Edge*>(memory.data()), static_cast<size_t>(filters) + 2) {}

  /// energies[m] = scale * (sum over k of weight of filter m at bin k * power[k]), for FftBins(fft_length) powers.
  /// Between two edges the sums run from low bins to high ones.
  void Apply(std::span<const float> power, float scale, std::span<float> energies) const;

 private:
  struct Edge {
    int bin;
    float slope;  // 1 / bins up to the next edge; 0 if that is the same bin
  };
  std::span<const Edge> edges_;
};

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_MEL_FILTERBANK_H_
