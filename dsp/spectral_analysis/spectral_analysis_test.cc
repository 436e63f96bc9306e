// What spectral analysis promises beyond its golden vectors, which dsp/golden_test.cc runs.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/arena.h"
#include "dsp/spectral_analysis/block.h"

namespace thimble::dsp {
namespace {

using Spectral = SpectralAnalysis;

struct alignas(kArenaAlignment) Line {
  std::byte bytes[kArenaAlignment];
};

std::vector<Line> Memory(size_t bytes, int fill) {
  std::vector<Line> lines(AlignUp(bytes) / kArenaAlignment);
  if (!lines.empty()) std::memset(lines.data(), fill, lines.size() * sizeof(Line));
  return lines;
}

// Every byte of memory is `fill` before.
std::vector<float> Features(const Spectral::Params& params, const Window& window, const std::vector<float>& samples,
                            int fill = 0) {
  EXPECT_EQ(Spectral::Explain(params, window), nullptr);
  std::vector<Line> prepared = Memory(Spectral::PreparedBytes(params, window), fill);
  std::vector<Line> scratch = Memory(Spectral::ScratchBytes(params, window), fill);
  std::vector<float> features(Spectral::FeatureCount(params, window), std::numeric_limits<float>::quiet_NaN());
  Spectral::Prepare(params, window, std::as_writable_bytes(std::span(prepared)));
  Spectral::Extract(params, window, std::as_bytes(std::span(prepared)), samples, features,
                    std::as_writable_bytes(std::span(scratch)));
  return features;
}

Spectral::Params AnySpectralParams() {
  return {.scale_axes = *rc::gen::element(1.0f, 0.1f, -2.0f),
          .input_decimation_ratio = static_cast<Spectral::Decimation>(*rc::gen::inRange(0, 4)),
          .filter_type = static_cast<Spectral::FilterType>(*rc::gen::inRange(0, 3)),
          .filter_cutoff = *rc::gen::element(1.0f, 3.0f, 8.0f, 40.0f),
          .filter_order = *rc::gen::inRange(0, 9),
          .fft_length = 1 << *rc::gen::inRange(3, 9),
          .do_log = *rc::gen::arbitrary<bool>(),
          .do_fft_overlap = *rc::gen::arbitrary<bool>(),
          .extra_low_freq = *rc::gen::arbitrary<bool>()};
}

Window AnyWindow() { return {.axes = *rc::gen::inRange(1, 4), .readings = *rc::gen::inRange(1, 400), .rate_hz = 100}; }

std::vector<float> AnySamples(const Window& window) {
  std::vector<float> samples(window.SampleCount());
  for (float& value : samples) value = static_cast<float>(*rc::gen::inRange(-20000, 20000)) * 1e-3f;
  return samples;
}

RC_GTEST_PROP(SpectralAnalysis, FillsEveryFeatureWithANumberWhateverLiesInItsMemory, ()) {
  const Spectral::Params params = AnySpectralParams();
  const Window window = AnyWindow();
  RC_PRE(ok(Spectral::Check(params, window)));
  const std::vector<float> samples = AnySamples(window);
  const std::vector<float> features = Features(params, window, samples);
  for (const float feature : features) RC_ASSERT(std::isfinite(feature));
  RC_ASSERT(Features(params, window, samples, 0xff) == features);
}

RC_GTEST_PROP(SpectralAnalysis, TreatsEveryAxisAlike, ()) {
  Spectral::Params params = AnySpectralParams();
  params.extra_low_freq = false;
  Window window = AnyWindow();
  RC_PRE(ok(Spectral::Check(params, window)));
  const std::vector<float> samples = AnySamples(window);
  const std::vector<float> features = Features(params, window, samples);
  const size_t axes = static_cast<size_t>(window.axes);
  const size_t per_axis = features.size() / axes;
  window.axes = 1;
  for (size_t axis = 0; axis < axes; ++axis) {
    std::vector<float> one;
    for (size_t i = axis; i < samples.size(); i += axes) one.push_back(samples[i]);
    const auto begin = features.begin() + static_cast<ptrdiff_t>(axis * per_axis);
    RC_ASSERT(Features(params, window, one) == std::vector<float>(begin, begin + static_cast<ptrdiff_t>(per_axis)));
  }
}

RC_GTEST_PROP(SpectralAnalysis, QuadruplesPowerWhenTheSignalDoubles, ()) {
  Spectral::Params params = AnySpectralParams();
  params.do_log = false;
  params.extra_low_freq = false;
  Window window = AnyWindow();
  window.axes = 1;
  RC_PRE(ok(Spectral::Check(params, window)));
  const std::vector<float> samples = AnySamples(window);
  const std::vector<float> once = Features(params, window, samples);
  params.scale_axes *= 2;
  const std::vector<float> twice = Features(params, window, samples);
  // Powers of two are exact.
  RC_ASSERT(twice[0] == 2 * once[0]);
  for (size_t i = 1; i < 5; ++i) RC_ASSERT(twice[i] == once[i]);
  for (size_t i = 5; i < once.size(); ++i) RC_ASSERT(twice[i] == 4 * once[i]);
}

RC_GTEST_PROP(SpectralAnalysis, ExplainsExactlyWhatItRefuses, ()) {
  const Spectral::Params params = {
      .scale_axes = *rc::gen::element(1.0f, std::numeric_limits<float>::infinity()),
      .input_decimation_ratio = static_cast<Spectral::Decimation>(*rc::gen::inRange(0, 8)),
      .filter_type = static_cast<Spectral::FilterType>(*rc::gen::inRange(0, 4)),
      .filter_cutoff = *rc::gen::element(-1.0f, 0.0f, 1e-6f, 3.0f, 49.999f, 1e30f, std::nanf("")),
      .filter_order = *rc::gen::inRange(-2, 12),
      .analysis_type = static_cast<Spectral::AnalysisType>(*rc::gen::inRange(0, 3)),
      .fft_length = *rc::gen::element(-16, 0, 4, 8, 12, 16, 4096, 8192),
      .extra_low_freq = *rc::gen::arbitrary<bool>()};
  const Window window = {.axes = *rc::gen::element(-1, 0, 1, 3, std::numeric_limits<int>::max()),
                         .readings = *rc::gen::element(-1, 0, 1, 100, std::numeric_limits<int>::max()),
                         .rate_hz = *rc::gen::element(-1.0f, 0.0f, 100.0f, std::nanf(""))};
  RC_ASSERT(ok(Spectral::Check(params, window)) == (Spectral::Explain(params, window) == nullptr));
}

TEST(SpectralAnalysis, RefusesWhatItsRangesExclude) {
  const Window window = {.axes = 3, .readings = 200, .rate_hz = 100};
  const Spectral::Params good = {.filter_type = Spectral::FilterType::kLow, .filter_cutoff = 8};
  ASSERT_TRUE(ok(Spectral::Check(good, window)));
  Spectral::Params params = good;
  Spectral::Fields(
      [&](const Field& field, auto& member) {
        using Member = std::remove_reference_t<decltype(member)>;
        const Member before = member;
        if constexpr (IntegerMember<Member>) {
          if (std::string(field.name) == "wavelet-level") return;  // idle without wavelets
          member = static_cast<int>(field.minimum) - 1;
          EXPECT_EQ(Spectral::Check(params, window), Status::kInvalidArgument) << field.name;
          member = static_cast<int>(field.maximum) + 1;
          EXPECT_EQ(Spectral::Check(params, window), Status::kInvalidArgument) << field.name;
        } else if constexpr (NumberMember<Member>) {
          member = std::numeric_limits<float>::infinity();
          EXPECT_EQ(Spectral::Check(params, window), Status::kInvalidArgument) << field.name;
          member = std::numeric_limits<float>::quiet_NaN();
          EXPECT_EQ(Spectral::Check(params, window), Status::kInvalidArgument) << field.name;
        } else if constexpr (ChoiceMember<Member>) {
          if (std::string(field.name) == "wavelet") return;
          member = static_cast<Member>(field.choices.size());
          EXPECT_EQ(Spectral::Check(params, window), Status::kInvalidArgument) << field.name;
        }
        member = before;
      },
      params);
}

TEST(SpectralAnalysis, HasTheWaveletItNamesAsDefault) {
  EXPECT_STREQ(Spectral::kWaveletNames[static_cast<size_t>(Spectral::Wavelet::kDb4)], "db4");
  EXPECT_EQ(std::size(Spectral::kWaveletNames), 50u);
}

std::vector<std::string> Names(const Spectral::Params& params, const Window& window) {
  std::vector<std::string> names;
  for (size_t i = 0; i < Spectral::FeatureCount(params, window); ++i) {
    const FeatureName name = Spectral::NameOf(params, window, i);
    names.push_back(std::to_string(name.axis) + " " + name.text);
  }
  return names;
}

TEST(SpectralAnalysis, NamesItsFeaturesAxisByAxis) {
  const Spectral::Params params = {.filter_type = Spectral::FilterType::kLow, .filter_cutoff = 8, .fft_length = 16};
  EXPECT_EQ(Names(params, {.axes = 2, .readings = 200, .rate_hz = 62.5f}),
            (std::vector<std::string>{"0 RMS", "0 Skewness", "0 Kurtosis", "0 Spectral Skewness", "0 Spectral Kurtosis",
                                      "0 Spectral Power 1.95 - 5.86 Hz", "0 Spectral Power 5.86 - 9.77 Hz", "1 RMS",
                                      "1 Skewness", "1 Kurtosis", "1 Spectral Skewness", "1 Spectral Kurtosis",
                                      "1 Spectral Power 1.95 - 5.86 Hz", "1 Spectral Power 5.86 - 9.77 Hz"}));
}

TEST(SpectralAnalysis, NamesLowFrequenciesBehindAllAxes) {
  const Spectral::Params params = {.input_decimation_ratio = Spectral::Decimation::k3,
                                   .filter_type = Spectral::FilterType::kHigh,
                                   .filter_cutoff = 25,
                                   .fft_length = 8,
                                   .extra_low_freq = true};
  const std::vector<std::string> names = Names(params, {.axes = 2, .readings = 600, .rate_hz = 200});
  const std::vector<std::string> low(names.begin() + 14, names.end());
  EXPECT_EQ(low, (std::vector<std::string>{"0 RMS LF", "0 Skewness LF", "0 Kurtosis LF", "0 Spectral Skewness LF",
                                           "0 Spectral Kurtosis LF", "0 Spectral Power 2.92 - 3.75 Hz", "1 RMS LF",
                                           "1 Skewness LF", "1 Kurtosis LF", "1 Spectral Skewness LF",
                                           "1 Spectral Kurtosis LF", "1 Spectral Power 2.92 - 3.75 Hz"}));
}

TEST(SpectralAnalysis, ShowsNotANumberInsteadOfHidingIt) {
  const Window window = {.axes = 2, .readings = 20, .rate_hz = 100};
  std::vector<float> samples(window.SampleCount(), 1);
  samples[6] = std::nanf("");
  const std::vector<float> features = Features({}, window, samples);
  for (size_t i = 0; i < 13; ++i) EXPECT_TRUE(std::isnan(features[i])) << i;
  for (size_t i = 13; i < 26; ++i) EXPECT_TRUE(std::isfinite(features[i])) << i;
}

}  // namespace
}  // namespace thimble::dsp
