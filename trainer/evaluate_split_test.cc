#include "trainer/evaluate_split.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace thimble::trainer {
namespace {

/// Windows that tell their recording apart much better (`likeness` times) than their label.
Table Windows(int recordings, float likeness, uint64_t seed) {
  Random random(seed);
  Table table;
  table.feature_count = 4;
  for (int recording = 0; recording < recordings; ++recording) {
    float centre[4];
    for (float& value : centre) value = likeness * random.Normal();
    for (int window = 0; window < 30; ++window) {
      const int label = recording % 2;
      for (const float value : centre) table.features.push_back(value + 0.1f * random.Normal());
      table.features[table.features.size() - 4] += 0.5f * static_cast<float>(label);
      table.labels.push_back(label);
      table.groups.push_back(recording);
    }
  }
  return table;
}

TEST(SplitInflation, IsFoundWhereRecordingsGiveThemselvesAway) {
  const auto inflation = MeasureSplitInflation(Windows(30, 1, 1));
  ASSERT_TRUE(inflation.ok());
  EXPECT_GT(inflation->windows, 0.98);
  EXPECT_LT(inflation->groups, 0.85);
  EXPECT_TRUE(inflation->warns);
  EXPECT_NE(inflation->sentence.find("Windows drawn at random would say "), std::string::npos);
  EXPECT_NE(inflation->sentence.find("only the second is to be believed"), std::string::npos);
}

TEST(SplitInflation, IsNotFoundWhereOnlyTheLabelMatters) {
  const auto inflation = MeasureSplitInflation(Windows(30, 0, 2), "speakers");
  ASSERT_TRUE(inflation.ok());
  EXPECT_NEAR(inflation->windows, inflation->groups, 0.02);
  EXPECT_FALSE(inflation->warns);
  EXPECT_NE(inflation->sentence.find("whole speakers say"), std::string::npos);
  EXPECT_NE(inflation->sentence.find("the two hardly differ"), std::string::npos);
}

TEST(SplitInflation, SamplesLargeTables) {
  Table table = Windows(300, 1, 3);
  const int rows = table.rows();
  table.feature_count = 4 * 40;  // the same numbers forty times
  std::vector<float> wide;
  for (int row = 0; row < rows; ++row) {
    for (int copy = 0; copy < 40; ++copy) {
      wide.insert(wide.end(), table.features.begin() + row * 4, table.features.begin() + row * 4 + 4);
    }
  }
  table.features = wide;
  const auto inflation = MeasureSplitInflation(table);
  ASSERT_TRUE(inflation.ok());
  EXPECT_LT(inflation->rows, rows);
  EXPECT_GE(inflation->rows, 100);
  EXPECT_TRUE(inflation->warns);
}

TEST(SplitInflation, RefusesWhatCannotBeSplit) {
  EXPECT_FALSE(MeasureSplitInflation(Windows(4, 1, 1)).ok());
  EXPECT_FALSE(MeasureSplitInflation({}).ok());
  Table broken = Windows(10, 1, 1);
  broken.features[7] = std::nanf("");
  EXPECT_FALSE(MeasureSplitInflation(broken).ok());
  Table targets = Windows(10, 1, 1);
  targets.targets.assign(targets.labels.begin(), targets.labels.end());
  targets.labels.clear();
  EXPECT_FALSE(MeasureSplitInflation(targets).ok());
}

}  // namespace
}  // namespace thimble::trainer
