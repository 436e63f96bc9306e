#include "cli/spectrum.h"

#include <cmath>
#include <numbers>

#include "dsp/fft.h"

namespace thimble::cli {

int SpectrumLength(int readings, int most) {
  int length = dsp::kShortestFft;
  while (2 * length <= readings && length < most) length *= 2;
  return length;
}

std::vector<double> PowerSpectrumOf(std::span<const float> samples, const dsp::Window& window, size_t axis,
                                    int length) {
  const auto axes = static_cast<size_t>(window.axes);
  const auto readings = static_cast<size_t>(window.readings);
  const auto frame_length = static_cast<size_t>(length);
  double mean = 0;
  for (size_t i = 0; i < readings; ++i) mean += static_cast<double>(samples[i * axes + axis]);
  mean /= static_cast<double>(readings);

  std::vector<double> power(dsp::FftBins(length), 0);
  std::vector<float> frame(frame_length);
  std::vector<dsp::Complex> bins(dsp::FftBins(length));
  size_t frames = 0;
  for (size_t start = 0; start == 0 || start + frame_length <= readings; start += frame_length / 2) {
    for (size_t i = 0; i < frame_length; ++i) {
      const double taper = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / length);
      const double value = start + i < readings ? static_cast<double>(samples[(start + i) * axes + axis]) - mean : 0.0;
      frame[i] = static_cast<float>(taper * value);
    }
    dsp::RealFft(frame, bins);
    for (size_t k = 0; k < power.size(); ++k) {
      power[k] += static_cast<double>(bins[k].re) * static_cast<double>(bins[k].re) +
                  static_cast<double>(bins[k].im) * static_cast<double>(bins[k].im);
    }
    ++frames;
  }
  // The taper sums to half the length, and a sine has half its amplitude on either side of zero hertz.
  const double scale = 16.0 / (static_cast<double>(length) * length * static_cast<double>(frames));
  for (double& value : power) value *= scale;
  return power;
}

}  // namespace thimble::cli
