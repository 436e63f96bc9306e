// The integer transform against one in double precision.
#include "dsp/fixed/fft.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <random>
#include <vector>

#include "base/float_math.h"

namespace thimble::dsp::fixed {
namespace {

constexpr int kLengths[] = {8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096};

// |X[k]| out of what PowerSpectrum gives.
std::vector<double> Magnitudes(const std::vector<int32_t>& samples) {
  std::vector<uint32_t> power(samples.size() / 2 + 1);
  std::vector<Complex> scratch(power.size());
  const int shift = PowerSpectrum(samples, power, scratch);
  EXPECT_GE(shift, 0);
  std::vector<double> magnitudes;
  for (const uint32_t value : power) magnitudes.push_back(std::sqrt(value) * std::exp2(shift - 1));
  return magnitudes;
}

std::vector<double> ExactMagnitudes(const std::vector<int32_t>& samples) {
  const size_t length = samples.size();
  std::vector<std::complex<double>> roots(length);
  for (size_t i = 0; i < length; ++i) {
    roots[i] = std::polar(1.0, -2 * kPi * static_cast<double>(i) / static_cast<double>(length));
  }
  std::vector<double> magnitudes;
  for (size_t k = 0; k <= length / 2; ++k) {
    std::complex<double> sum = 0;
    for (size_t n = 0; n < length; ++n) sum += static_cast<double>(samples[n]) * roots[k * n % length];
    magnitudes.push_back(std::abs(sum));
  }
  return magnitudes;
}

// The transform is off by some 2^-16 of the largest bin (roots and powers have 16 bits), or by roundings on the way.
void ExpectAccurate(const std::vector<int32_t>& samples, const char* name) {
  const std::vector<double> got = Magnitudes(samples);
  const std::vector<double> want = ExactMagnitudes(samples);
  const double largest = *std::max_element(want.begin(), want.end());
  const double bound = 3e-5 * largest + 2 * std::sqrt(static_cast<double>(samples.size()));
  for (size_t k = 0; k < want.size(); ++k) {
    ASSERT_NEAR(got[k], want[k], bound) << name << " of " << samples.size() << ", bin " << k;
  }
}

std::vector<int32_t> Make(int length, const std::function<double(int)>& at) {
  std::vector<int32_t> samples;
  for (int i = 0; i < length; ++i) samples.push_back(static_cast<int32_t>(std::lround(at(i))));
  return samples;
}

TEST(FixedFft, AgreesWithDoublesOnNoiseTonesAndImpulses) {
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 8000);
  for (const int length : kLengths) {
    ExpectAccurate(Make(length, [&](int) { return std::clamp(noise(random), -32768.0, 32767.0); }), "noise");
    ExpectAccurate(Make(length, [](int i) { return 20000 * std::sin(0.7 * i); }), "tone");
    ExpectAccurate(Make(length, [](int i) { return i == 3 ? 32767 : 0; }), "impulse");
    ExpectAccurate(Make(length, [](int i) { return 3 * std::sin(0.2 * i); }), "weak tone");
  }
}

TEST(FixedFft, HasRoomForFullScale) {
  for (const int length : kLengths) {
    ExpectAccurate(std::vector<int32_t>(static_cast<size_t>(length), -32768), "constant");
    ExpectAccurate(Make(length, [](int i) { return i % 2 == 0 ? 32767 : -32768; }), "square");
    // All that the largest sum allows, in the ways that make single numbers largest.
    const int32_t largest = kLargestSum / length;
    ExpectAccurate(Make(length, [largest](int) { return largest; }), "largest constant");
    ExpectAccurate(Make(length, [largest](int i) { return i % 2 == 0 ? largest : -largest; }), "largest square");
    ExpectAccurate(Make(length, [largest](int i) { return i % 4 < 2 ? largest : -largest; }), "largest at a quarter");
    ExpectAccurate(Make(length, [](int i) { return i == 1 ? kLargestSum : 0; }), "largest impulse");
    ExpectAccurate(Make(length, [](int i) { return i == 0 ? -kLargestSum : 0; }), "negative impulse");
  }
}

TEST(FixedFft, OfNothingIsNothing) {
  for (const int length : kLengths) {
    for (const double magnitude : Magnitudes(std::vector<int32_t>(static_cast<size_t>(length)))) {
      EXPECT_EQ(magnitude, 0);
    }
  }
}

}  // namespace
}  // namespace thimble::dsp::fixed
