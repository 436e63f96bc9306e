#include "trainer/evaluate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"

namespace thimble::trainer {
namespace {

TEST(Decide, TakesTheFirstOfEqualScores) {
  EXPECT_EQ(Decide(std::vector{0.2f, 0.4f, 0.4f, 0.9f, 0.0f, 0.1f}, 3), (std::vector{1, 0}));
}

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

TEST(Evaluate, HoldsOutAgainstTenThousandToOne) {
  std::vector<int> labels(10000, 0);
  labels.push_back(1);
  const std::vector<int> guesses(10001, 0);  // never says 1, and is right nearly always
  const Evaluation evaluation = Evaluate(labels, guesses, {}, 2);
  EXPECT_GT(evaluation.accuracy, 0.9998);
  EXPECT_LT(evaluation.macro_f1, 0.51);
}

double ShareRight(std::span<const int> right, std::span<const int> rows) {
  int sum = 0;
  for (const int row : rows) sum += right[static_cast<size_t>(row)];
  return static_cast<double>(sum) / static_cast<double>(rows.size());
}

TEST(Bootstrap, KnowsThatWindowsOfARecordingAreWrongTogether) {
  // 20 recordings of 50 windows, 15 of them right throughout.
  std::vector<int> groups, right, windows;
  for (int row = 0; row < 1000; ++row) {
    groups.push_back(row / 50);
    right.push_back(row / 50 < 15 ? 1 : 0);
    windows.push_back(row);
  }
  const auto measure = [&](std::span<const int> rows) { return ShareRight(right, rows); };
  const auto by_recording = Bootstrap(groups, measure);
  const auto by_window = Bootstrap(windows, measure);
  ASSERT_TRUE(by_recording.ok() && by_window.ok());
  // Binomial with 20 and with 1000 draws: two deviations are 0.19 and 0.027.
  EXPECT_NEAR(by_recording->low, 0.55, 0.051);
  EXPECT_NEAR(by_recording->high, 0.9, 0.051);
  EXPECT_NEAR(by_window->low, 0.723, 0.01);
  EXPECT_NEAR(by_window->high, 0.777, 0.01);
  EXPECT_EQ(by_recording->low, Bootstrap(groups, measure)->low);  // the same seed
}

TEST(Bootstrap, RefusesOneRecording) {
  const auto refused = Bootstrap(std::vector{7, 7, 7}, [](std::span<const int>) { return 1.0; });
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("two recordings or more, not from 1"), std::string::npos);
  const auto measure = [](std::span<const int>) { return 1.0; };
  EXPECT_FALSE(Bootstrap(std::vector{0, 1}, measure, 1).ok());
  EXPECT_FALSE(Bootstrap(std::vector{0, 1}, measure, 0.9, 0).ok());
  EXPECT_TRUE(Bootstrap(std::vector{0, 1}, measure, 0.9, 1).ok());
}

TEST(FindWorstRows, PutsTheSurestMistakesFirst) {
  const std::vector<float> scores{0.9f, 0.1f, 0.6f, 0.4f, 0.0f, 1.0f, 0.7f, 0.3f};
  const auto worst = FindWorstRows(scores, std::vector{0, 1, 0, 1}, 2, 3);
  ASSERT_TRUE(worst.ok());
  ASSERT_EQ(worst->size(), 3u);
  EXPECT_EQ((*worst)[0].row, 2);  // a score of 0 for what it was
  EXPECT_EQ((*worst)[1].row, 3);
  EXPECT_EQ((*worst)[1].predicted, 0);
  EXPECT_EQ((*worst)[2].row, 1);
  EXPECT_NEAR((*worst)[2].loss, -std::log(0.4), 1e-6);
  EXPECT_EQ(FindWorstRows(scores, std::vector{0, 1, 0, 1}, 2, 100)->size(), 4u);
  EXPECT_FALSE(FindWorstRows(std::vector{std::nanf(""), 0.0f}, std::vector{0}, 2, 1).ok());
}

TEST(DescribeWindow, NamesRecordingAndPlace) {
  dataset::Dataset dataset;
  dataset.recordings.resize(2);
  dataset.recordings[1].name = "wave.1";
  dataset.recordings[1].file = "training/wave.1.json";
  dataset.recordings[1].interval_ms = 10;
  dataset::WindowIndex index;
  index.readings = 200;
  index.windows = {{0, 0}, {1, 25}};
  EXPECT_EQ(DescribeWindow(dataset, index, 1), "wave.1 (training/wave.1.json), 0.25 s to 2.25 s");
}

/// One feature that is the label, ten recordings of five rows.
Table Plain() {
  Table table;
  table.feature_count = 1;
  for (int row = 0; row < 50; ++row) {
    table.groups.push_back(row / 5);
    table.labels.push_back(row / 5 % 2);
    table.features.push_back(static_cast<float>(row));
  }
  return table;
}

TEST(ScoreOutOfFold, ScoresEachRowWithoutItsRecording) {
  const Table table = Plain();
  int calls = 0;
  const auto scores = ScoreOutOfFold(table, 5, 1, [&](const Table& training, const Table& held_out) {
    ++calls;
    EXPECT_EQ(training.rows() + held_out.rows(), 50);
    for (const int group : held_out.groups) {
      EXPECT_EQ(std::count(training.groups.begin(), training.groups.end(), group), 0);
    }
    std::vector<float> answers;
    for (const float feature : held_out.features) answers.insert(answers.end(), {feature, -feature});
    return Expected(answers);
  });
  ASSERT_TRUE(scores.ok());
  EXPECT_EQ(calls, 5);
  ASSERT_EQ(scores->size(), 100u);
  for (size_t row = 0; row < 50; ++row) EXPECT_EQ((*scores)[2 * row], static_cast<float>(row));
}

TEST(ScoreOutOfFold, RefusesImpossibleFoldsAndPassesErrorsOn) {
  const auto fails = [](const Table&, const Table&) -> Expected<std::vector<float>> {
    return {Status::kFailed, "the loss became NaN"};
  };
  EXPECT_EQ(ScoreOutOfFold(Plain(), 5, 1, fails).error().message, "the loss became NaN");
  EXPECT_NE(ScoreOutOfFold(Plain(), 11, 1, fails).error().message.find("11 folds of 10 recordings"), std::string::npos);
  EXPECT_FALSE(ScoreOutOfFold(Plain(), 1, 1, fails).ok());
  const auto short_of_one = [](const Table&, const Table& rows) {
    return Expected(std::vector<float>(rows.labels.size() - 1));
  };
  EXPECT_FALSE(ScoreOutOfFold(Plain(), 5, 1, short_of_one).ok());
}

TEST(LabelSuspects, AreTheLabelsThatWereTurned) {
  // A good network, and 12 of 400 labels wrong, eight of them one whole recording.
  Random random(4);
  std::vector<float> scores;
  std::vector<int> labels, groups, turned;
  for (int row = 0; row < 400; ++row) {
    const int truth = row / 8 % 4;
    const bool wrong = row / 8 == 20 || row % 100 == 3;
    labels.push_back(wrong ? (truth + 1) % 4 : truth);
    groups.push_back(row / 8);
    if (wrong) turned.push_back(row);
    const float sure = wrong ? 0.96f : 0.75f + 0.2f * random.Uniform();  // below a class's mean it is not confident
    for (int c = 0; c < 4; ++c) scores.push_back(c == truth ? sure : (1 - sure) / 3);
  }
  const auto suspects = FindLabelSuspects(scores, labels, groups, 4);
  ASSERT_TRUE(suspects.ok());
  std::vector<int> found;
  for (const LabelSuspect& suspect : suspects->rows) found.push_back(suspect.row);
  EXPECT_TRUE(std::is_sorted(suspects->rows.begin(), suspects->rows.end(),
                             [](const LabelSuspect& a, const LabelSuspect& b) { return a.margin > b.margin; }));
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, turned);
  ASSERT_GE(suspects->recordings.size(), 1u);
  bool whole = false;
  for (const RecordingSuspect& suspect : suspects->recordings) {
    if (suspect.group != 20) continue;
    whole = true;
    EXPECT_EQ(suspect.suspect_rows, 8);
    EXPECT_EQ(suspect.rows, 8);
    EXPECT_EQ(suspect.likely, 20 % 4);
  }
  EXPECT_TRUE(whole);
}

