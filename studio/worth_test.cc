#include "studio/worth.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/random.h"

namespace thimble::studio {
namespace {

/// Two labels, one recording a window.
Data TestingOf(const std::vector<int>& labels) {
  Data data;
  data.labels = {"nod", "wave"};
  data.testing.readings = data.testing.stride_readings = 1;
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::string& label = data.labels[static_cast<size_t>(labels[i])];
    data.set.recordings.push_back({.name = label + "." + std::to_string(i),
                                   .label = label,
                                   .file = label + ".csv",
                                   .axes = {{"accX", "g"}},
                                   .interval_ms = 10,
                                   .values = {0}});
    data.testing.windows.push_back({.recording = i});
  }
  return data;
}

Judged JudgedOf(const std::vector<int>& labels, const std::vector<float>& wave) {
  Judged judged;
  std::vector<int> answers;
  for (const float score : wave) {
    judged.scores.insert(judged.scores.end(), {1 - score, score});
    answers.push_back(score > 0.5f ? 1 : 0);
  }
  judged.evaluation = trainer::Evaluate(labels, answers, {}, 2);
  return judged;
}

TEST(ChooseScores, LeavesOutTheAnswersThatAreWrong) {
  HeldOut validation;
  for (int i = 0; i < 100; ++i) {  // wrong where the score is low
    const bool unsure = i % 4 == 0;
    const float score = unsure ? 0.6f : 0.95f;
    validation.scores.insert(validation.scores.end(), {1 - score, score});
    validation.labels.push_back(unsure && i % 8 == 0 ? 0 : 1);
  }
  const auto choice = ChooseScores(validation, 2);
  ASSERT_TRUE(choice.ok()) << choice.error().message;
  ASSERT_TRUE(choice->has_value());
  EXPECT_FLOAT_EQ(static_cast<float>((*choice)->threshold), 0.95f);
}

TEST(ChooseScores, ChoosesNothingWithoutValidation) {
  const auto choice = ChooseScores({}, 2);
  ASSERT_TRUE(choice.ok());
  EXPECT_FALSE(choice->has_value());
}

TEST(ChooseScores, CoolsANetworkThatIsTooSure) {
  HeldOut validation;
  for (int i = 0; i < 100; ++i) {  // says 0.99, is right seven times of ten
    validation.scores.insert(validation.scores.end(), {0.01f, 0.99f});
    validation.labels.push_back(i % 10 < 7 ? 1 : 0);
  }
  const auto choice = ChooseScores(validation, 2);
  ASSERT_TRUE(choice.ok() && choice->has_value());
  EXPECT_GT((*choice)->temperature, 2);
  EXPECT_EQ((*choice)->threshold, 0);  // no threshold would help
}

TEST(MeasureWorth, TellsUncertainWindowsAndTheWorst) {
  const std::vector<int> labels = {0, 0, 0, 1, 1, 1};
  const Data data = TestingOf(labels);
  const Judged judged = JudgedOf(labels, {0.1f, 0.2f, 0.9f, 0.55f, 0.9f, 0.95f});
  const auto worth = MeasureWorth(data, judged, ScoreChoice{.temperature = 1, .threshold = 0.6});
  ASSERT_TRUE(worth.ok()) << worth.error().message;
  ASSERT_TRUE(worth->areas[1].has_value());
  EXPECT_NEAR(*worth->areas[1], (3 * 2 + 0 + 0.5 + 1) / 9, 1e-9);
  EXPECT_NEAR(worth->uncertain, 1.0 / 6, 1e-9);
  EXPECT_NEAR(worth->answered_accuracy, 4.0 / 5, 1e-9);
  EXPECT_NEAR(worth->calibrated_error, worth->calibration_error, 1e-6);
  ASSERT_EQ(worth->worst.size(), 1u);
  EXPECT_EQ(worth->worst[0].label, 0);
  EXPECT_EQ(worth->worst[0].predicted, 1);
  EXPECT_NE(worth->worst[0].place.find("nod.2"), std::string::npos) << worth->worst[0].place;
}

TEST(ImbalanceWarning, SaysWhatAnsweringOneLabelWouldReach) {
  std::vector<int> labels(10000, 0);
  labels.push_back(1);
  const auto evaluation = trainer::Evaluate(labels, std::vector<int>(labels.size(), 0), {}, 2);
  const std::string sentence = ImbalanceWarning({"idle", "fall"}, evaluation);
  EXPECT_NE(sentence.find("10000 of 10001 testing windows are 'idle'"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("(50.0 %)"), std::string::npos) << sentence;
}

TEST(ImbalanceWarning, IsQuietWhereLabelsAreAlikeInNumber) {
  const std::vector<int> labels = {0, 0, 0, 1, 1};
  EXPECT_EQ(ImbalanceWarning({"idle", "fall"}, trainer::Evaluate(labels, labels, {}, 2)), "");
}

/// Recordings that lie apart from each other, with windows that hardly differ: `names` says whether labels follow.
trainer::Table Clusters(bool labels_follow) {
  Random random(1);
  trainer::Table table{.feature_count = 2, .features = {}, .labels = {}, .targets = {}, .groups = {}};
  for (int group = 0; group < 40; ++group) {
    const int label = group % 2;
    const float x = labels_follow ? static_cast<float>(10 * label) + random.Normal() : 10 * random.Normal();
    const float y = 10 * random.Normal();
    for (int window = 0; window < 8; ++window) {
      table.features.insert(table.features.end(), {x + 0.01f * random.Normal(), y + 0.01f * random.Normal()});
      table.labels.push_back(label);
      table.groups.push_back(group);
    }
  }
  return table;
}

TEST(SplitWarning, WarnsWhereOnlyTheRecordingIsRecognised) {
  EXPECT_NE(SplitWarning(Clusters(false)).find("Windows drawn at random would say 100"), std::string::npos)
      << SplitWarning(Clusters(false));
}

TEST(SplitWarning, IsQuietWhereLabelsAreRecognised) { EXPECT_EQ(SplitWarning(Clusters(true)), ""); }

}  // namespace
}  // namespace thimble::studio
