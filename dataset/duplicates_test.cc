#include "dataset/duplicates.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "dataset/internal/test_files.h"

namespace thimble::dataset {
namespace {

std::vector<std::string> Names(const Dataset& dataset) {
  std::vector<std::string> names;
  for (const Recording& recording : dataset.recordings) names.push_back(recording.name);
  return names;
}

Recording Named(Recording recording, const std::string& name, Category category = Category::kUnassigned) {
  recording.name = name;
  recording.file = name + ".csv";
  recording.category = category;
  return recording;
}

/// `count` readings of `source` from `first` on take the place of those of `target` from `at` on.
void Copy(const Recording& source, size_t first, size_t count, Recording& target, size_t at) {
  std::copy_n(source.values.begin() + static_cast<std::ptrdiff_t>(first * 3), count * 3,
              target.values.begin() + static_cast<std::ptrdiff_t>(at * 3));
}

TEST(Duplicates, LeaveDifferentRecordingsAlone) {
  Dataset dataset;
  for (int seed = 0; seed < 20; ++seed) dataset.recordings.push_back(Wiggle(seed, 100));
  EXPECT_TRUE(RemoveDuplicates(dataset).empty());
  EXPECT_EQ(dataset.recordings.size(), 20u);
  EXPECT_EQ(Summary({}), "");
}

TEST(Duplicates, AcrossTheSplitCostTheTrainingItsCopy) {
  Dataset dataset;
  dataset.recordings = {Named(Wiggle(1, 50), "a", Category::kTraining), Named(Wiggle(2, 50), "b", Category::kTraining),
                        Named(Wiggle(1, 50), "c", Category::kTesting)};
  const std::vector<Duplicate> duplicates = RemoveDuplicates(dataset);
  EXPECT_EQ(Names(dataset), (std::vector<std::string>{"b", "c"}));
  ASSERT_EQ(duplicates.size(), 1u);
  EXPECT_TRUE(duplicates[0].across_the_split);
  EXPECT_TRUE(duplicates[0].whole);
  EXPECT_EQ(duplicates[0].shared_readings, 50u);
  EXPECT_EQ(duplicates[0].sentence, "a (a.csv) is the same as c (c.csv), which is for testing; left out");
  EXPECT_EQ(Summary(duplicates), "1 recording repeats another one and was left out: 1 in training repeats testing");
}

TEST(Duplicates, OutsideTheSplitGiveWayAndLaterOnesWithinAPart) {
  Dataset dataset;
  dataset.recordings = {Named(Wiggle(1, 50), "loose"), Named(Wiggle(1, 50), "first", Category::kTraining),
                        Named(Wiggle(1, 50), "second", Category::kTraining)};
  const std::vector<Duplicate> duplicates = RemoveDuplicates(dataset);
  EXPECT_EQ(Names(dataset), std::vector<std::string>{"first"});
  ASSERT_EQ(duplicates.size(), 2u);
  for (const Duplicate& duplicate : duplicates) EXPECT_FALSE(duplicate.across_the_split);
}

RC_GTEST_PROP(Duplicates, AreFoundAtAnyOffset, ()) {
  const auto first = *rc::gen::inRange<size_t>(0, 200);
  const auto at = *rc::gen::inRange<size_t>(0, 200);
  const auto count = *rc::gen::inRange<size_t>(kSharedReadings, 100);
  Dataset dataset;
  dataset.recordings = {Wiggle(1, 300), Wiggle(2, 300)};
  Copy(dataset.recordings[0], first, count, dataset.recordings[1], at);
  const std::vector<Duplicate> duplicates = RemoveDuplicates(dataset);
  RC_ASSERT(duplicates.size() == 1u);
  RC_ASSERT(duplicates[0].shared_readings == count);
  RC_ASSERT(!duplicates[0].whole);
}

TEST(Duplicates, AreNotShortRuns) {
  Dataset dataset;
  dataset.recordings = {Wiggle(1, 300), Wiggle(2, 300)};
  Copy(dataset.recordings[0], 100, kSharedReadings - 1, dataset.recordings[1], 40);
  EXPECT_TRUE(RemoveDuplicates(dataset).empty());
}

TEST(Duplicates, AreNotRunsOfASensorAtRest) {
  Dataset dataset;
  dataset.recordings = {Wiggle(1, 300), Wiggle(2, 300)};
  for (Recording& recording : dataset.recordings) {
    std::fill(recording.values.begin() + 300, recording.values.begin() + 600, 9.8f);
  }
  EXPECT_TRUE(RemoveDuplicates(dataset).empty());
}

TEST(Duplicates, AreWholeRecordingsEvenAtRest) {
  Dataset dataset;
  dataset.recordings = {Wiggle(1, 62), Wiggle(2, 62), Wiggle(3, 61)};
  for (Recording& recording : dataset.recordings) std::fill(recording.values.begin(), recording.values.end(), 9.8f);
  EXPECT_EQ(RemoveDuplicates(dataset).size(), 1u);
  EXPECT_EQ(dataset.recordings.size(), 2u);
}

TEST(Duplicates, DoNotCareAboutTheSignOfZero) {
  Dataset dataset;
  dataset.recordings = {Wiggle(1, 100), Wiggle(1, 100)};
  dataset.recordings[0].values[7] = 0.0f;
  dataset.recordings[1].values[7] = -0.0f;
  EXPECT_EQ(ContentHash(dataset.recordings[0]), ContentHash(dataset.recordings[1]));
  EXPECT_EQ(RemoveDuplicates(dataset).size(), 1u);
}

TEST(Duplicates, WithAnotherLabelAreCalledOut) {
  Dataset dataset;
  dataset.recordings = {Wiggle(1, 50, "wave"), Wiggle(1, 50, "idle")};
  const std::vector<Duplicate> duplicates = RemoveDuplicates(dataset);
  ASSERT_EQ(duplicates.size(), 1u);
  EXPECT_TRUE(duplicates[0].labels_differ);
  EXPECT_NE(duplicates[0].sentence.find("its label is 'idle' and not 'wave': one of them is wrong"), std::string::npos);
  EXPECT_NE(Summary(duplicates).find("1 has another label than its original"), std::string::npos);
}

TEST(ContentHash, DependsOnEveryReadingAndOnNothingElse) {
  Recording a = Wiggle(1, 50);
  Recording b = Named(Wiggle(1, 50, "idle"), "other", Category::kTesting);
  EXPECT_EQ(ContentHash(a), ContentHash(b));
  b.values.back() += 1;
  EXPECT_NE(ContentHash(a), ContentHash(b));
}

}  // namespace
}  // namespace thimble::dataset
