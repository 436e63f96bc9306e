// Spectral analysis in integers against its twin in floats.
#include "dsp/fixed/spectral_analysis.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "dsp/fixed/fixed_test_support.h"

namespace thimble::dsp::fixed {
namespace {

using FilterType = dsp::SpectralAnalysis::FilterType;
constexpr const FixedBlock& kBlockOfIntegers = kFixedBlock<SpectralAnalysis>;
constexpr int kShapes = 5;

// Movements as a sensor gives them: gravity, two rhythms, and noise.
std::vector<int16_t> Movement(const Window& window, uint32_t seed, double size) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 0.05);
  std::uniform_real_distribution<double> uniform(0.05, 1);
  std::vector<int16_t> samples(window.SampleCount());
  for (int axis = 0; axis < window.axes; ++axis) {
    const double slow = uniform(random), fast = 2 * uniform(random), gravity = uniform(random) - 0.5;
    for (int i = 0; i < window.readings; ++i) {
      const double value = gravity + 0.4 * std::sin(slow * i) + 0.1 * std::sin(fast * i) + noise(random);
      samples[static_cast<size_t>(i * window.axes + axis)] =
          static_cast<int16_t>(std::clamp(size * value, -32768.0, 32767.0));
    }
  }
  return samples;
}

void ExpectLikeTwin(const SpectralAnalysis::Params& params, const Window& window, float unit,
                    const std::vector<int16_t>& samples, double log_bound, double shape_bound) {
  const std::vector<int32_t> got = FixedFeatures(kBlockOfIntegers, &params, window, unit, samples);
  const std::vector<float> want = TwinFeatures(kBlockOfIntegers, &params, window, unit, samples);
  const size_t per_axis = want.size() / static_cast<size_t>(window.axes);
  for (size_t i = 0; i < want.size(); ++i) {
    const double expected = static_cast<double>(want[i]);
    const double error = std::fabs(static_cast<double>(got[i]) / kOne - expected);
    const size_t place = i % per_axis;
    const double bound = place == 0        ? 1e-5 + 1e-4 * expected
                         : place < kShapes ? shape_bound * (1 + std::fabs(expected))
                                           : log_bound;
    EXPECT_LE(error, bound) << "feature " << i << " should be " << expected;
  }
}

TEST(FixedSpectralAnalysis, AgreesWithItsTwinOnMovements) {
  const Window window = {.axes = 3, .readings = 200, .rate_hz = 100};
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    ExpectLikeTwin({}, window, 1 / 8192.0f, Movement(window, seed, 16384), 3e-3, 3e-3);
    ExpectLikeTwin({.scale_axes = -0.5f, .fft_length = 64, .do_fft_overlap = false}, window, 1 / 8192.0f,
                   Movement(window, seed, 16384), 5e-3, 3e-3);
    // Eighty times weaker, which costs the samples that they have fewer steps, but no more than that.
    ExpectLikeTwin({.fft_length = 32}, window, 1 / 8192.0f, Movement(window, seed, 200), 3e-3, 3e-3);
  }
}

TEST(FixedSpectralAnalysis, FiltersAsItsTwin) {
  for (const float rate_hz : {62.5f, 104.0f}) {
    const Window window = {.axes = 3, .readings = static_cast<int>(2 * rate_hz), .rate_hz = rate_hz};
    for (uint32_t seed = 1; seed <= 10; ++seed) {
      for (const int order : {2, 6, 8}) {
        ExpectLikeTwin({.filter_type = FilterType::kLow, .filter_cutoff = 3, .filter_order = order, .fft_length = 128},
                       window, 1 / 8192.0f, Movement(window, seed, 16384), 1e-2, 3e-3);
        ExpectLikeTwin({.filter_type = FilterType::kHigh, .filter_cutoff = 3, .filter_order = order, .fft_length = 32},
                       window, 1 / 8192.0f, Movement(window, seed, 16384), 3e-3, 3e-3);
      }
    }
  }
}

TEST(FixedSpectralAnalysis, GivesPowersWithoutTheirLogarithm) {
  const Window window = {.axes = 1, .readings = 300, .rate_hz = 100};
  const SpectralAnalysis::Params params = {.fft_length = 64, .do_log = false};
  const std::vector<int16_t> samples = Movement(window, 4, 16384);
  const std::vector<int32_t> got = FixedFeatures(kBlockOfIntegers, &params, window, 1 / 8192.0f, samples);
  const std::vector<float> want = TwinFeatures(kBlockOfIntegers, &params, window, 1 / 8192.0f, samples);
  for (size_t i = 5; i < got.size(); ++i) {
    EXPECT_NEAR(got[i] / 65536.0, static_cast<double>(want[i]), 2e-5 + 2e-3 * static_cast<double>(want[i])) << i;
  }
}

