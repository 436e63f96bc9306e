// The fast Fourier transform of real samples: 8 to 4096 of them, in float32, with the same bits everywhere.
#ifndef THIMBLE_DSP_FFT_H_
#define THIMBLE_DSP_FFT_H_

#include <cstddef>
#include <span>

namespace thimble::dsp {

inline constexpr int kShortestFft = 8;
inline constexpr int kLongestFft = 4096;

constexpr bool IsFftLength(int length) {
  return length >= kShortestFft && length <= kLongestFft && (length & (length - 1)) == 0;
}

struct Complex {
  float re = 0;
  float im = 0;
};

/// The bins of a real transform of `length` samples: 0 (the sum of all) to length / 2 (the Nyquist frequency).
constexpr size_t FftBins(int length) { return static_cast<size_t>(length) / 2 + 1; }

/// bins[k] = sum over n of samples[n] * e^(-2 pi i k n / length), not scaled, k = 0 … length / 2.
///
/// samples.size() is the length, for which IsFftLength holds; bins.size() is FftBins(length). They may not overlap.
/// Error: below 4e-7 of the largest bin for the lengths up to 4096 (tested against a transform in double).
void RealFft(std::span<const float> samples, std::span<Complex> bins);

/// power[k] = |X[k]|^2 = re * re + im * im of what RealFft gives, the same bits, not scaled; quicker than making the
/// bins first.
///
/// power.size() and scratch.size() are FftBins(samples.size()). None of the three may overlap.
void PowerSpectrum(std::span<const float> samples, std::span<float> power, std::span<Complex> scratch);

/// The same where |X[k]|^2 is larger than power[k], which is not negative; NaN is larger than all. Over several frames
/// that makes the largest power at each frequency.
void RaisePowerSpectrum(std::span<const float> samples, std::span<float> power, std::span<Complex> scratch);

/// The same for at most kLongestShortFft samples. A program that names no other transform holds 136 bytes of roots, not
/// 4 KiB.
inline constexpr int kLongestShortFft = 128;
void RaiseShortPowerSpectrum(std::span<const float> samples, std::span<float> power, std::span<Complex> scratch);

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_FFT_H_
