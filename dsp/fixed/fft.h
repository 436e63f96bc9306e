// The power spectrum of real samples in integers.
#ifndef THIMBLE_DSP_FIXED_FFT_H_
#define THIMBLE_DSP_FIXED_FFT_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "dsp/fft.h"

namespace thimble::dsp::fixed {

struct Complex {
  int32_t re = 0;
  int32_t im = 0;
};

/// The sum of the magnitudes of all samples is at most that, so that no number on the way grows larger.
inline constexpr int32_t kLargestSum = 1 << 29;

/// power[k] = |2 X[k] / 2^s|^2, X[k] = sum over n of samples[n] * e^(-2 pi i k n / length), k = 0 … length / 2. Returns
/// s, from 0 on: no larger than it must be for the largest power to be below 2^31.
///
/// samples.size() is the length, for which IsFftLength holds; power.size() and scratch.size() are FftBins(length). None
/// of them may overlap. The roots have 16 bits, sums and products 32: a bin is off by some 2^-17 of the largest one, or
/// by a unit or two of the samples times the root of the length, if that is more.
int PowerSpectrum(std::span<const int32_t> samples, std::span<uint32_t> power, std::span<Complex> scratch);

}  // namespace thimble::dsp::fixed

#endif  // THIMBLE_DSP_FIXED_FFT_H_
