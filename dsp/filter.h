// Low- and high-pass filters as cascades of second-order sections, and decimation.
#ifndef THIMBLE_DSP_FILTER_H_
#define THIMBLE_DSP_FILTER_H_

#include <cstddef>
#include <span>

namespace thimble::dsp {

/// One second-order section, its numerator known from the cascade: (1 +- z^-1)^2 / (1 + a1 z^-1 + a2 z^-2).
struct Section {
  float a1 = 0;
  float a2 = 0;
};

inline constexpr int kMostSections = 4;

/// A filter of even order up to eight. All zeros of its sections lie at the Nyquist frequency (low-pass) or at 0
/// (high-pass); all gain is in one factor, which goes in front. The sections begin with the most damped one.
struct Cascade {
  Section sections[kMostSections];
  int section_count = 0;
  float gain = 1;
  bool high_pass = false;
};

/// A Butterworth filter by the bilinear transform, -3 dB at `cutoff` half the sampling rate (0 < cutoff < 1), of
/// `order` 0, 2, 4, 6 or 8. Order 0 lets everything through. Worked out in double precision: on a Cortex-M4F some seven
/// thousand cycles a section.
///
/// Source: A. V. Oppenheim, R. W. Schafer, Discrete-Time Signal Processing, 3rd edition, 7.2 and 7.3.
Cascade DesignButterworth(double cutoff, int order, bool high_pass);

/// Whether the filter's answer to an impulse dies away with the coefficients as rounded to float32. Cut-offs very near
/// 0 or the Nyquist frequency fail.
bool IsStable(const Cascade& cascade);

/// Filters in place, from rest.
void Filter(const Cascade& cascade, std::span<float> signal);

/// How many samples are left of `count` after decimation by `ratio`: the first, and every ratio-th from there.
constexpr size_t DecimatedCount(size_t count, size_t ratio) { return (count + ratio - 1) / ratio; }

/// Keeps every ratio-th sample (3 or 10), after a low-pass filter against aliasing: Chebyshev, order 8, 0.05 dB ripple
/// up to 0.8 of the new Nyquist frequency. The filter starts as if the first sample had always been there. Works in
/// place; returns the part of `signal` that holds the result.
std::span<float> Decimate(int ratio, std::span<float> signal);

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_FILTER_H_
