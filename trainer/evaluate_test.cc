#include "trainer/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace thimble::trainer {
namespace {

TEST(Evaluate, CountsByHand) {
  //                              recording 0   1        2
  const std::vector<int> labels{0, 0, 0, 1, 1, 2, 2, 2};
  const std::vector<int> guesses{0, 0, 1, 1, 0, 2, 0, 2};
  const std::vector<int> groups{0, 0, 0, 1, 1, 2, 2, 2};
  const Evaluation evaluation = Evaluate(labels, guesses, groups, 4);
  EXPECT_EQ(evaluation.confusion,
            (std::vector<std::vector<int>>{{2, 1, 0, 0}, {1, 1, 0, 0}, {1, 0, 2, 0}, {0, 0, 0, 0}}));
  EXPECT_DOUBLE_EQ(evaluation.accuracy, 5.0 / 8);
  EXPECT_DOUBLE_EQ(evaluation.classes[0].precision, 0.5);
  EXPECT_DOUBLE_EQ(evaluation.classes[0].recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(evaluation.classes[0].f1, 4.0 / 7);
  EXPECT_DOUBLE_EQ(evaluation.classes[1].f1, 0.5);
  EXPECT_DOUBLE_EQ(evaluation.classes[2].f1, 0.8);
  EXPECT_DOUBLE_EQ(evaluation.macro_f1, (4.0 / 7 + 0.5 + 0.8) / 3);  // the class that never occurs is left out
  EXPECT_EQ(evaluation.recordings, 3);
  EXPECT_EQ(evaluation.recordings_correct, 2);  // recording 1 is a tie, which class 0 wins
}

TEST(Evaluate, TakesRowsForRecordingsWhereThereAreNone) {
  const Evaluation evaluation = Evaluate(std::vector{0, 1, 1}, std::vector{0, 1, 0}, {}, 2);
  EXPECT_EQ(evaluation.recordings, 3);
  EXPECT_EQ(evaluation.recordings_correct, 2);
}

TEST(Evaluate, OfNothingIsZero) {
  const Evaluation evaluation = Evaluate({}, {}, {}, 2);
  EXPECT_EQ(evaluation.accuracy, 0);
  EXPECT_EQ(evaluation.macro_f1, 0);
}

TEST(EvaluateRegression, MeasuresByHand) {
  const RegressionErrors errors = EvaluateRegression(std::vector{1.0f, 2.0f}, std::vector{4.0f, -2.0f});
  EXPECT_DOUBLE_EQ(errors.mean_absolute, 3.5);
  EXPECT_DOUBLE_EQ(errors.root_mean_square, std::sqrt(12.5));
  EXPECT_DOUBLE_EQ(errors.largest, 4);
}

TEST(ScoreClasses, IsPrecisionRecallAndF1) {
  const auto scores = ScoreClasses({{8, 2, 0}, {4, 6, 0}, {0, 0, 0}});
  EXPECT_DOUBLE_EQ(scores[0].precision, 8.0 / 12);
  EXPECT_DOUBLE_EQ(scores[0].recall, 0.8);
  EXPECT_DOUBLE_EQ(scores[0].f1, 16.0 / 22);
  EXPECT_DOUBLE_EQ(scores[1].precision, 0.75);
  EXPECT_EQ(scores[2].f1, 0);
  EXPECT_EQ(scores[2].rows, 0);
  // The label that nobody tested does not count.
  EXPECT_DOUBLE_EQ(MacroF1(scores), (16.0 / 22 + 12.0 / 18) / 2);
}

}  // namespace
}  // namespace thimble::trainer
