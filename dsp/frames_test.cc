// Frames: where they lie, what their features are called, and how filters and normalisation treat them.
#include "dsp/frames.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/aligned_memory.h"
#include "dsp/mel_filterbank.h"
#include "dsp/mfcc/block.h"
#include "dsp/mfe/block.h"
#include "dsp/sliding_normalisation.h"
#include "dsp/spectrogram/block.h"

namespace thimble::dsp {
namespace {

TEST(Frames, AreRoundedUpToSamplesButForAThousandth) {
  const Window window = {.axes = 1, .readings = 16000, .rate_hz = 16000};
  Frames frames = FramesOf(0.02f, 0.0091f, window);
  EXPECT_EQ(frames.length, 320);
  EXPECT_EQ(frames.stride, 146);  // 145.6
  EXPECT_EQ(frames.count, (16000 - 320) / 146 + 1);
  frames = FramesOf(320.0005f / 16000, 320.01f / 16000, window);
  EXPECT_EQ(frames.length, 320);
  EXPECT_EQ(frames.stride, 321);
}

TEST(Frames, OfLongWindowsAreNotOffByTheRoundingOfFloats) {
  // 0.3 is 0.300000012 as float32: in an hour at 48 kHz that would be another sample.
  const Window window = {.axes = 1, .readings = 1 << 24, .rate_hz = 48000};
  EXPECT_EQ(FramesOf(0.3f, 0.7f, window).length, 14400);
  EXPECT_EQ(FramesOf(0.3f, 0.7f, window).stride, 33600);
  EXPECT_EQ(FramesOf(100.1f, 0.7f, window).length, 4804800);
}

TEST(Frames, ThatDoNotFitAreNone) {
  const Window window = {.axes = 1, .readings = 319, .rate_hz = 16000};
  EXPECT_EQ(FramesOf(0.02f, 0.02f, window).count, 0);
  EXPECT_EQ(FramesOf(1e30f, 1e30f, window).count, 0);
  EXPECT_EQ(FramesOf(0.01f, 1e30f, window).count, 1);
}

TEST(Names, TellFrameAndFrequency) {
  const Window window = {.axes = 1, .readings = 16000, .rate_hz = 16000};
  EXPECT_STREQ(Mfe::NameOf({}, window, 0).text, "Frame 0 filter 0 (44.37 Hz)");
  EXPECT_STREQ(Mfe::NameOf({}, window, 3959).text, "Frame 98 filter 39 (7481 Hz)");
  EXPECT_STREQ(Spectrogram::NameOf({}, window, 65 + 3).text, "Frame 1 bin 3 (375 Hz)");
  EXPECT_STREQ(Mfcc::NameOf({}, window, 13 + 12).text, "Frame 1 coefficient 12");
  EXPECT_EQ(Mfcc::NameOf({}, window, 0).axis, 0);
}

TEST(Layouts, AreFramesByFeatures) {
  const Window window = {.axes = 1, .readings = 16000, .rate_hz = 16000};
  const Layout layout = Mfcc::LayoutOf({.num_cepstral = 20, .num_filters = 16}, window);
  EXPECT_EQ(layout.kind, Layout::Kind::kSpectrogram);
  EXPECT_EQ(layout.width, 50);
  EXPECT_EQ(layout.height, 16);
}

// Bins of the edges of six filters at 8 kHz and FFT 64, from Python: floor(65 * 700 * (exp(m) - 1) / 8000).
TEST(MelFilterbank, HasTrianglesWhereTheScaleSaysSo) {
  const MelFilters filters = {.count = 6, .fft_length = 64, .rate_hz = 8000};
  alignas(kArenaAlignment) std::byte memory[MelFilterbank::Bytes(6)];
  ASSERT_FALSE(HasEmptyFilter(filters));
  MelFilterbank::Prepare(filters, memory);
  const int edges[] = {0, 1, 4, 7, 11, 16, 23, 32};
  for (int bin = 0; bin <= 32; ++bin) {
    std::vector<float> power(33), energies(6);
    power[static_cast<size_t>(bin)] = 1;
    MelFilterbank(6, memory).Apply(power, 2, energies);
    for (int m = 0; m < 6; ++m) {
      const double left = edges[m], middle = edges[m + 1], right = edges[m + 2];
      double weight = 0;
      if (bin > left && bin <= middle) weight = (bin - left) / (middle - left);
      if (bin > middle && bin < right) weight = (right - bin) / (right - middle);
      EXPECT_NEAR(energies[static_cast<size_t>(m)], 2 * weight, 3e-7) << "filter " << m << " bin " << bin;
    }
  }
}

TEST(MelFilterbank, KeepsTheTipsOfFiltersThatBeginOrEndInTheirMiddle) {
  // Bins of the edges: 0 0 1 1 3 4.
  const MelFilters filters = {.count = 4, .fft_length = 8, .rate_hz = 4000};
  alignas(kArenaAlignment) std::byte memory[MelFilterbank::Bytes(4)];
  ASSERT_FALSE(HasEmptyFilter(filters));
  MelFilterbank::Prepare(filters, memory);
  const std::vector<float> power = {1, 10, 100, 1000, 10000};
  std::vector<float> energies(4);
  MelFilterbank(4, memory).Apply(power, 1, energies);
  EXPECT_EQ(energies, (std::vector<float>{1, 10, 10 + 50, 50 + 1000}));
}

TEST(MelFilterbank, EndsJustBelowItsHighFrequency) {
  // 1600 Hz is bin 13 of 65 at 8 kHz, to the last bit of a double or not; a thousandth of a hertz lower it is bin 12.
  const MelFilters filters = {.count = 3, .fft_length = 64, .rate_hz = 8000, .high_hz = 1600};
  alignas(kArenaAlignment) std::byte memory[MelFilterbank::Bytes(3)];
  MelFilterbank::Prepare(filters, memory);
  std::vector<float> power(33), energies(3);
  power[11] = 1;
  MelFilterbank(3, memory).Apply(power, 1, energies);
  EXPECT_GT(energies[2], 0);
  power[12] = 1e6f;
  const float before = energies[2];
  MelFilterbank(3, memory).Apply(power, 1, energies);
  EXPECT_EQ(energies[2], before);
}

TEST(MelFilterbank, RefusesOnlyFiltersWithoutABin) {
  EXPECT_TRUE(HasEmptyFilter({.count = 100, .fft_length = 256, .rate_hz = 16000}));
  EXPECT_TRUE(HasEmptyFilter({.count = 80, .fft_length = 128, .rate_hz = 16000}));
  EXPECT_FALSE(HasEmptyFilter({.count = 40, .fft_length = 256, .rate_hz = 16000}));
  EXPECT_TRUE(HasEmptyFilter({.count = 5, .fft_length = 8, .rate_hz = 16000}));
}

// As the definition has it, in double.
std::vector<double> NormalisedSlowly(const std::vector<float>& column, int window) {
  const int rows = static_cast<int>(column.size());
  const auto mirrored = [&](int at) {
    const int period = 2 * rows;
    const int place = (at % period + period) % period;
    return static_cast<size_t>(place < rows ? place : period - 1 - place);
  };
  std::vector<double> centred, result;
  for (int i = 0; i < rows; ++i) {
    double sum = 0;
    for (int j = i - window / 2; j <= i + window / 2; ++j) sum += static_cast<double>(column[mirrored(j)]);
    centred.push_back(static_cast<double>(column[static_cast<size_t>(i)]) - sum / window);
  }
  for (int i = 0; i < rows; ++i) {
    double mean = 0, variance = 0;
    for (int j = i - window / 2; j <= i + window / 2; ++j) mean += centred[mirrored(j)] / window;
    for (int j = i - window / 2; j <= i + window / 2; ++j) {
      variance += (centred[mirrored(j)] - mean) * (centred[mirrored(j)] - mean) / window;
    }
    result.push_back(centred[static_cast<size_t>(i)] / (std::sqrt(variance) + 1e-10));
  }
  return result;
}

TEST(SlidingNormalisation, IsWhatHandsWorkOut) {
  // 1 | 1 2 3 | 3: means 4/3 2 8/3; -1/3 | -1/3 0 1/3 | 1/3: deviations sqrt(2)/9, …, sqrt(2)/9.
  std::vector<float> table = {1, 7, 2, 7, 3, 7};
  std::vector<int32_t> scratch(6);
  NormaliseSliding(table, 2, 3, scratch);
  EXPECT_NEAR(table[0], -3 / std::sqrt(2), 1e-6);
  EXPECT_EQ(table[2], 0);
  EXPECT_NEAR(table[4], 3 / std::sqrt(2), 1e-6);
  for (const size_t i : {1, 3, 5}) EXPECT_EQ(table[i], 0) << "a column of equal numbers";
}

RC_GTEST_PROP(SlidingNormalisation, IsTheDefinitionForAnyWindow, ()) {
  const int rows = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(2, 120));
  const int window = 2 * *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(1, 400)) + 1;
  std::vector<float> column;
  uint64_t state = *rc::gen::arbitrary<uint32_t>();
  for (int i = 0; i < rows; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    column.push_back(20 + static_cast<float>(static_cast<int32_t>(state >> 32)) * 0x1p-29f);
  }
  const std::vector<double> expected = NormalisedSlowly(column, window);
  std::vector<int32_t> scratch(2 * column.size());
  NormaliseSliding(column, 1, static_cast<size_t>(window), scratch);
  for (size_t i = 0; i < column.size(); ++i) {
    RC_ASSERT(std::abs(static_cast<double>(column[i]) - expected[i]) <= 1e-5 + 1e-5 * std::abs(expected[i]));
  }
}