TEST(FixedSpectralAnalysis, OfAConstantIsItsTwins) {
  const Window window = {.axes = 2, .readings = 100, .rate_hz = 100};
  for (const int16_t constant : {int16_t{0}, int16_t{5}, int16_t{-32768}}) {
    const std::vector<int16_t> samples(window.SampleCount(), constant);
    const SpectralAnalysis::Params params;
    const std::vector<int32_t> got = FixedFeatures(kBlockOfIntegers, &params, window, 1, samples);
    const std::vector<float> want = TwinFeatures(kBlockOfIntegers, &params, window, 1, samples);
    for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], static_cast<int32_t>(want[i] * kOne)) << i;
  }
}

TEST(FixedSpectralAnalysis, TakesExtremes) {
  for (const int readings : {1, 2, 37, 300}) {
    for (const std::vector<int16_t>& samples : ExtremeSignals(static_cast<size_t>(readings))) {
      const Window window = {.axes = 1, .readings = readings, .rate_hz = 100};
      for (const FilterType type : {FilterType::kNone, FilterType::kLow, FilterType::kHigh}) {
        for (const float cutoff : {1.0f, 49.5f}) {
          for (const int length : {8, 16, 128}) {
            const SpectralAnalysis::Params params = {
                .filter_type = type, .filter_cutoff = cutoff, .filter_order = 8, .fft_length = length};
            if (!ok(SpectralAnalysis::Check(params, window, 1))) continue;
            const std::vector<int32_t> got = FixedFeatures(kBlockOfIntegers, &params, window, 1, samples);
            const std::vector<float> want = TwinFeatures(kBlockOfIntegers, &params, window, 1, samples);
            // What a steep filter leaves of full scale may be next to nothing; a step of the samples is its error.
            EXPECT_NEAR(got[0] / 65536.0, static_cast<double>(want[0]), 1 + 2e-3 * static_cast<double>(want[0]));
          }
        }
      }
    }
  }
}

RC_GTEST_PROP(FixedSpectralAnalysis, DependsOnNothingButItsInput, ()) {
  const Window window = {.axes = *rc::gen::inRange(1, 4), .readings = *rc::gen::inRange(1, 300), .rate_hz = 100};
  const SpectralAnalysis::Params params = {.filter_type = static_cast<FilterType>(*rc::gen::inRange(0, 3)),
                                           .filter_cutoff = *rc::gen::element(0.7f, 3.0f, 20.0f, 45.0f),
                                           .filter_order = 2 * *rc::gen::inRange(0, 5),
                                           .fft_length = 1 << *rc::gen::inRange(3, 10),
                                           .do_fft_overlap = *rc::gen::arbitrary<bool>()};
  RC_PRE(ok(SpectralAnalysis::Check(params, window, 0.01f)));
  std::vector<int16_t> samples(window.SampleCount());
  for (int16_t& sample : samples) sample = *rc::gen::arbitrary<int16_t>();
  const std::vector<int32_t> features = FixedFeatures(kBlockOfIntegers, &params, window, 0.01f, samples, 0);
  RC_ASSERT(features == FixedFeatures(kBlockOfIntegers, &params, window, 0.01f, samples, 0xff));
}

TEST(FixedSpectralAnalysis, RefusesWithASentence) {
  const Window window = {.axes = 1, .readings = 300, .rate_hz = 100};
  const auto reason = [&](SpectralAnalysis::Params params, float unit) {
    const char* sentence = SpectralAnalysis::Explain(params, window, unit);
    EXPECT_EQ(sentence == nullptr, ok(SpectralAnalysis::Check(params, window, unit)));
    return std::string(sentence == nullptr ? "" : sentence);
  };
  EXPECT_EQ(reason({}, 1), "");
  EXPECT_NE(reason({.input_decimation_ratio = dsp::SpectralAnalysis::Decimation::k3}, 1).find("decimate"),
            std::string::npos);
  EXPECT_NE(reason({.analysis_type = dsp::SpectralAnalysis::AnalysisType::kWavelet}, 1).find("avelet"),
            std::string::npos);
  EXPECT_NE(reason({.extra_low_freq = true}, 1).find("low-frequency"), std::string::npos);
  EXPECT_NE(reason({}, 2).find("scale of the axes"), std::string::npos);
  EXPECT_NE(reason({}, 0).find("scale of the axes"), std::string::npos);
  EXPECT_NE(reason({.scale_axes = 0}, 1).find("scale of the axes"), std::string::npos);
  EXPECT_NE(reason({.do_log = false}, 1).find("logarithm"), std::string::npos);
  EXPECT_EQ(reason({.do_log = false}, 1 / 8192.0f), "");
  EXPECT_NE(reason({.fft_length = 12}, 1).find("power of two"), std::string::npos);  // as the twin
}

}  // namespace
}  // namespace thimble::dsp::fixed
