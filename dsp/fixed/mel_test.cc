// MFE and MFCC in integers against their twins in floats.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "dsp/fixed/fixed_test_support.h"
#include "dsp/fixed/mfcc.h"
#include "dsp/fixed/mfe.h"
#include "dsp/fixed/normalisation.h"
#include "dsp/sliding_normalisation.h"

namespace thimble::dsp::fixed {
namespace {

// Something like speech: a voice with overtones and a pause, and noise of the room.
std::vector<int16_t> Voice(int count, double rate_hz, uint32_t seed, double size) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 0.002);
  const double pitch = 100.0 + 10.0 * (seed % 10);
  std::vector<int16_t> samples;
  for (int i = 0; i < count; ++i) {
    const double time = i / rate_hz;
    double value = 0;
    for (int overtone = 1; overtone < 20; ++overtone) {
      value += std::sin(6.2832 * pitch * overtone * (time + 0.1 * time * time)) / overtone;
    }
    value *= std::max(0.0, std::sin(9 * time));
    samples.push_back(static_cast<int16_t>(std::clamp(size * (0.4 * value + noise(random)), -32768.0, 32767.0)));
  }
  return samples;
}

TEST(FixedMfe, IsSeldomAStepOffItsTwin) {
  size_t off = 0;
  size_t all = 0;
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    for (const Mfe::Params& params :
         {Mfe::Params{}, Mfe::Params{.fft_length = 1024, .noise_floor_db = -72},
          Mfe::Params{.num_filters = 20, .fft_length = 512, .low_frequency = 300, .high_frequency = 7000}}) {
      const Window window = {.axes = 1, .readings = 8000, .rate_hz = 16000};
      const std::vector<int16_t> samples = Voice(window.readings, 16000, seed, seed % 2 == 0 ? 300 : 30000);
      const std::vector<int32_t> got = FixedFeatures(kFixedBlock<Mfe>, &params, window, 1, samples);
      const std::vector<float> want = TwinFeatures(kFixedBlock<Mfe>, &params, window, 1, samples);
      for (size_t i = 0; i < got.size(); ++i) {
        const int steps = std::abs(got[i] / 256 - static_cast<int>(want[i] * 256));
        EXPECT_LE(steps, 1) << "seed " << seed << " feature " << i;
        EXPECT_EQ(got[i] % 256, 0);
        off += steps != 0 ? 1 : 0;
        ++all;
      }
    }
  }
  EXPECT_LT(static_cast<double>(off), 0.01 * static_cast<double>(all));
}

TEST(FixedMfcc, AgreesWithItsTwin) {
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    for (const Mfcc::Params& params :
         {Mfcc::Params{}, Mfcc::Params{.win_size = 0},
          Mfcc::Params{.num_cepstral = 20, .num_filters = 31, .win_size = 11},
          Mfcc::Params{.num_filters = 20, .fft_length = 512, .low_frequency = 100, .pre_cof = 0, .pre_shift = 3}}) {
      const Window window = {.axes = 1, .readings = 9000, .rate_hz = 16000};
      const std::vector<int16_t> samples = Voice(window.readings, 16000, seed, 30000);
      const std::vector<int32_t> got = FixedFeatures(kFixedBlock<Mfcc>, &params, window, 1, samples);
      const std::vector<float> want = TwinFeatures(kFixedBlock<Mfcc>, &params, window, 1, samples);
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_NEAR(got[i] / 65536.0, static_cast<double>(want[i]), 0.02) << "seed " << seed << " feature " << i;
      }
    }
  }
}

TEST(FixedMfcc, OfSilenceIsItsTwins) {
  const Window window = {.axes = 1, .readings = 3200, .rate_hz = 16000};
  for (const int win_size : {0, 101}) {
    const Mfcc::Params params = {.win_size = win_size};
    const std::vector<int16_t> samples(3200);
    const std::vector<int32_t> got = FixedFeatures(kFixedBlock<Mfcc>, &params, window, 1, samples);
    const std::vector<float> want = TwinFeatures(kFixedBlock<Mfcc>, &params, window, 1, samples);
    for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i] / 65536.0, static_cast<double>(want[i]), 1e-3) << i;
  }
}