TEST(SlidingNormalisation, StaysWithinItsSumsForTheLongestWindowAndTheLargestNumbers) {
  for (const float size : {1e-30f, 1.0f, 3e38f}) {
    std::vector<float> column(500);
    for (size_t i = 0; i < column.size(); ++i) column[i] = i % 2 == 0 ? size : -size;
    std::vector<int32_t> scratch(1000);
    NormaliseSliding(column, 1, kLongestSlidingWindow, scratch);
    for (const float value : column) EXPECT_TRUE(std::isfinite(value));
    if (size >= 1) {
      EXPECT_NEAR(column[0], 1, 1e-3);
    }
  }
}

// Samples that no microphone gives: features stay finite, and only the frames with such a sample are touched.
template <FrameBlock B>
void ExpectFiniteFeatures(const typename B::Params& params) {
  const Window window = {.axes = 1, .readings = 4000, .rate_hz = 16000};
  ASSERT_TRUE(ok(B::Check(params, window)));
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 3e38f}) {
    std::vector<float> samples(4000);
    for (size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<float>(i * 37 % 1000);
    samples[2000] = bad;
    const AlignedMemory prepared(B::PreparedBytes(params, window)), scratch(B::ScratchBytes(params, window));
    std::vector<float> features(B::FeatureCount(params, window), NAN);
    B::Prepare(params, window, prepared.span());
    B::Extract(params, window, prepared.span(), samples, features, scratch.span());
    for (const float feature : features) ASSERT_TRUE(std::isfinite(feature)) << B::kName << " with " << bad;
  }
}

TEST(Features, AreFiniteWhateverTheSamplesAre) {
  ExpectFiniteFeatures<Mfe>({});
  ExpectFiniteFeatures<Mfcc>({});
  ExpectFiniteFeatures<Mfcc>({.win_size = 0});
  ExpectFiniteFeatures<Spectrogram>({});
}

}  // namespace
}  // namespace thimble::dsp
