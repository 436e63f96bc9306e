#include "dataset/survey.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "dataset/internal/test_files.h"
#include "dataset/reader.h"

namespace thimble::dataset {
namespace {

AxisSurvey Of(const std::vector<float>& values) {
  Survey survey;
  for (const float value : values) survey.Add(value, 0);
  return survey.Axes().front();
}

std::vector<float> Sine(float size, float ceiling, size_t count = 500) {
  std::vector<float> values;
  for (size_t i = 0; i < count; ++i) {
    values.push_back(std::clamp(size * std::sin(0.11F * static_cast<float>(i)), -ceiling, ceiling));
  }
  return values;
}

TEST(Survey, CountsReadingsAtTheCeilingOfASensor) {
  const AxisSurvey whole = Of(Sine(3, 10));
  EXPECT_EQ(whole.clipped, 0U);
  EXPECT_NEAR(whole.greatest, 3, 0.01);
  const std::vector<float> values = Sine(3, 2);
  const auto at_end = std::count_if(values.begin(), values.end(), [](float v) { return std::abs(v) == 2; });
  const AxisSurvey clipped = Of(values);
  EXPECT_EQ(clipped.least, -2);
  EXPECT_GT(clipped.clipped, 200U);
  EXPECT_LE(clipped.clipped, static_cast<size_t>(at_end));
}

TEST(Survey, TakesRestAndSwitchesForWhatTheyAre) {
  EXPECT_EQ(Of({1, 1, 1, 2, 1, 0, 0, 0, 2, 2, 2, 2, 1}).clipped, 0U) << "a sensor at rest";
  std::vector<float> pulse(300, 0.0F);
  for (size_t i = 100; i < 200; ++i) pulse[i] = 50 * std::sin(0.0314F * static_cast<float>(i - 100));
  EXPECT_EQ(Of(pulse).clipped, 0U) << "a signal that rests at zero";
  EXPECT_TRUE(Of({4, 4, 4, 4}).is_constant());
  EXPECT_EQ(Of({4, 4, 4, 4}).clipped, 0U);
  EXPECT_FALSE(Of({4, 4, 4, 5}).is_constant());
  EXPECT_TRUE(Survey().Axes().empty());
}

TEST(Survey, KeepsAxesApart) {
  Survey survey;
  for (int i = 0; i < 10; ++i) {
    survey.Add(7, 0);
    survey.Add(static_cast<float>(i), 1);
  }
  ASSERT_EQ(survey.Axes().size(), 2U);
  EXPECT_TRUE(survey.Axes()[0].is_constant());
  EXPECT_EQ(survey.Axes()[1].greatest, 9);
}

// Its accelerometer says ±2 g and no more: xiao-gestures, whose notes say so.
TEST(Survey, SeesTheClippedFlicksOfARealBoard) {
  const TemporaryFolder folder;
  if (!UnpackShared("xiao-gestures", folder)) GTEST_SKIP() << "there is no ../shared with the reference data";
  const auto set = ReadFolder(folder.path() + "/xiao-gestures");
  ASSERT_TRUE(set.ok()) << set.error().message;
  size_t clipped_flicks = 0, flicks = 0, clipped_idle = 0;
  for (const Recording& recording : set->recordings) {
    Survey survey;
    for (size_t i = 0; i < recording.values.size(); ++i) survey.Add(recording.values[i], i % recording.axes.size());
    const std::vector<AxisSurvey> axes = survey.Axes();
    const bool clipped = std::any_of(axes.begin(), axes.end(), [](const AxisSurvey& axis) { return axis.clipped > 0; });
    flicks += recording.label == "flick";
    clipped_flicks += recording.label == "flick" && clipped;
    clipped_idle += recording.label == "idle" && clipped;
  }
  EXPECT_GT(2 * clipped_flicks, flicks);
  EXPECT_EQ(clipped_idle, 0U);
}

}  // namespace
}  // namespace thimble::dataset
