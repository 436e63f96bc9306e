#include "runtime/session.h"

#include <gtest/gtest.h>

#include "base/arena.h"
#include "runtime/describe.h"
#include "runtime/test_models.h"

namespace thimble::runtime {
namespace {

using kernels::AllOperators;
using tflite::BuiltinOperator;
using tflite::TensorType;

/// A block whose features are the sums of the readings, one for each axis, times a prepared gain; it fills its
/// scratch, to show that nothing of value lies there.
struct Sums {
  static constexpr const char* kName = "sums";
  struct Params {
    float gain = 1;
    size_t scratch_bytes = 64;
  };
  static Status Check(const Params& params, const dsp::Window&) {
    return params.gain > 0 ? Status::kOk : Status::kInvalidArgument;
  }
  static size_t FeatureCount(const Params&, const dsp::Window& window) { return static_cast<size_t>(window.axes); }
  static size_t PreparedBytes(const Params&, const dsp::Window&) { return sizeof(float); }
  static size_t ScratchBytes(const Params& params, const dsp::Window&) { return params.scratch_bytes; }
  static void Prepare(const Params& params, const dsp::Window&, std::span<std::byte> prepared) {
    std::memcpy(prepared.data(), &params.gain, sizeof(float));
  }
  static void Extract(const Params& params, const dsp::Window& window, std::span<const std::byte> prepared,
                      std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch) {
    float gain = 0;
    std::memcpy(&gain, prepared.data(), sizeof gain);
    for (size_t axis = 0; axis < features.size(); ++axis) {
      float sum = 0;
      for (size_t i = axis; i < samples.size(); i += static_cast<size_t>(window.axes)) sum += samples[i];
      features[axis] = sum * gain;
    }
    ASSERT_EQ(scratch.size(), AlignUp(params.scratch_bytes));
    for (std::byte& byte : scratch) byte = std::byte{0xee};
  }
};

constexpr Sums::Params kParams;
constexpr const char* kLabels[] = {"left", "right", "still"};

/// 3 axes of 2 readings -> 3 sums -> reshape -> 3 scores.
struct SessionTest : testing::Test {
  ModelBuilder builder;
  AlignedBytes model{0};
  AlignedBytes arena{4096};
  Impulse impulse;
  Session session;
  Fault fault;

