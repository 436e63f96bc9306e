// Runs a block in integers and its twin on the same window, for tests.
#ifndef THIMBLE_DSP_FIXED_FIXED_TEST_SUPPORT_H_
#define THIMBLE_DSP_FIXED_FIXED_TEST_SUPPORT_H_

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "base/arena.h"
#include "dsp/fixed/fixed_block.h"

namespace thimble::dsp::fixed {

/// Aligned bytes, no more than asked for (in whole lines), so that the address sanitizer sees one too many.
class TestMemory {
 public:
  explicit TestMemory(size_t bytes, int fill = 0xa5) : lines_(AlignUp(bytes) / kArenaAlignment), bytes_(bytes) {
    if (bytes > 0) std::memset(lines_.data(), fill, lines_.size() * sizeof(Line));
  }
  std::span<std::byte> span() { return std::as_writable_bytes(std::span(lines_)).first(bytes_); }

 private:
  struct alignas(kArenaAlignment) Line {
    std::byte bytes[kArenaAlignment];
  };
  std::vector<Line> lines_;
  size_t bytes_;
};

inline std::vector<int32_t> FixedFeatures(const FixedBlock& block, const void* params, const Window& window, float unit,
                                          const std::vector<int16_t>& samples, int fill = 0xa5) {
  EXPECT_TRUE(ok(block.check(params, window, unit)));
  EXPECT_EQ(samples.size(), window.SampleCount());
  TestMemory prepared(block.prepared_bytes(params, window), fill);
  TestMemory scratch(block.scratch_bytes(params, window), fill);
  std::vector<int32_t> features(block.twin->feature_count(params, window), 0x5a5a5a5a);
  block.prepare(params, window, unit, prepared.span());
  block.extract(prepared.span(), samples, features, scratch.span());
  return features;
}

inline std::vector<float> TwinFeatures(const FixedBlock& block, const void* params, const Window& window, float unit,
                                       const std::vector<int16_t>& samples) {
  EXPECT_TRUE(ok(block.twin->check(params, window)));
  std::vector<float> scaled;
  for (const int16_t sample : samples) scaled.push_back(static_cast<float>(sample) * unit);
  TestMemory prepared(block.twin->prepared_bytes(params, window));
  TestMemory scratch(block.twin->scratch_bytes(params, window));
  std::vector<float> features(block.twin->feature_count(params, window));
  block.twin->prepare(params, window, prepared.span());
  block.twin->extract(params, window, prepared.span(), scaled, features, scratch.span());
  return features;
}

/// Signals that are hard on integers: full scale in every manner, and hardly anything.
inline std::vector<std::vector<int16_t>> ExtremeSignals(size_t count) {
  std::vector<std::vector<int16_t>> signals;
  const auto add = [&](auto at) {
    std::vector<int16_t> signal(count);
    for (size_t i = 0; i < count; ++i) signal[i] = static_cast<int16_t>(at(i));
    signals.push_back(signal);
  };
  for (const int constant : {0, 1, -1, 32767, -32768}) add([=](size_t) { return constant; });
  for (const size_t half_period : {1u, 2u, 3u, 40u}) {
    add([=](size_t i) { return i / half_period % 2 == 0 ? 32767 : -32768; });
    add([=](size_t i) { return i / half_period % 2 == 0 ? -32768 : 32767; });
    add([=](size_t i) { return i / half_period % 2 == 0 ? 1 : 0; });
  }
  for (const int height : {32767, -32768, 1, -1}) {
    for (const size_t place : {size_t{0}, count / 2, count - 1}) {
      add([=](size_t i) { return i == place ? height : 0; });
      add([=](size_t i) { return i == place ? -1 - height : height; });
    }
  }
  return signals;
}

}  // namespace thimble::dsp::fixed

#endif  // THIMBLE_DSP_FIXED_FIXED_TEST_SUPPORT_H_
