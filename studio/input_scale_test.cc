#include "studio/input_scale.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"
#include "trainer/zoo.h"

namespace thimble::studio {
namespace {

using trainer::Architecture;

const std::vector<dataset::Axis> kAxes = {{"accX", "g"},   {"accY", "g"},   {"accZ", "g"},
                                          {"gyrX", "dps"}, {"gyrY", "dps"}, {"gyrZ", "dps"}};

dsp::Layout Frames(int channels) { return {.kind = dsp::Layout::Kind::kSpectrogram, .width = 16, .height = channels}; }

/// Six channels: accelerations about 1, angular rates about 100.
trainer::Table Readings(int channels) {
  trainer::Table table;
  table.feature_count = 16 * channels;
  Random random(1);
  for (int i = 0; i < 8 * table.feature_count; ++i) {
    table.features.push_back((i % channels < 3 ? 1.0f : 100.0f) * random.Normal());
  }
  table.labels.assign(8, 0);
  return table;
}

TEST(MeasureScaling, KeepsTheAxesOfASensorAlikeAndSensorsApart) {
  const auto spec = trainer::MakeSpec(Architecture::kConv1d, Frames(6), 2);
  const auto scaling = MeasureScaling(Readings(6), *spec, kAxes, Frames(6));
  ASSERT_TRUE(scaling.ok()) << scaling.error().message;
  ASSERT_EQ(scaling->scale.size(), 96u);
  EXPECT_EQ(scaling->scale[0], scaling->scale[1]);
  EXPECT_EQ(scaling->scale[0], scaling->scale[6 + 2]);
  EXPECT_EQ(scaling->scale[3], scaling->scale[5]);
  EXPECT_NEAR(scaling->scale[0], 1, 0.1);
  EXPECT_NEAR(scaling->scale[3], 0.01, 0.001);
  EXPECT_EQ(scaling->offset, std::vector<float>(96, 0.0f));  // zeros of the padding stay zeros
}

TEST(MeasureScaling, DenseNetworksGetEachFeatureStandardised) {
  const auto spec = trainer::MakeSpec(Architecture::kDense, Frames(6), 2);
  trainer::Table table = Readings(6);
  for (size_t i = 0; i < table.features.size(); i += 96) table.features[i] = 7;
  const auto scaling = MeasureScaling(table, *spec, kAxes, Frames(6));
  ASSERT_TRUE(scaling.ok()) << scaling.error().message;
  EXPECT_EQ(scaling->offset[0], 7);
  EXPECT_EQ(scaling->scale[0], 0);  // never changes
  EXPECT_NE(scaling->scale[1], scaling->scale[2]);
}

TEST(MeasureScaling, PicturesStayAsTheyAre) {
  const dsp::Layout layout = {.kind = dsp::Layout::Kind::kImage, .width = 12, .height = 8, .channels = 1};
  const auto spec = trainer::MakeSpec(Architecture::kConv2d, layout, 2);
  const auto scaling = MeasureScaling(Readings(6), *spec, {}, layout);
  ASSERT_TRUE(scaling.ok());
  EXPECT_TRUE(scaling->scale.empty());
}

TEST(FoldInto, TheFirstLayerDoesWhatTheScalingDid) {
  const auto spec = trainer::MakeSpec(Architecture::kConv1d, Frames(3), 2);
  auto model = trainer::Initialise(*spec, 1);
  ASSERT_TRUE(model.ok());
  model->input_range = {-2, 2};
  trainer::FeatureScaling scaling = {std::vector<float>(48, 0.0f), std::vector<float>(48, 0.25f)};
  std::vector<float> rows = Readings(3).features;
  std::vector<float> scaled = rows;
  trainer::Apply(scaling, scaled);
  const auto before = trainer::Run(*model, scaled);
  ASSERT_TRUE(FoldInto(*model, scaling));
  EXPECT_TRUE(scaling.scale.empty());
  EXPECT_EQ(model->input_range.high, 8);
  const auto after = trainer::Run(*model, rows);
  ASSERT_TRUE(before.ok() && after.ok());
  for (size_t i = 0; i < before->size(); ++i) EXPECT_NEAR((*before)[i], (*after)[i], 1e-6);
}

TEST(FoldInto, LeavesScalingsOfSeveralFactorsToTheImpulse) {
  const auto spec = trainer::MakeSpec(Architecture::kConv1d, Frames(3), 2);
  auto model = trainer::Initialise(*spec, 1);
  ASSERT_TRUE(model.ok());
  const std::vector<float> weights = model->weights[0].weights;
  trainer::FeatureScaling two = {std::vector<float>(48, 0.0f), std::vector<float>(48, 1.0f)};
  two.scale[5] = 2;
  EXPECT_FALSE(FoldInto(*model, two));
  trainer::FeatureScaling moved = {std::vector<float>(48, 1.0f), std::vector<float>(48, 1.0f)};
  EXPECT_FALSE(FoldInto(*model, moved));
  trainer::FeatureScaling none;
  EXPECT_FALSE(FoldInto(*model, none));
  EXPECT_EQ(model->weights[0].weights, weights);
  EXPECT_EQ(two.scale.size(), 48u);
}

}  // namespace
}  // namespace thimble::studio
