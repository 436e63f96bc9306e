#include "trainer/evaluate_curves.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace thimble::trainer {
namespace {

TEST(ScoreCurve, CountsByHand) {
  const std::vector<float> scores{0.9f, 0.8f, 0.8f, 0.4f, 0.1f};
  const auto curve = MakeCurve(scores, std::vector{1, 1, 0, 1, 0});
  ASSERT_TRUE(curve.ok());
  ASSERT_EQ(curve->points.size(), 4u);  // both rows of 0.8 are one point
  EXPECT_EQ(curve->points[1].threshold, 0.8f);
  EXPECT_EQ(curve->points[1].true_positives, 2);
  EXPECT_EQ(curve->points[1].false_positives, 1);
  EXPECT_DOUBLE_EQ(curve->Recall(curve->points[1]), 2.0 / 3);
  EXPECT_DOUBLE_EQ(curve->FalseAlarms(curve->points[1]), 0.5);
  EXPECT_DOUBLE_EQ(ScoreCurve::Precision(curve->points[1]), 2.0 / 3);
  EXPECT_DOUBLE_EQ(curve->Area(), (2 + 1.5 + 1) / 6);
  EXPECT_DOUBLE_EQ(curve->AveragePrecision(), (1 + 2.0 / 3 + 3.0 / 4) / 3);
}

RC_GTEST_PROP(ScoreCurve, AreaIsTheShareOfPairsInOrder, ()) {
  const auto scores = *rc::gen::container<std::vector<int>>(*rc::gen::inRange(2, 40), rc::gen::inRange(0, 8));  // ties
  std::vector<float> numbers(scores.begin(), scores.end());
  std::vector<int> labels;
  for (size_t i = 0; i < scores.size(); ++i) labels.push_back(*rc::gen::inRange(0, 2));
  labels[0] = 0;
  labels[1] = 1;
  double pairs = 0;
  double in_order = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    for (size_t j = 0; j < scores.size(); ++j) {
      if (labels[i] != 1 || labels[j] != 0) continue;
      pairs += 1;
      in_order += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
    }
  }
  const auto curve = MakeCurve(numbers, labels);
  RC_ASSERT(curve.ok());
  RC_ASSERT(std::abs(curve->Area() - in_order / pairs) < 1e-12);
  RC_ASSERT(curve->points.back().true_positives == curve->positives);
  RC_ASSERT(curve->points.back().false_positives == curve->negatives);
}

TEST(ScoreCurve, OfEqualScoresIsAHalf) {
  const auto curve = MakeCurve(std::vector(10, 0.5f), std::vector{0, 1, 0, 1, 1, 1, 1, 1, 1, 1});
  ASSERT_TRUE(curve.ok());
  EXPECT_EQ(curve->points.size(), 1u);
  EXPECT_DOUBLE_EQ(curve->Area(), 0.5);
  EXPECT_DOUBLE_EQ(curve->AveragePrecision(), 0.8);
}

TEST(ScoreCurve, IsExactForOneInTenThousandsTimesTenThousands) {
  // 20 positive rows among 200,000 others, half of which score above 10 of them; then more than 2^31 pairs.
  std::vector<float> scores(200000);
  std::vector<int> labels(200000, 0);
  for (size_t i = 0; i < 100000; ++i) scores[i] = 2;
  for (int i = 0; i < 20; ++i) {
    scores.push_back(i < 10 ? 3.0f : 1.0f);
    labels.push_back(1);
  }
  const auto curve = MakeCurve(scores, labels);
  ASSERT_TRUE(curve.ok());
  EXPECT_DOUBLE_EQ(curve->Area(), 0.75);
  EXPECT_DOUBLE_EQ(curve->AveragePrecision(), (10 + 10 * 20.0 / 100020) / 20);
  for (size_t i = 0; i < 100000; ++i) labels[i] = 1;
  EXPECT_DOUBLE_EQ(MakeCurve(std::span(scores).first(200000), std::span(labels).first(200000))->Area(), 1);
}

TEST(ScoreCurve, TakesInfinityForAScoreAndRefusesNaN) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(MakeCurve(std::vector{1.0f, kInfinity}, std::vector{0, 1}).ok());
  const auto refused = MakeCurve(std::vector{1.0f, std::nanf("")}, std::vector{0, 1});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("row 1: the score is not a number"), std::string::npos);
}

TEST(ScoreCurve, NeedsBothKindsOfRows) {
  EXPECT_FALSE(MakeCurve(std::vector{1.0f, 2.0f}, std::vector{1, 1}).ok());
  EXPECT_FALSE(MakeCurve(std::vector{1.0f, 2.0f}, std::vector{0, 0}).ok());
  EXPECT_FALSE(MakeCurve({}, {}).ok());
  EXPECT_FALSE(MakeCurve(std::vector{1.0f}, std::vector{1, 0}).ok());
}

TEST(AreaOfEachClass, IsEmptyForAClassThatNeverOccurs) {
  const std::vector<float> scores{0.8f, 0.1f, 0.1f, 0.2f, 0.7f, 0.1f, 0.6f, 0.4f, 0.0f};
  const auto areas = AreaOfEachClass(scores, std::vector{0, 1, 1}, 3);
  ASSERT_TRUE(areas.ok());
  EXPECT_EQ((*areas)[0], 1.0);
  EXPECT_EQ((*areas)[1], 1.0);
  EXPECT_FALSE((*areas)[2].has_value());
  const auto alone = AreaOfEachClass(std::vector{1.0f, 1.0f}, std::vector{0, 0}, 1);
  ASSERT_TRUE(alone.ok());
  EXPECT_FALSE((*alone)[0].has_value());
}

}  // namespace
}  // namespace thimble::trainer