  SessionTest() {
    Model(TensorType::INT8);
    impulse.window = {.axes = 3, .readings = 2, .rate_hz = 100};
    impulse.block = &dsp::kBlock<Sums>;
    impulse.block_params = &kParams;
    impulse.operators = AllOperators();
    impulse.labels = kLabels;
  }
  void Model(TensorType type, int32_t features = 3) {
    builder = {};
    builder.tensors = {{{1, features}, type, {0.5f}, {10}}, {{features}, type, {0.5f}, {10}}};
    builder.operators = {{BuiltinOperator::RESHAPE, {0}, {1}}};
    builder.inputs = {0};
    builder.outputs = {1};
    model = builder.Build();
    impulse.model = {reinterpret_cast<const unsigned char*>(model.span().data()), model.span().size()};
  }
  Reason Load() {
    const Status status = session.Load(impulse, arena.span(), &fault);
    EXPECT_EQ(status, StatusOf(fault.reason));
    return fault.reason;
  }
  void Fill(std::vector<float> samples) { std::copy(samples.begin(), samples.end(), session.window().begin()); }
};

TEST_F(SessionTest, TurnsAWindowIntoAVerdict) {
  ASSERT_EQ(Load(), Reason::kNone);
  ASSERT_EQ(session.window().size(), 6u);
  EXPECT_EQ(session.window()[5], 0);
  Fill({1, 2, 3, 1, 2.25f, 0});
  const Verdict verdict = session.Run();
  EXPECT_EQ(session.features()[1], 4.25f);
  ASSERT_EQ(verdict.raw_scores.size(), 3u);
  const auto score = [&](size_t i) { return static_cast<int>(static_cast<int8_t>(verdict.raw_scores[i])); };
  EXPECT_EQ(score(0), 14);
  EXPECT_EQ(score(1), 19);  // 8.5 rounds away from zero
  EXPECT_EQ(score(2), 16);
  EXPECT_EQ(verdict.label, 1);
  EXPECT_EQ(verdict.score, 4.5f);
}

TEST_F(SessionTest, QuantisesWithHalvesAwayFromZeroAndClamps) {
  ASSERT_EQ(Load(), Reason::kNone);
  Fill({-0.25f, 1e9f, -1e9f, 0, 0, 0});
  const Verdict verdict = session.Run();
  EXPECT_EQ(static_cast<int8_t>(verdict.raw_scores[0]), 9);
  EXPECT_EQ(static_cast<int8_t>(verdict.raw_scores[1]), 127);
  EXPECT_EQ(static_cast<int8_t>(verdict.raw_scores[2]), -128);
}

TEST_F(SessionTest, PrefersTheFirstOfEqualScores) {
  ASSERT_EQ(Load(), Reason::kNone);
  Fill({1, 3, 3, 0, 0, 0});
  EXPECT_EQ(session.Run().label, 1);
}

TEST_F(SessionTest, TakesFloatsAsTheyAre) {
  Model(TensorType::FLOAT32);
  ASSERT_EQ(Load(), Reason::kNone);
  Fill({0.1f, 0.3f, 0.2f, 0, 0, 0});
  const Verdict verdict = session.Run();
  EXPECT_EQ(verdict.label, 1);
  EXPECT_EQ(verdict.score, 0.3f);
  EXPECT_EQ(verdict.raw_scores.size(), 12u);
}

TEST_F(SessionTest, ScalesEachFeatureBeforeTheNetworkTakesIt) {
  constexpr float kOffset[] = {1, 1000, -4}, kScale[] = {2, 0.01f, 0};
  impulse.scaling = {.offset = kOffset, .scale = kScale};
  ASSERT_EQ(Load(), Reason::kNone);
  Fill({3, 1300, 5, 0, 0, 7});
  const Verdict verdict = session.Run();
  EXPECT_EQ(session.features()[1], 1300);  // people see features in their own units
  EXPECT_EQ(static_cast<int8_t>(verdict.raw_scores[0]), 10 + 8);
  EXPECT_EQ(static_cast<int8_t>(verdict.raw_scores[1]), 10 + 6);
  EXPECT_EQ(static_cast<int8_t>(verdict.raw_scores[2]), 10);
}

TEST_F(SessionTest, RefusesAScalingOfOtherFeatures) {
  constexpr float kNumbers[] = {1, 1000, -4};
  const std::span<const float> all(kNumbers);
  for (const FeatureScaling& scaling :
       {FeatureScaling{all, {}}, FeatureScaling{{}, all}, FeatureScaling{all, all.first(2)},
        FeatureScaling{all.first(2), all}, FeatureScaling{all.first(2), all.first(2)}}) {
    impulse.scaling = scaling;
    EXPECT_EQ(Load(), Reason::kFeatureScaling);
  }
  impulse.scaling = {.offset = all, .scale = all};
  EXPECT_EQ(Load(), Reason::kNone);
}

TEST_F(SessionTest, GivesANumberWithoutLabels) {
  impulse.labels = {};
  ASSERT_EQ(Load(), Reason::kNone);
  Fill({1, 2, 3, 1, 0, 0});
  const Verdict verdict = session.Run();
  EXPECT_EQ(verdict.label, -1);
  EXPECT_EQ(verdict.score, 2.0f);
}

TEST_F(SessionTest, LoadsInExactlyTheBytesThatItReports) {
  for (const size_t scratch_bytes : {0, 4, 64, 1000}) {
    const Sums::Params params{.gain = 2, .scratch_bytes = scratch_bytes};
    impulse.block_params = &params;
    arena = AlignedBytes(4096);
    ASSERT_EQ(Load(), Reason::kNone);
    const size_t bytes = session.arena_bytes();
    arena = AlignedBytes(bytes);
    ASSERT_EQ(Load(), Reason::kNone);
    EXPECT_EQ(session.arena_bytes(), bytes);
    Fill({1, 2, 3, 1, 2, 0});
    EXPECT_EQ(session.Run().label, 1);
    for (size_t fewer = 1; fewer <= bytes; ++fewer) {
      arena = AlignedBytes(bytes - fewer);
      EXPECT_EQ(Load(), Reason::kArenaTooSmall) << fewer << " fewer than " << bytes;
    }
  }
}

TEST_F(SessionTest, LaysTheBlocksScratchOverTheNetwork) {
  ASSERT_EQ(Load(), Reason::kNone);
  const size_t small = session.arena_bytes();
  const Sums::Params params{.gain = 1, .scratch_bytes = 80};
  impulse.block_params = &params;
  ASSERT_EQ(Load(), Reason::kNone);
  EXPECT_EQ(session.arena_bytes(), small + 16);
  // window 32 + features 16 + gain 16 + offsets 16, then 64 of scratch over 16 of tensors
  EXPECT_EQ(small, 32u + 16 + 16 + 16 + 64);
}

TEST_F(SessionTest, RefusesWhatDoesNotFitTogether) {
  Impulse good = impulse;
  impulse.window.axes = 4;
  EXPECT_EQ(Load(), Reason::kFeatureCount);
  impulse = good;
  impulse.window.readings = 0;
  EXPECT_EQ(Load(), Reason::kWindow);
  impulse = good;
  impulse.window.readings = 2000000000;
  EXPECT_EQ(Load(), Reason::kWindow);
  impulse = good;
  impulse.labels = impulse.labels.first(2);
  EXPECT_EQ(Load(), Reason::kLabelCount);
  impulse = good;
  const Sums::Params negative{.gain = -1};
  impulse.block_params = &negative;
  EXPECT_EQ(Load(), Reason::kBlock);
  impulse = good;
  impulse.model = impulse.model.first(100);
  EXPECT_FALSE(ok(Load()));
  Model(TensorType::INT32);
  EXPECT_EQ(Load(), Reason::kInputType);
  Model(TensorType::INT8);
  EXPECT_EQ(Load(), Reason::kNone);
}

}  // namespace
}  // namespace thimble::runtime
