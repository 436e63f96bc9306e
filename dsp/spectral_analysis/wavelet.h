// The wavelet analysis of one signal: halved again and again into a slow and a fast part, each told in 14 numbers.
#ifndef THIMBLE_DSP_SPECTRAL_ANALYSIS_WAVELET_H_
#define THIMBLE_DSP_SPECTRAL_ANALYSIS_WAVELET_H_

#include <cstddef>
#include <span>

#include "dsp/spectral_analysis/block.h"

namespace thimble::dsp {

inline constexpr int kMostWaveletLevels = 7;

/// Numbers a part: entropy, zero crossings, mean crossings, percentiles 5, 25, 75, 95, median, mean, deviation,
/// variance, root mean square, skewness, kurtosis.
inline constexpr int kBandFeatures = 14;

/// Taps of the longest filter.
inline constexpr size_t kLongestWavelet = 20;

/// One of the two filters that split a signal: output k is the sum of values[i] * signal[2k + 2 - length + first + i],
/// i < count.
struct WaveletTaps {
  float values[kLongestWavelet];
  size_t first;
  size_t count;
};

struct WaveletFilters {
  WaveletTaps low;
  WaveletTaps high;
  size_t length;  ///< even; zeros around the taps of the shorter filter included
};

WaveletFilters FiltersOf(SpectralAnalysis::Wavelet wavelet);

/// Fewer readings leave too little of the slowest part.
constexpr size_t ShortestForWavelets(int level) { return size_t{32} << level; }

constexpr size_t WaveletFeatureCount(int level) {
  return static_cast<size_t>(kBandFeatures) * static_cast<size_t>(level + 1);
}

/// Room for a signal of `count` samples that begins kLongestWavelet floats into it, and its mirror images at both ends.
constexpr size_t WaveletSignalFloats(size_t count) { return count + 2 * kLongestWavelet; }

/// Room for the fast part of such a signal.
constexpr size_t WaveletDetailFloats(size_t count) { return (count + kLongestWavelet - 1) / 2; }

/// Takes the mean off the signal and writes WaveletFeatureCount(level) numbers to `features`: of the slow part that is
/// left at the end, then of the fast parts from the slowest to the fastest.
///
/// `room` holds WaveletSignalFloats(count) floats, of them `count` >= ShortestForWavelets(level) samples from number
/// kLongestWavelet on; `detail` holds WaveletDetailFloats(count). Both are overwritten.
///
/// A part is a signal mirrored at its ends (x1 x0 | x0 x1 …) under a filter, every second number of the result.
/// Entropy is that of 100 equal bins from the smallest number to the largest, in nats; crossings are a share of the
/// numbers; a percentile is the nearest of the sorted numbers (a half rounds up); the deviation divides by their
/// count, the variance by one less; a constant has entropy, skewness and kurtosis 0. A part with a number that is not
/// finite is 14 times NaN.
///
/// Source: I. Daubechies, Ten Lectures on Wavelets, 5.6 (the splitting); the numbers and their order, from Edge
/// Impulse's processing block "spectral-analysis", version 4.
void WaveletFeatures(SpectralAnalysis::Wavelet wavelet, int level, std::span<float> room, size_t count,
                     std::span<float> detail, float* features);

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_SPECTRAL_ANALYSIS_WAVELET_H_
