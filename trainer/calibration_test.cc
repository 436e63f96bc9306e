#include "trainer/calibration.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"
#include "trainer/evaluate.h"

namespace thimble::trainer {
namespace {

struct Answers {
  std::vector<float> scores;
  std::vector<int> labels;
};

/// Scores of three classes that are right as often as they say, then made `sharpness` times too sure.
Answers Draw(int rows, double sharpness, uint64_t seed) {
  Random random(seed);
  Answers answers;
  for (int row = 0; row < rows; ++row) {
    double honest[3];
    double sum = 0;
    for (double& share : honest) sum += share = std::exp(2 * static_cast<double>(random.Normal()));
    for (double& share : honest) share /= sum;
    const double lot = random.Between(0, 1);
    answers.labels.push_back(lot < honest[0] ? 0 : lot < honest[0] + honest[1] ? 1 : 2);
    double sharp_sum = 0;
    for (double& share : honest) sharp_sum += share = std::pow(share, sharpness);
    for (const double share : honest) answers.scores.push_back(static_cast<float>(share / sharp_sum));
  }
  return answers;
}

TEST(Calibration, CountsByHand) {
  const std::vector<float> scores{0.9f, 0.1f, 0.85f, 0.15f, 0.4f, 0.6f, 0.45f, 0.55f};
  const auto calibration = MeasureCalibration(scores, std::vector{0, 1, 1, 1}, 2, 2);
  ASSERT_TRUE(calibration.ok());
  ASSERT_EQ(calibration->bins.size(), 2u);
  EXPECT_EQ(calibration->bins[0].rows, 0);
  EXPECT_EQ(calibration->bins[1].rows, 4);
  EXPECT_NEAR(calibration->bins[1].confidence, 0.725, 1e-6);
  EXPECT_DOUBLE_EQ(calibration->bins[1].accuracy, 0.75);
  EXPECT_NEAR(calibration->expected_error, 0.025, 1e-6);
  EXPECT_NEAR(calibration->largest_error, 0.025, 1e-6);
  EXPECT_NEAR(calibration->log_loss, -(std::log(0.9) + std::log(0.15) + std::log(0.6) + std::log(0.55)) / 4, 1e-6);
  EXPECT_NEAR(calibration->brier, 2 * (0.01 + 0.7225 + 0.16 + 0.2025) / 4, 1e-6);
}

TEST(Calibration, PutsScoresOnAnEdgeIntoTheLowerBin) {
  const auto calibration = MeasureCalibration(std::vector{0.5f, 0.5f, 1.0f, 0.0f}, std::vector{0, 0}, 2, 4);
  ASSERT_TRUE(calibration.ok());
  EXPECT_EQ(calibration->bins[1].rows, 1);
  EXPECT_EQ(calibration->bins[3].rows, 1);
}

TEST(Temperature, IsWhatMadeScoresTooSure) {
  for (const double sharpness : {0.5, 1.0, 2.5}) {
    const Answers answers = Draw(20000, sharpness, 1);
    const auto temperature = FitTemperature(answers.scores, answers.labels, 3);
    ASSERT_TRUE(temperature.ok());
    EXPECT_NEAR(*temperature, sharpness, 0.05 * sharpness);
    const std::vector<float> cured = ApplyTemperature(answers.scores, 3, *temperature);
    const auto before = MeasureCalibration(answers.scores, answers.labels, 3);
    const auto after = MeasureCalibration(cured, answers.labels, 3);
    EXPECT_LT(after->expected_error, 0.02);
    EXPECT_LE(after->log_loss, before->log_loss + 1e-6);
    EXPECT_EQ(Decide(cured, 3), Decide(answers.scores, 3));
  }
}

RC_GTEST_PROP(Temperature, HasTheLeastLogLoss, (uint64_t seed)) {
  const Answers answers = Draw(50, 1.5, seed);
  const auto temperature = FitTemperature(answers.scores, answers.labels, 3);
  RC_ASSERT(temperature.ok());
  const auto loss = [&](double t) {
    return MeasureCalibration(ApplyTemperature(answers.scores, 3, t), answers.labels, 3)->log_loss;
  };
  for (const double factor : {0.95, 1.05}) {
    const double other = std::clamp(*temperature * factor, kLowestTemperature, kHighestTemperature);
    RC_ASSERT(loss(*temperature) <= loss(other) + 1e-6);
  }
}

TEST(Temperature, StopsWhereNothingIsWrong) {
  const auto all_right = FitTemperature(std::vector{0.9f, 0.1f, 0.2f, 0.8f}, std::vector{0, 1}, 2);
  ASSERT_TRUE(all_right.ok());
  EXPECT_NEAR(*all_right, kLowestTemperature, 1e-6);
  const auto all_wrong = FitTemperature(std::vector{0.9f, 0.1f, 0.2f, 0.8f}, std::vector{1, 0}, 2);
  ASSERT_TRUE(all_wrong.ok());
  EXPECT_NEAR(*all_wrong, kHighestTemperature, 1e-6);
  EXPECT_EQ(*FitTemperature(std::vector{0.5f, 0.5f}, std::vector{0}, 2), 1.0);  // any would do
  EXPECT_EQ(*FitTemperature(std::vector{1.0f, 1.0f}, std::vector{0, 0}, 1), 1.0);
  // Scores of exactly 0, as int8 gives them.
  EXPECT_TRUE(FitTemperature(std::vector{1.0f, 0.0f, 0.0f, 1.0f}, std::vector{0, 0}, 2, 1.0f / 512).ok());
}

TEST(Calibration, RefusesWhatCannotBeJudged) {
  const auto message = [](const auto& expected) { return expected.ok() ? std::string() : expected.error().message; };
  EXPECT_NE(message(FitTemperature(std::vector{0.5f, std::nanf("")}, std::vector{0}, 2)).find("row 0: a score is not"),
            std::string::npos);
  EXPECT_NE(message(MeasureCalibration({}, {}, 2)).find("no rows"), std::string::npos);
  EXPECT_NE(message(MeasureCalibration(std::vector{1.0f, 0.0f}, std::vector{2}, 2)).find("label 2 is none of the 2"),
            std::string::npos);
  EXPECT_NE(message(MakeCoverageCurve(std::vector{1.0f}, std::vector{0}, 2)).find("1 scores are not 2 for each"),
            std::string::npos);
  EXPECT_FALSE(MeasureCalibration(std::vector{1.0f, 0.0f}, std::vector{0}, 2, 0).ok());
}

TEST(Coverage, CountsByHand) {
  //                                right       right       wrong       right (a tie with the one before)
  const std::vector<float> scores{0.9f, 0.1f, 0.2f, 0.8f, 0.7f, 0.3f, 0.7f, 0.3f};
  const auto curve = MakeCoverageCurve(scores, std::vector{0, 1, 1, 0}, 2);
  ASSERT_TRUE(curve.ok());
  ASSERT_EQ(curve->size(), 3u);
  EXPECT_EQ((*curve)[2].answered, 4);
  EXPECT_EQ((*curve)[2].correct, 3);
  EXPECT_EQ(ChooseForAccuracy(*curve, 1)->threshold, 0.8f);
  EXPECT_EQ(ChooseForAccuracy(*curve, 0.75)->threshold, 0.7f);
  EXPECT_EQ(ChooseForCoverage(*curve, 0.5)->threshold, 0.8f);
  EXPECT_EQ(ChooseForCoverage(*curve, 0.51)->threshold, 0.7f);
  EXPECT_EQ(ChooseForCoverage(*curve, 0)->threshold, 0.9f);
}

TEST(Coverage, SaysWhatTheBestThresholdGives) {
  const auto curve = MakeCoverageCurve(std::vector{0.9f, 0.1f, 0.8f, 0.2f}, std::vector{1, 0}, 2);
  const auto choice = ChooseForAccuracy(*curve, 0.9);
  ASSERT_FALSE(choice.ok());
  EXPECT_EQ(choice.error().message,
            "no threshold gives 90 % right answers; the best is 50 % of 100 % of the windows. More recordings of what "
            "is confused help");
  EXPECT_FALSE(ChooseForAccuracy({}, 0.9).ok());
  EXPECT_FALSE(ChooseForAccuracy(*curve, std::nan("")).ok());
  EXPECT_FALSE(ChooseForCoverage(*curve, 1.5).ok());
}

}  // namespace
}  // namespace thimble::trainer