TEST(FixedMel, TakesExtremes) {
  for (const int readings : {160, 1000}) {
    for (const std::vector<int16_t>& samples : ExtremeSignals(static_cast<size_t>(readings))) {
      const Window window = {.axes = 1, .readings = readings, .rate_hz = 8000};
      for (const float emphasis : {-1.0f, 0.0f, 0.98f, 1.0f}) {
        for (const int win_size : {0, 3, 4095}) {
          const Mfcc::Params params = {.num_filters = 20, .win_size = win_size, .pre_cof = emphasis, .pre_shift = 2};
          const std::vector<int32_t> got = FixedFeatures(kFixedBlock<Mfcc>, &params, window, 1, samples);
          if (win_size != 0) continue;
          const std::vector<float> want = TwinFeatures(kFixedBlock<Mfcc>, &params, window, 1, samples);
          for (size_t i = 0; i < got.size(); i += 13) {
            EXPECT_NEAR(got[i] / 65536.0, static_cast<double>(want[i]), 2e-3) << "energy of frame " << i / 13;
          }
        }
      }
      for (const int length : {8, 4096}) {
        const Mfe::Params params = {.num_filters = 2, .fft_length = length};
        FixedFeatures(kFixedBlock<Mfe>, &params, window, 256, samples);
        FixedFeatures(kFixedBlock<Mfe>, &params, window, 1 / 256.0f, samples);
      }
    }
  }
}

RC_GTEST_PROP(FixedMel, DependsOnNothingButItsInput, ()) {
  const Window window = {.axes = 1, .readings = *rc::gen::inRange(320, 2000), .rate_hz = 8000};
  const Mfcc::Params params = {.num_cepstral = *rc::gen::inRange(1, 30),
                               .num_filters = *rc::gen::inRange(2, 24),
                               .fft_length = 1 << *rc::gen::inRange(8, 11),
                               .win_size = 2 * *rc::gen::inRange(0, 30) + 1,
                               .pre_shift = *rc::gen::inRange(1, 300)};
  RC_PRE(ok(Mfcc::Check(params, window, 1)));
  std::vector<int16_t> samples(window.SampleCount());
  for (int16_t& sample : samples) sample = *rc::gen::arbitrary<int16_t>();
  const std::vector<int32_t> features = FixedFeatures(kFixedBlock<Mfcc>, &params, window, 1, samples, 0);
  RC_ASSERT(features == FixedFeatures(kFixedBlock<Mfcc>, &params, window, 1, samples, 0xff));
}

TEST(FixedNormalisation, AgreesWithFloats) {
  std::mt19937 random(9);
  std::normal_distribution<float> normal(3, 2);
  for (const size_t rows : {1u, 2u, 3u, 50u, 499u}) {
    for (const size_t window : {1u, 3u, 11u, 101u, 301u, 4095u}) {
      std::vector<int32_t> fixed(rows * 2);
      std::vector<float> floats(rows * 2);
      for (size_t i = 0; i < fixed.size(); ++i) {
        fixed[i] = static_cast<int32_t>(normal(random) * (i % 2 == 0 ? 131072 : 100000000));
        floats[i] = static_cast<float>(fixed[i]) / 131072;
      }
      std::vector<int32_t> scratch(rows);
      std::vector<int32_t> float_scratch(2 * rows);
      NormaliseSliding(fixed, 2, window, scratch);
      dsp::NormaliseSliding(floats, 2, window, float_scratch);
      for (size_t i = 0; i < fixed.size(); ++i) {
        EXPECT_NEAR(fixed[i] / 65536.0, static_cast<double>(floats[i]),
                    1e-3 * (1 + std::fabs(static_cast<double>(floats[i]))))
            << rows << " rows, window " << window << ", number " << i;
      }
    }
  }
}

TEST(FixedMel, RefusesWithASentence) {
  const Window window = {.axes = 1, .readings = 16000, .rate_hz = 16000};
  EXPECT_EQ(Mfe::Explain({}, window, 1), nullptr);
  EXPECT_NE(std::string(Mfe::Explain({}, window, 1e-6f)).find("steps of 1"), std::string::npos);
  EXPECT_NE(std::string(Mfcc::Explain({}, window, 1000)).find("steps of 1"), std::string::npos);
  EXPECT_NE(Mfcc::Explain({.win_size = 100}, window, 1), nullptr);  // as the twin
  EXPECT_FALSE(ok(Mfcc::Check({.win_size = 100}, window, 1)));
  EXPECT_FALSE(ok(Mfe::Check({}, window, -1)));
}

}  // namespace
}  // namespace thimble::dsp::fixed
