#include "trainer/table.h"

#include <gtest/gtest.h>

#include <set>

#include "trainer/test_tables.h"

namespace thimble::trainer {
namespace {

TEST(SplitByGroup, KeepsRecordingsWholeAndEveryLabelInTraining) {
  const Table table = Clouds(3, 10, 5, 1);
  const Split split = SplitByGroup(table, 0.2f, 9);
  std::set<int> training;
  std::set<int> validation;
  for (const int row : split.training) training.insert(table.group(row));
  for (const int row : split.validation) validation.insert(table.group(row));
  EXPECT_EQ(validation.size(), 6u);
  EXPECT_EQ(training.size(), 24u);
  for (const int group : validation) EXPECT_FALSE(training.contains(group));
  EXPECT_EQ(split.training.size() + split.validation.size(), static_cast<size_t>(table.rows()));
  EXPECT_NE(SplitByGroup(table, 0.2f, 10).validation, split.validation);
}

TEST(SplitByGroup, LeavesALoneRecordingInTraining) {
  EXPECT_TRUE(SplitByGroup(Clouds(3, 1, 5, 1), 0.5f, 1).validation.empty());
  EXPECT_TRUE(SplitByGroup(Clouds(3, 5, 5, 1), 0, 1).validation.empty());
}

TEST(FoldByGroup, PutsEveryRowIntoOneValidationPart) {
  const Table table = Clouds(2, 5, 4, 1);
  std::multiset<int> rows;
  for (int fold = 0; fold < 3; ++fold) {
    const Split split = FoldByGroup(table, 3, fold, 1);
    EXPECT_EQ(split.training.size() + split.validation.size(), 40u);
    rows.insert(split.validation.begin(), split.validation.end());
  }
  EXPECT_EQ(rows.size(), 40u);
  EXPECT_EQ(std::set<int>(rows.begin(), rows.end()).size(), 40u);
}

TEST(Random, HasMeanZeroAndDeviationOne) {
  Random random(7);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 100000; ++i) {
    const double value = static_cast<double>(random.Normal());
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / 100000, 0, 0.01);
  EXPECT_NEAR(squares / 100000, 1, 0.02);
}

}  // namespace
}  // namespace thimble::trainer
