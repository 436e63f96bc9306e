#include "trainer/features.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "dsp/raw/block.h"
#include "dsp/spectral_analysis/block.h"

namespace thimble::trainer {
namespace {

using dataset::Category;

/// Two recordings of one axis: 0 1 2 3 4 … with label "up", and the same times -1 with label "down".
dataset::Dataset UpAndDown(int readings) {
  dataset::Dataset set;
  for (const float sign : {1.0F, -1.0F}) {
    dataset::Recording recording{.name = sign > 0 ? "up.1" : "down.1",
                                 .label = sign > 0 ? "up" : "down",
                                 .file = sign > 0 ? "up.1.json" : "down.1.json",
                                 .category = Category::kTraining,
                                 .axes = {{"x", ""}},
                                 .interval_ms = 10,
                                 .values = {}};
    for (int i = 0; i < readings; ++i) recording.values.push_back(sign * static_cast<float>(i));
    set.recordings.push_back(recording);
  }
  return set;
}

TEST(ExtractFeatures, GivesOneLabelledRowAWindow) {
  const dataset::Dataset set = UpAndDown(5);
  const auto index = dataset::CutWindows(set, Category::kTraining, {.window_ms = 30, .stride_ms = 20});
  ASSERT_TRUE(index.ok());
  const dsp::Raw::Params params{.scale_axes = 10};
  const auto table = ExtractFeatures(set, *index, {"down", "up"}, dsp::kBlock<dsp::Raw>, &params, {1, 3, 100});
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->feature_count, 3);
  EXPECT_EQ(table->features, (std::vector<float>{0, 10, 20, 20, 30, 40, 0, -10, -20, -20, -30, -40}));
  EXPECT_EQ(table->labels, (std::vector{1, 1, 0, 0}));
  EXPECT_EQ(table->groups, (std::vector{0, 0, 1, 1}));
}

TEST(ExtractFeatures, PreparesABlockThatHasSomethingToPrepare) {
  const dataset::Dataset set = UpAndDown(64);
  const auto index = dataset::CutWindows(set, Category::kTraining, {.window_ms = 640, .stride_ms = 640});
  const dsp::SpectralAnalysis::Params params{.filter_type = dsp::SpectralAnalysis::FilterType::kLow};
  const auto table =
      ExtractFeatures(set, *index, {"down", "up"}, dsp::kBlock<dsp::SpectralAnalysis>, &params, {1, 64, 100});
  ASSERT_TRUE(table.ok());
  ASSERT_EQ(table->rows(), 2);
  EXPECT_GT(table->row(0)[0], 0);                 // a rising line has an RMS about its mean …
  EXPECT_EQ(table->row(0)[0], table->row(1)[0]);  // … and so has a falling one
}

TEST(ExtractFeatures, NamesARecordingWhoseLabelIsUnknown) {
  const dataset::Dataset set = UpAndDown(5);
  const auto index = dataset::CutWindows(set, Category::kTraining, {.window_ms = 30, .stride_ms = 20});
  const dsp::Raw::Params params;
  const auto table = ExtractFeatures(set, *index, {"up"}, dsp::kBlock<dsp::Raw>, &params, {1, 3, 100});
  ASSERT_FALSE(table.ok());
  EXPECT_NE(table.error().message.find("down.1.json"), std::string::npos);
}

TEST(ExtractFeatures, RefusesFeaturesThatAreNotFinite) {
  dataset::Dataset set = UpAndDown(5);
  set.recordings[1].values[3] = std::numeric_limits<float>::max();
  const auto index = dataset::CutWindows(set, Category::kTraining, {.window_ms = 30, .stride_ms = 20});
  const dsp::Raw::Params params{.scale_axes = 10};
  const auto table = ExtractFeatures(set, *index, {"down", "up"}, dsp::kBlock<dsp::Raw>, &params, {1, 3, 100});
  ASSERT_FALSE(table.ok());
  EXPECT_NE(table.error().message.find("down.1.json: feature 1 "), std::string::npos) << table.error().message;
}

TEST(ExtractFeatures, StopsWhenAsked) {
  const dataset::Dataset set = UpAndDown(5);
  const auto index = dataset::CutWindows(set, Category::kTraining, {.window_ms = 30, .stride_ms = 20});
  const dsp::Raw::Params params;
  const auto table = ExtractFeatures(set, *index, {"down", "up"}, dsp::kBlock<dsp::Raw>, &params, {1, 3, 100},
                                     [](double) { return false; });
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.error().status, Status::kCancelled);
}

}  // namespace
}  // namespace thimble::trainer
