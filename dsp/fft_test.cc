// The transform against its definition, in every length.
#include "dsp/fft.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <random>
#include <vector>

namespace thimble::dsp {
namespace {

std::vector<Complex> Transform(const std::vector<float>& samples) {
  std::vector<Complex> bins(FftBins(static_cast<int>(samples.size())));
  RealFft(samples, bins);
  return bins;
}

// By the definition, in double.
std::vector<std::complex<double>> Slow(const std::vector<float>& samples) {
  const size_t length = samples.size();
  std::vector<std::complex<double>> roots(length);
  for (size_t i = 0; i < length; ++i) {
    roots[i] = std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(length));
  }
  std::vector<std::complex<double>> bins(length / 2 + 1);
  for (size_t k = 0; k < bins.size(); ++k) {
    for (size_t n = 0; n < length; ++n) bins[k] += static_cast<double>(samples[n]) * roots[k * n % length];
  }
  return bins;
}

std::vector<float> Noise(int length, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> sample(-1, 1);
  std::vector<float> samples(static_cast<size_t>(length));
  for (float& value : samples) value = sample(random);
  return samples;
}

TEST(RealFft, AgreesWithTheDefinitionInDouble) {
  for (int length = kShortestFft; length <= kLongestFft; length *= 2) {
    const std::vector<float> samples = Noise(length, 3);
    const std::vector<Complex> got = Transform(samples);
    const std::vector<std::complex<double>> want = Slow(samples);
    double largest = 0;
    double error = 0;
    for (size_t k = 0; k < want.size(); ++k) {
      largest = std::max(largest, std::abs(want[k]));
      error = std::max(error, std::abs(std::complex<double>(got[k].re, got[k].im) - want[k]));
    }
    EXPECT_LE(error / largest, 4e-7) << length;
  }
}

TEST(RealFft, OfAnImpulseAtZeroIsExactlyOneEverywhere) {
  for (int length = kShortestFft; length <= kLongestFft; length *= 2) {
    std::vector<float> samples(static_cast<size_t>(length));
    samples[0] = 1;
    for (const Complex& bin : Transform(samples)) {
      ASSERT_EQ(bin.re, 1.0f) << length;
      ASSERT_EQ(bin.im, 0.0f) << length;
    }
  }
}

TEST(RealFft, OfAConstantIsExactlyItsSum) {
  for (int length = kShortestFft; length <= kLongestFft; length *= 2) {
    const std::vector<Complex> bins = Transform(std::vector<float>(static_cast<size_t>(length), 0.75f));
    EXPECT_EQ(bins[0].re, 0.75f * static_cast<float>(length));
    for (size_t k = 1; k < bins.size(); ++k) {
      ASSERT_EQ(bins[k].re, 0.0f) << length << " bin " << k;
      ASSERT_EQ(bins[k].im, 0.0f) << length << " bin " << k;
    }
  }
}

// As PowerSpectrum promises, from the bins.
std::vector<float> PowersOf(const std::vector<float>& samples) {
  std::vector<float> powers;
  for (const Complex& bin : Transform(samples)) powers.push_back(bin.re * bin.re + bin.im * bin.im);
  return powers;
}

TEST(PowerSpectrum, IsThatOfTheBinsBitForBit) {
  for (int length = kShortestFft; length <= kLongestFft; length *= 2) {
    const std::vector<float> samples = Noise(length, 5);
    std::vector<float> powers(FftBins(length), -1.0f);
    std::vector<Complex> scratch(FftBins(length), Complex{1e30f, 1e30f});
    PowerSpectrum(samples, powers, scratch);
    ASSERT_EQ(powers, PowersOf(samples)) << length;
  }
}

TEST(RaisePowerSpectrum, KeepsTheLargestOfSeveralFramesAtEachFrequency) {
  for (int length = kShortestFft; length <= kLongestFft; length *= 2) {
    std::vector<float> largest(FftBins(length));
    std::vector<float> expected(FftBins(length));
    std::vector<Complex> scratch(FftBins(length));
    for (unsigned frame = 0; frame < 4; ++frame) {
      const std::vector<float> samples = Noise(length, frame);
      RaisePowerSpectrum(samples, largest, scratch);
      const std::vector<float> powers = PowersOf(samples);
      for (size_t k = 0; k < powers.size(); ++k) expected[k] = std::max(expected[k], powers[k]);
    }
    ASSERT_EQ(largest, expected) << length;
  }
}

TEST(RaiseShortPowerSpectrum, HasTheSameBitsFromASmallerTable) {
  for (int length = kShortestFft; length <= kLongestShortFft; length *= 2) {
    std::vector<float> powers(FftBins(length));
    std::vector<Complex> scratch(FftBins(length));
    RaiseShortPowerSpectrum(Noise(length, 6), powers, scratch);
    ASSERT_EQ(powers, PowersOf(Noise(length, 6))) << length;
  }
}

TEST(RaisePowerSpectrum, NeverLosesANotANumber) {
  for (const int length : {8, 16, 64}) {
    std::vector<float> samples = Noise(length, 1);
    std::vector<float> largest(FftBins(length));
    std::vector<Complex> scratch(FftBins(length));
    samples[3] = std::nanf("");
    RaisePowerSpectrum(samples, largest, scratch);
    RaisePowerSpectrum(Noise(length, 2), largest, scratch);
    for (const float power : largest) ASSERT_TRUE(std::isnan(power)) << length;
  }
}

RC_GTEST_PROP(RealFft, KeepsTheEnergy, ()) {
  const size_t length = size_t{1} << *rc::gen::inRange(3, 11);
  std::vector<float> samples(length);
  double energy = 0;
  for (float& value : samples) {
    value = static_cast<float>(*rc::gen::inRange(-1000, 1000));
    energy += static_cast<double>(value) * static_cast<double>(value);
  }
  const std::vector<Complex> bins = Transform(samples);
  double spectrum = 0;
  for (size_t k = 0; k < bins.size(); ++k) {
    const double weight = k == 0 || k == bins.size() - 1 ? 1 : 2;
    spectrum += weight * std::norm(std::complex<double>(bins[k].re, bins[k].im));
  }
  RC_ASSERT(std::fabs(spectrum / static_cast<double>(length) - energy) <= 1e-5 * energy);
}

TEST(IsFftLength, MeansPowersOfTwoFromEightTo4096) {
  for (int length = -8; length <= 8192; ++length) {
    const bool expected = length == 8 || length == 16 || length == 32 || length == 64 || length == 128 ||
                          length == 256 || length == 512 || length == 1024 || length == 2048 || length == 4096;
    ASSERT_EQ(IsFftLength(length), expected) << length;
  }
}

}  // namespace
}  // namespace thimble::dsp
