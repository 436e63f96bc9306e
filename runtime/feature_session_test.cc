#include "runtime/feature_session.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>

#include "dsp/raw/block.h"
#include "dsp/spectral_analysis/block.h"

namespace thimble::runtime {
namespace {

alignas(16) std::array<std::byte, 1 << 16> memory;

TEST(FeatureSession, ExtractsFeaturesInAnArenaOfExactlyItsSize) {
  const dsp::SpectralAnalysis::Params params = {.fft_length = 32};
  const Impulse impulse = {.window = {.axes = 2, .readings = 64, .rate_hz = 100},
                           .block = &dsp::kBlock<dsp::SpectralAnalysis>,
                           .block_params = &params};
  FeatureSession session;
  ASSERT_EQ(session.Load(impulse, memory), Status::kOk);
  const size_t bytes = session.arena_bytes();
  Fault fault;
  EXPECT_EQ(session.Load(impulse, std::span(memory).first(bytes - 1), &fault), Status::kOutOfMemory);
  EXPECT_EQ(fault.reason, Reason::kArenaTooSmall);
  EXPECT_TRUE(session.window().empty());  // refused: nothing is left of it
  ASSERT_EQ(session.Load(impulse, std::span(memory).first(bytes)), Status::kOk);
  EXPECT_EQ(session.window().size(), 128u);
  for (size_t i = 0; i < session.window().size(); ++i) session.window()[i] = static_cast<float>(i % 10);
  session.ExtractFeatures();
  float sum = 0;
  for (const float feature : session.features()) sum += feature * feature;
  EXPECT_GT(sum, 0);
}

TEST(FeatureSession, SaysWhatIsWrong) {
  const dsp::Raw::Params params;
  const Impulse good = {
      .window = {.axes = 1, .readings = 4, .rate_hz = 1}, .block = &dsp::kBlock<dsp::Raw>, .block_params = &params};
  const auto reason = [](const Impulse& impulse, std::span<std::byte> arena) {
    FeatureSession session;
    Fault fault;
    EXPECT_NE(session.Load(impulse, arena, &fault), Status::kOk);
    return fault.reason;
  };
  EXPECT_EQ(reason(good, std::span(memory).subspan(1)), Reason::kArenaMisaligned);
  Impulse bad = good;
  bad.block = nullptr;
  EXPECT_EQ(reason(bad, memory), Reason::kBlock);
  bad = good;
  bad.window.axes = 0;
  EXPECT_EQ(reason(bad, memory), Reason::kWindow);
  bad = good;
  bad.stride_readings = 0;
  EXPECT_EQ(reason(bad, memory), Reason::kWindow);
}

}  // namespace
}  // namespace thimble::runtime
