#include "dataset/split.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "dataset/internal/test_files.h"

namespace thimble::dataset {
namespace {

Dataset Labelled(const std::map<std::string, int>& counts) {
  Dataset dataset;
  int seed = 0;
  for (const auto& [label, count] : counts) {
    for (int i = 0; i < count; ++i) dataset.recordings.push_back(Wiggle(++seed, 20, label));
  }
  return dataset;
}

std::set<std::string> Testing(const Dataset& dataset) {
  std::set<std::string> names;
  for (const Recording& recording : dataset.recordings) {
    if (recording.category == Category::kTesting) names.insert(recording.name);
  }
  return names;
}

TEST(Split, SetsAFifthOfEachLabelAside) {
  Dataset dataset = Labelled({{"idle", 10}, {"wave", 25}});
  ASSERT_TRUE(Split(dataset).ok());
  std::map<std::string, std::map<Category, int>> counts;
  for (const Recording& recording : dataset.recordings) ++counts[recording.label][recording.category];
  EXPECT_EQ(counts["idle"][Category::kTesting], 2);
  EXPECT_EQ(counts["idle"][Category::kTraining], 8);
  EXPECT_EQ(counts["wave"][Category::kTesting], 5);
  EXPECT_EQ(counts["wave"][Category::kTraining], 20);
}

RC_GTEST_PROP(Split, GivesEveryLabelToBothPartsAndDoesNotDependOnTheOrder, (uint64_t seed)) {
  const int waves = *rc::gen::inRange(2, 12);
  const int idles = *rc::gen::inRange(2, 12);
  Dataset dataset = Labelled({{"idle", idles}, {"wave", waves}});
  Dataset shuffled = dataset;
  std::shuffle(shuffled.recordings.begin(), shuffled.recordings.end(), std::mt19937_64(seed));
  RC_ASSERT(Split(dataset, {.seed = seed}).ok());
  RC_ASSERT(Split(shuffled, {.seed = seed}).ok());
  RC_ASSERT(Testing(dataset) == Testing(shuffled));
  std::map<std::string, std::set<Category>> parts;
  for (const Recording& recording : dataset.recordings) parts[recording.label].insert(recording.category);
  for (const auto& [label, categories] : parts) {
    RC_ASSERT(categories == (std::set<Category>{Category::kTraining, Category::kTesting}));
  }
}

TEST(Split, DoesNotDependOnNames) {
  Dataset dataset = Labelled({{"wave", 40}});
  Dataset renamed = dataset;
  for (Recording& recording : renamed.recordings) recording.name = recording.file = "other" + recording.name;
  ASSERT_TRUE(Split(dataset).ok());
  ASSERT_TRUE(Split(renamed).ok());
  for (size_t i = 0; i < 40; ++i) EXPECT_EQ(dataset.recordings[i].category, renamed.recordings[i].category);
}

TEST(Split, DependsOnTheSeed) {
  std::set<std::set<std::string>> choices;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Dataset dataset = Labelled({{"wave", 40}});
    ASSERT_TRUE(Split(dataset, {.seed = seed}).ok());
    choices.insert(Testing(dataset));
  }
  EXPECT_GT(choices.size(), 3u);
}

TEST(Split, MovesFewRecordingsWhenMoreArrive) {
  Dataset dataset = Labelled({{"wave", 40}});
  Dataset more = dataset;
  more.recordings.push_back(Wiggle(99, 20));
  ASSERT_TRUE(Split(dataset).ok());
  ASSERT_TRUE(Split(more).ok());
  std::set<std::string> before = Testing(dataset);
  std::set<std::string> after = Testing(more);
  std::vector<std::string> moved;
  std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(moved));
  EXPECT_LE(moved.size(), 2u);
}

TEST(Split, KeepsTheAuthorsChoiceAndLeavesOutWhatHasNone) {
  Dataset dataset = Labelled({{"idle", 3}, {"wave", 3}});
  const Category categories[] = {Category::kTraining, Category::kTesting,  Category::kUnassigned,
                                 Category::kTesting,  Category::kTraining, Category::kTraining};
  for (size_t i = 0; i < 6; ++i) dataset.recordings[i].category = categories[i];
  ASSERT_TRUE(Split(dataset).ok());
  EXPECT_EQ(Testing(dataset), (std::set<std::string>{"idle.2", "wave.4"}));
  EXPECT_EQ(dataset.recordings.size(), 5u);
  ASSERT_EQ(dataset.notices.size(), 1u);
  EXPECT_NE(dataset.notices[0].find("1 recording that is neither in training nor in testing left out"),
            std::string::npos);
}

TEST(Split, TrainsOnTheRestWhenTheAuthorChoseOnlyTheTesting) {
  Dataset dataset = Labelled({{"wave", 3}});
  dataset.recordings[1].category = Category::kTesting;
  ASSERT_TRUE(Split(dataset).ok());
  EXPECT_EQ(Testing(dataset), std::set<std::string>{"wave.2"});
  EXPECT_EQ(dataset.recordings[0].category, Category::kTraining);
}

TEST(Split, SetsSomeAsideWhenEverythingIsMarkedTraining) {
  Dataset dataset = Labelled({{"wave", 10}});
  for (Recording& recording : dataset.recordings) recording.category = Category::kTraining;
  ASSERT_TRUE(Split(dataset).ok());
  EXPECT_EQ(Testing(dataset).size(), 2u);
  EXPECT_EQ(dataset.notices.size(), 1u);
}

TEST(Split, RefusesALabelWithOneRecordingByName) {
  Dataset dataset = Labelled({{"idle", 5}, {"wave", 1}});
  const Outcome outcome = Split(dataset);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().status, Status::kInvalidArgument);
  EXPECT_EQ(
      outcome.error().message,
      "label 'wave' has only one recording (wave.6.csv): it cannot both train and test; record it again, or cut long "
      "files with --readings-per-recording");
}

TEST(Split, RefusesALabelThatIsOnlyTested) {
  Dataset dataset = Labelled({{"idle", 2}, {"wave", 1}});
  dataset.recordings[0].category = Category::kTraining;
  dataset.recordings[1].category = Category::kTesting;
  dataset.recordings[2].category = Category::kTesting;
  const Outcome outcome = Split(dataset);
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.error().message.find("label 'wave' is in testing but not in training"), std::string::npos);
}

TEST(Split, LeavesUnlabelledRecordingsOut) {
  Dataset dataset = Labelled({{"", 2}, {"wave", 4}});
  ASSERT_TRUE(Split(dataset).ok());
  EXPECT_EQ(dataset.recordings.size(), 4u);
  EXPECT_EQ(dataset.notices, std::vector<std::string>{"2 recordings have no label, left out"});
  Dataset nothing = Labelled({{"", 2}});
  EXPECT_FALSE(Split(nothing).ok());
}

TEST(Split, RefusesAnImpossibleShare) {
  for (const double share : {0.0, 1.0, -1.0, std::nan("")}) {
    Dataset dataset = Labelled({{"wave", 4}});
    EXPECT_FALSE(Split(dataset, {.testing_share = share}).ok()) << share;
  }
}

}  // namespace
}  // namespace thimble::dataset