TEST(LabelSuspects, AreContradictedAsSurelyAsTheirClassIsKnown) {
  //                               sure of 0  sure of 1   leans to 1  sure of 1
  const std::vector<float> scores{0.9f, 0.1f, 0.1f, 0.9f, 0.4f, 0.6f, 0.05f, 0.95f};
  const auto suspects = FindLabelSuspects(scores, std::vector{0, 1, 0, 0}, {}, 2);
  ASSERT_TRUE(suspects.ok());
  ASSERT_EQ(suspects->rows.size(), 1u);
  EXPECT_EQ(suspects->rows[0].row, 3);
  EXPECT_NEAR(suspects->rows[0].margin, 0.9, 1e-6);
}

TEST(LabelSuspects, AreNoneWhereTheNetworkKnowsNothing) {
  const std::vector<float> scores(200, 0.5f);
  std::vector<int> labels(100);
  for (size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int>(i % 2);
  const auto suspects = FindLabelSuspects(scores, labels, {}, 2);
  ASSERT_TRUE(suspects.ok());
  EXPECT_TRUE(suspects->rows.empty());
  EXPECT_TRUE(FindLabelSuspects(std::vector{1.0f, 1.0f}, std::vector{0, 0}, {}, 1)->rows.empty());
  EXPECT_FALSE(FindLabelSuspects({}, {}, {}, 1).ok());
}

}  // namespace
}  // namespace thimble::trainer
