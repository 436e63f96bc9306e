// A stream gives what Extract gives for the same window, whatever the slices are.
#include "dsp/stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/aligned_memory.h"
#include "dsp/mfcc/block.h"
#include "dsp/mfe/block.h"
#include "dsp/spectrogram/block.h"

namespace thimble::dsp {
namespace {

template <FrameBlock B>
std::vector<float> Extracted(const typename B::Params& params, const Window& window, std::span<const float> samples) {
  const AlignedMemory prepared(B::PreparedBytes(params, window)), scratch(B::ScratchBytes(params, window));
  std::vector<float> features(B::FeatureCount(params, window), NAN);
  B::Prepare(params, window, prepared.span());
  B::Extract(params, window, prepared.span(), samples, features, scratch.span());
  return features;
}

// Whole numbers that hold for int16.
std::vector<float> Noise(size_t count) {
  std::vector<float> samples;
  uint64_t state = 7;
  for (size_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    samples.push_back(static_cast<float>(static_cast<int16_t>(state >> 48)));
  }
  return samples;
}

// Pushes `samples` in slices of the given sizes, over and over, and calls `check(samples so far, stream)` after each.
template <FrameBlock B>
void PushAll(Stream<B>& stream, std::span<const float> samples, const std::vector<size_t>& slices, auto&& check) {
  size_t at = 0;
  for (size_t i = 0; at < samples.size(); ++i) {
    const size_t size = std::min(slices[i % slices.size()], samples.size() - at);
    stream.Push(samples.subspan(at, size));
    at += size;
    check(at);
  }
}

// How features may differ from Extract's: in which rows.
enum class Equal { kEverywhere, kButForTheFirstRow };

// Compares the stream with Extract each time a whole frame has come, for the window that ends with it. When `samples`
// repeat with every window, the samples before a window are its last ones, and all must be equal.
template <FrameBlock B>
void ExpectSameAsExtract(const typename B::Params& params, const Window& window, std::span<const float> samples,
                         const std::vector<size_t>& slices, Equal equal) {
  ASSERT_TRUE(ok(B::Check(params, window))) << B::Explain(params, window);
  const Frames frames = B::FramesOf(params, window);
  const AlignedMemory memory(Stream<B>::Bytes(params, window));
  Stream<B> stream(params, window, memory.span());
  std::vector<float> features(B::FeatureCount(params, window));
  uint64_t frames_before = 0;
  int compared = 0;
  PushAll<B>(stream, samples, slices, [&](size_t count) {
    const uint64_t expected_frames =
        count < static_cast<size_t>(frames.length)
            ? 0
            : (count - static_cast<size_t>(frames.length)) / static_cast<size_t>(frames.stride) + 1;
    ASSERT_EQ(stream.frames_seen(), expected_frames) << "after " << count << " samples";
    ASSERT_EQ(stream.full(), expected_frames >= static_cast<uint64_t>(frames.count));
    if (!stream.full() || stream.frames_seen() == frames_before) return;
    frames_before = stream.frames_seen();
    const size_t start = (frames_before - static_cast<uint64_t>(frames.count)) * static_cast<size_t>(frames.stride);
    if (start + window.SampleCount() > samples.size()) return;
    if (start == 0 && equal == Equal::kEverywhere && B::EmphasisOf(params).coefficient != 0) return;  // after silence
    stream.Features(features);
    const std::vector<float> expected = Extracted<B>(params, window, samples.subspan(start, window.SampleCount()));
    const std::ptrdiff_t first = equal == Equal::kEverywhere ? 0 : static_cast<std::ptrdiff_t>(B::RowLength(params));
    ASSERT_TRUE(std::equal(features.begin() + first, features.end(), expected.begin() + first))
        << B::kName << ": the window from sample " << start << " on";
    ++compared;
  });
  EXPECT_GE(compared, 3) << B::kName;
}

const std::vector<std::vector<size_t>> kSlices = {{1}, {160}, {1500}, {7, 321, 1, 1000, 0, 63}};

TEST(Stream, OfASpectrogramIsExtractToTheBit) {
  const Window window = {.axes = 1, .readings = 2000, .rate_hz = 16000};
  const std::vector<float> samples = Noise(9000);
  for (const auto& slices : kSlices) {
    ExpectSameAsExtract<Spectrogram>({}, window, samples, slices, Equal::kEverywhere);
  }
}

TEST(Stream, OfMfeIsExtractToTheBitButForTheFirstFrame) {
  const Window window = {.axes = 1, .readings = 2000, .rate_hz = 16000};
  for (const auto& slices : {kSlices[0], kSlices[1], kSlices[3]}) {
    ExpectSameAsExtract<Mfe>({}, window, Noise(6000), slices, Equal::kButForTheFirstRow);
  }
}

TEST(Stream, OfMfccWithoutNormalisationIsExtractToTheBitButForTheFirstFrame) {
  const Window window = {.axes = 1, .readings = 2000, .rate_hz = 16000};
  for (const int shift : {1, 3}) {
    ExpectSameAsExtract<Mfcc>({.win_size = 0, .pre_shift = shift}, window, Noise(6000), kSlices[3],
                              Equal::kButForTheFirstRow);
  }
}

TEST(Stream, OfMfccWithoutEmphasisIsExtractToTheBit) {
  const Window window = {.axes = 1, .readings = 2000, .rate_hz = 16000};
  ExpectSameAsExtract<Mfcc>({.win_size = 5, .pre_cof = 0}, window, Noise(6000), kSlices[3], Equal::kEverywhere);
}

TEST(Stream, OfARepeatingSoundIsExtractToTheBitWithNormalisationToo) {
  const Window window = {.axes = 1, .readings = 2000, .rate_hz = 16000};
  const std::vector<float> once = Noise(2000);
  std::vector<float> samples;
  for (int i = 0; i < 4; ++i) samples.insert(samples.end(), once.begin(), once.end());
  ExpectSameAsExtract<Mfcc>({}, window, samples, kSlices[3], Equal::kEverywhere);
  ExpectSameAsExtract<Mfcc>({.win_size = 3, .pre_shift = 2}, window, samples, kSlices[3], Equal::kEverywhere);
  ExpectSameAsExtract<Mfe>({}, window, samples, kSlices[3], Equal::kEverywhere);
}

TEST(Stream, KnowsFramesThatLieApartAndFramesThatAreCut) {
  const Window window = {.axes = 1, .readings = 3000, .rate_hz = 16000};
  const std::vector<float> samples = Noise(12000);
  // A stride longer than the frame, even than what pre-emphasis looks back at; frames longer than the transform.
  for (const float stride : {0.02f, 0.0200625f, 0.033f}) {
    ExpectSameAsExtract<Mfe>({.frame_stride = stride}, window, samples, kSlices[3], Equal::kButForTheFirstRow);
    ExpectSameAsExtract<Mfcc>({.frame_stride = stride, .win_size = 0, .pre_shift = 3}, window, samples, kSlices[3],
                              Equal::kButForTheFirstRow);
  }
  ExpectSameAsExtract<Spectrogram>({.frame_length = 0.05f, .frame_stride = 0.01f, .fft_length = 64}, window, samples,
                                   kSlices[3], Equal::kEverywhere);
}

TEST(Stream, OfOneFrameIsThatFrame) {
  const Window window = {.axes = 1, .readings = 320, .rate_hz = 16000};
  ExpectSameAsExtract<Spectrogram>({}, window, Noise(3000), kSlices[3], Equal::kEverywhere);
}

TEST(Stream, TakesInt16AsItTakesFloats) {
  const Window window = {.axes = 1, .readings = 2000, .rate_hz = 16000};
  const std::vector<float> samples = Noise(3000);
  std::vector<int16_t> numbers;
  for (const float sample : samples) numbers.push_back(static_cast<int16_t>(sample));
  const AlignedMemory one(Stream<Mfe>::Bytes({}, window)), other(Stream<Mfe>::Bytes({}, window));
  Stream<Mfe> of_floats({}, window, one.span());
  Stream<Mfe> of_numbers({}, window, other.span());
  of_floats.Push(samples);
  of_numbers.Push(numbers);
  std::vector<float> expected(Mfe::FeatureCount({}, window)), features(expected.size(), NAN);
  of_floats.Features(expected);
  of_numbers.Features(features);
  EXPECT_EQ(features, expected);
}

TEST(Stream, ForgetsWithReset) {
  const Window window = {.axes = 1, .readings = 2000, .rate_hz = 16000};
  const std::vector<float> samples = Noise(5000);
  const AlignedMemory memory(Stream<Mfcc>::Bytes({}, window));
  Stream<Mfcc> stream({}, window, memory.span());
  std::vector<float> first(Mfcc::FeatureCount({}, window)), again(first.size(), NAN);
  stream.Push(std::span(samples).first(2000));
  stream.Features(first);
  stream.Push(std::span(samples).subspan(2000));
  stream.Reset();
  EXPECT_FALSE(stream.full());
  stream.Push(std::span(samples).first(2000));
  stream.Features(again);
  EXPECT_EQ(first, again);
}

}  // namespace
}  // namespace thimble::dsp
