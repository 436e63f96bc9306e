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

// --- by something else than recordings
// ---------------------------------------------------------------------------------

/// Digits spoken by several people, as files name them: {digit}_{speaker}_{index}.
Dataset Spoken(int digits, const std::vector<std::string>& speakers, int each) {
  Dataset dataset;
  int seed = 0;
  for (int digit = 0; digit < digits; ++digit) {
    for (const std::string& speaker : speakers) {
      for (int i = 0; i < each; ++i) {
        Recording recording = Wiggle(++seed, 20, std::to_string(digit));
        recording.name = std::to_string(digit) + "_" + speaker + "_" + std::to_string(i);
        recording.file = "day" + std::to_string(i % 2) + "/" + recording.name + ".wav";
        dataset.recordings.push_back(recording);
      }
    }
  }
  return dataset;
}

SplitBy By(const std::string& text) {
  const Expected<SplitBy> by = ParseSplitBy(text);
  EXPECT_TRUE(by.ok()) << text << ": " << (by.ok() ? "" : by.error().message);
  return by.ok() ? *by : SplitBy();
}

const char kSpeaker[] = "speaker:{digit}_{speaker}_{index}";

TEST(ParseSplitBy, ReadsWordsTemplatesAndExpressions) {
  EXPECT_EQ(By("author").kind, SplitBy::Kind::kAuthor);
  EXPECT_EQ(By("recording").kind, SplitBy::Kind::kRecording);
  EXPECT_EQ(By("folder").kind, SplitBy::Kind::kFolder);
  EXPECT_EQ(By("order").kind, SplitBy::Kind::kOrder);
  EXPECT_EQ(By("time").kind, SplitBy::Kind::kTime);
  const SplitBy speaker = By(kSpeaker);
  EXPECT_EQ(speaker.kind, SplitBy::Kind::kName);
  EXPECT_EQ(speaker.group, "speaker");
}

TEST(ParseSplitBy, ExplainsWhatItCannotRead) {
  const auto says = [](const std::string& text, const std::string& words) {
    const Expected<SplitBy> by = ParseSplitBy(text);
    ASSERT_FALSE(by.ok()) << text;
    EXPECT_NE(by.error().message.find(words), std::string::npos) << by.error().message;
    EXPECT_NE(by.error().message.find("speaker:{digit}_{speaker}_{index}"), std::string::npos);
  };
  says("", "there is no such way");
  says("subject", "there is no such way");
  says("subject:", "is missing");
  says(":x", "is missing");
  says("subject:({", "not a regular expression");
  says("subject:{person}_{index}", "not a regular expression");
  says("subject:abc", "neither {subject} nor a parenthesis");
  says("order=0%", "between 0% and 100%");
  says("order=x%", "between 0% and 100%");
  says("author=20%", "recording=20%");
  says("time=anna", "only be given of groups and folders");
  says("folder=", "does not say what tests");
  says("folder=4..0", "'4..0' does not count upwards");
}

TEST(ParseSplitBy, ReadsWhatTests) {
  EXPECT_EQ(By("order=30%").testing_share, 0.3);
  EXPECT_EQ(By("time=40%").kind, SplitBy::Kind::kTime);
  EXPECT_EQ(By(std::string(kSpeaker) + "=50%").testing_share, 0.5);
  const SplitBy named = By(std::string(kSpeaker) + "=theo, lucas");
  EXPECT_EQ(named.pattern, "{digit}_{speaker}_{index}");
  EXPECT_EQ(named.testing, (std::vector<std::string>{"theo", "lucas"}));
  EXPECT_EQ(By("folder=b,2..4").testing, (std::vector<std::string>{"b", "2", "3", "4"}));
  // The sign may be a part of names.
  EXPECT_EQ(By("who:who={who}").testing, std::vector<std::string>());
  EXPECT_EQ(By("who:who={who}=anna").testing, std::vector<std::string>{"anna"});
  EXPECT_EQ(By("who:who=([a-z]+)").pattern, "who=([a-z]+)");
}

TEST(FindGroups, ReadsThemFromNamesAndFolders) {
  const auto only = [](const std::string& file, const std::string& by) {
    Dataset dataset;
    dataset.recordings.push_back(Wiggle(1, 20));
    dataset.recordings[0].file = file;
    const Expected<Groups> groups = FindGroups(dataset, By(by));
    return groups.ok() ? groups->names.at(0) : "error: " + groups.error().message;
  };
  EXPECT_EQ(only("7_jackson_32.wav", kSpeaker), "jackson");
  EXPECT_EQ(only("a/b/7_jackson_32.wav", kSpeaker), "jackson");
  EXPECT_EQ(only("7_jackson_32", kSpeaker), "jackson");
  EXPECT_EQ(only("anna/walk/3.csv", "subject:{subject}/{activity}/{index}"), "anna");
  EXPECT_EQ(only("x/anna/walk/3.csv", "subject:{subject}/{activity}/{index}"), "anna");
  EXPECT_EQ(only("wave.s12.5.json", "session:\\.(s[0-9]+)\\."), "s12");
  EXPECT_EQ(only("wave+anna.csv", "who:wave+{who}"), "anna");  // what is special in expressions is not in templates
  EXPECT_EQ(only("waveanna.csv", "who:wave+{who}").substr(0, 5), "error");
  EXPECT_EQ(only("monday/wave.1.csv", "folder"), "monday");
  EXPECT_EQ(only("wave.1.csv", "folder"), ".");
  EXPECT_EQ(only("7_jackson.wav", kSpeaker),
            "error: 7_jackson.wav: the name does not say which speaker it is of (pattern "
            "'{digit}_{speaker}_{index}'); rename the file or change the pattern");
}

TEST(Split, BySpeakerKeepsEachSpeakerOnOneSide) {
  Dataset dataset = Spoken(3, {"anna", "ben", "chris", "dora", "emil"}, 4);
  ASSERT_TRUE(Split(dataset, {.by = By(kSpeaker)}).ok());
  std::map<std::string, std::set<Category>> sides;
  std::map<Category, int> counts;
  for (const Recording& recording : dataset.recordings) {
    sides[recording.name.substr(2, recording.name.rfind('_') - 2)].insert(recording.category);
    ++counts[recording.category];
  }
  for (const auto& [speaker, categories] : sides) EXPECT_EQ(categories.size(), 1u) << speaker;
  EXPECT_EQ(counts[Category::kTesting], 12);  // one speaker of five
  EXPECT_EQ(dataset.recordings.size(), 60u);
  ASSERT_EQ(dataset.notices.size(), 1u);
  EXPECT_NE(dataset.notices[0].find("split by speaker: tested on '"), std::string::npos);
}

RC_GTEST_PROP(Split, ByGroupGivesEveryLabelToBothSides, (uint64_t seed)) {
  // Unequal groups, in which labels are missing.
  Dataset dataset;
  const int groups = *rc::gen::inRange(3, 9);
  int number = 0;
  for (int group = 0; group < groups; ++group) {
    for (int label = 0; label < 3; ++label) {
      const int count = group < 2 ? 1 : *rc::gen::inRange(0, 5);  // two groups have them all
      for (int i = 0; i < count; ++i) {
        Recording recording = Wiggle(++number, 20, "label" + std::to_string(label));
        recording.file = "group" + std::to_string(group) + "/" + recording.file;
        recording.category = Category::kTraining;  // what the author said does not matter
        dataset.recordings.push_back(recording);
      }
    }
  }
  const Outcome outcome = Split(dataset, {.seed = seed, .by = By("folder")});
  RC_ASSERT(outcome.ok());
  std::map<std::string, std::set<Category>> labels, folders;
  for (const Recording& recording : dataset.recordings) {
    labels[recording.label].insert(recording.category);
    folders[recording.file.substr(0, 6)].insert(recording.category);
  }
  for (const auto& [label, categories] : labels) RC_ASSERT(categories.size() == 2u);
  for (const auto& [folder, categories] : folders) RC_ASSERT(categories.size() == 1u);
}

TEST(Split, BySpeakerLeavesSomeoneToLearnFrom) {
  Dataset dataset = Spoken(2, {"anna", "ben"}, 3);
  ASSERT_TRUE(Split(dataset, {.testing_share = 0.9, .by = By(kSpeaker)}).ok());
  EXPECT_EQ(Testing(dataset).size(), 6u);
}

TEST(Split, BySpeakerRefusesALabelOfOneSpeaker) {
  Dataset dataset = Spoken(2, {"anna", "ben"}, 3);
  std::erase_if(dataset.recordings, [](const Recording& r) { return r.name.starts_with("1_ben"); });
  const Outcome outcome = Split(dataset, {.by = By(kSpeaker)});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(
      outcome.error().message,
      "label '1' comes from one speaker only ('anna'): it cannot both train and test; record it with another one, or "
      "split by recording");
}

TEST(Split, ByRecordingOverridesTheAuthor) {
  Dataset dataset = Labelled({{"wave", 10}});
  for (size_t i = 0; i < 10; ++i) dataset.recordings[i].category = i < 5 ? Category::kTraining : Category::kTesting;
  ASSERT_TRUE(Split(dataset, {.by = By("recording")}).ok());
  EXPECT_EQ(Testing(dataset).size(), 2u);
}

TEST(Split, ByOrderTestsTheLastOnes) {
  Dataset dataset = Labelled({{"wave", 11}});
  for (size_t i = 0; i < 11; ++i) {
    dataset.recordings[i].name = dataset.recordings[i].file = "wave." + std::to_string(10 - i) + ".csv";
  }
  ASSERT_TRUE(Split(dataset, {.testing_share = 0.3, .by = By("order")}).ok());
  EXPECT_EQ(Testing(dataset), (std::set<std::string>{"wave.8.csv", "wave.9.csv", "wave.10.csv"}));
  Dataset zeros = Labelled({{"wave", 2}});
  zeros.recordings[0].name = zeros.recordings[0].file = "10.csv";
  zeros.recordings[1].name = zeros.recordings[1].file = "0009.csv";
  ASSERT_TRUE(Split(zeros, {.by = By("order")}).ok());
  EXPECT_EQ(Testing(zeros), std::set<std::string>{"10.csv"});
  Dataset one = Labelled({{"wave", 1}});
  EXPECT_FALSE(Split(one, {.by = By("order")}).ok());
}

TEST(Split, ByTimeCutsEachRecordingInTwo) {
  Dataset dataset = Labelled({{"fan", 1}, {"idle", 1}});
  const std::vector<float> whole = dataset.recordings[0].values;
  ASSERT_TRUE(Split(dataset, {.testing_share = 0.4, .by = By("time")}).ok());
  ASSERT_EQ(dataset.recordings.size(), 4u);
  EXPECT_EQ(dataset.recordings[0].readings(), 12u);
  EXPECT_EQ(dataset.recordings[1].readings(), 8u);
  EXPECT_EQ(dataset.recordings[0].category, Category::kTraining);
  EXPECT_EQ(dataset.recordings[1].category, Category::kTesting);
  EXPECT_EQ(dataset.recordings[1].name, "fan.1 (last 40 %)");
  std::vector<float> joined = dataset.recordings[0].values;
  joined.insert(joined.end(), dataset.recordings[1].values.begin(), dataset.recordings[1].values.end());
  EXPECT_EQ(joined, whole);  // nothing in both parts, nothing lost
}

TEST(Split, ByTimeRefusesWhatHasNone) {
  Dataset dataset = Labelled({{"wave", 2}});
  dataset.recordings[1].width = dataset.recordings[1].height = 4;
  EXPECT_NE(Split(dataset, {.by = By("time")}).error().message.find("pictures cannot be split by time"),
            std::string::npos);
  Dataset tiny = Labelled({{"wave", 2}});
  tiny.recordings[0].values.resize(3);
  EXPECT_NE(Split(tiny, {.by = By("time")}).error().message.find("1 reading cannot be cut in two"), std::string::npos);
}

TEST(Split, TestsTheGroupsThatWereNamed) {
  Dataset dataset = Spoken(2, {"anna", "ben"}, 8);
  ASSERT_TRUE(Split(dataset, {.by = By("index:{digit}_{speaker}_{index}=0..2")}).ok());
  for (const Recording& recording : dataset.recordings) {
    EXPECT_EQ(recording.category == Category::kTesting, recording.name.back() <= '2') << recording.name;
  }
  EXPECT_NE(Split(dataset, {.by = By("speaker:{digit}_{speaker}_{index}=theo")})
                .error()
                .message.find("speaker 'theo' that is to test; there are 'anna', 'ben'"),
            std::string::npos);
  EXPECT_FALSE(Split(dataset, {.by = By("speaker:{digit}_{speaker}_{index}=anna,ben")}).ok());  // nobody to learn from
}

TEST(Split, TestsTheShareThatWasNamed) {
  Dataset dataset = Labelled({{"idle", 10}, {"wave", 20}});
  ASSERT_TRUE(Split(dataset, {.by = By("order=30%")}).ok());
  EXPECT_EQ(Testing(dataset).size(), 9u);
}

std::map<std::string, std::map<size_t, int>> CountFolds(const Dataset& dataset, const Groups& folds) {
  std::map<std::string, std::map<size_t, int>> counts;  // [label][fold]
  for (size_t i = 0; i < dataset.recordings.size(); ++i) ++counts[dataset.recordings[i].label][folds.of[i]];
  return counts;
}

TEST(ChooseTestingGroups, AsksThemInOrderAndLeavesNoLabelUntrained) {
  const std::vector<GroupMember> members = {{0, {"a"}}, {0, {"a"}}, {1, {"a", "b"}},
                                            {2, {"b"}}, {3, {"a"}}, {4, {"c"}}};
  const size_t order[] = {4, 3, 2, 1, 0};
  const GroupChoice choice = ChooseTestingGroups(members, order, 0.25);
  EXPECT_EQ(choice.testing, (std::vector<bool>{false, false, true, true, false}));
  EXPECT_EQ(choice.untested, std::vector<std::string>{"c"});
}

TEST(DealFolds, GivesEachFoldAsMuchOfEachLabel) {
  const Dataset dataset = Labelled({{"idle", 10}, {"rare", 3}, {"wave", 25}});
  const Expected<Groups> folds = DealFolds(dataset, {}, 5, 1);
  ASSERT_TRUE(folds.ok());
  EXPECT_EQ(folds->names, (std::vector<std::string>{"1", "2", "3", "4", "5"}));
  auto counts = CountFolds(dataset, *folds);
  for (size_t fold = 0; fold < 5; ++fold) {
    EXPECT_EQ(counts["idle"][fold], 2);
    EXPECT_EQ(counts["wave"][fold], 5);
    EXPECT_LE(counts["rare"][fold], 1);
  }
}

TEST(DealFolds, DependsOnContentAndSeedAlone) {
  Dataset dataset = Labelled({{"idle", 10}, {"wave", 10}});
  const Expected<Groups> folds = DealFolds(dataset, {}, 4, 1);
  EXPECT_NE(DealFolds(dataset, {}, 4, 2)->of, folds->of);
  std::reverse(dataset.recordings.begin(), dataset.recordings.end());
  for (Recording& recording : dataset.recordings) recording.file = "renamed/" + recording.file;
  std::vector<size_t> reversed = DealFolds(dataset, {}, 4, 1)->of;
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(reversed, folds->of);
}

TEST(DealFolds, KeepsGroupsWhole) {
  const Dataset dataset = Spoken(3, {"anna", "ben", "chris", "dora", "emil", "fay"}, 4);
  const Expected<Groups> folds = DealFolds(dataset, By(kSpeaker), 3, 1);
  ASSERT_TRUE(folds.ok());
  const Groups speakers = *FindGroups(dataset, By(kSpeaker));
  std::map<size_t, std::set<size_t>> speakers_of;
  std::set<size_t> dealt;
  for (size_t i = 0; i < dataset.recordings.size(); ++i) {
    speakers_of[folds->of[i]].insert(speakers.of[i]);
  }
  for (const auto& [fold, of_fold] : speakers_of) {
    EXPECT_EQ(of_fold.size(), 2u);  // two speakers a fold
    for (const size_t speaker : of_fold) EXPECT_TRUE(dealt.insert(speaker).second);
  }
}

TEST(DealFolds, RefusesWhatCannotBeLeftOut) {
  const auto says = [](const Dataset& dataset, const SplitBy& by, int folds, const std::string& words) {
    const Expected<Groups> dealt = DealFolds(dataset, by, folds, 1);
    ASSERT_FALSE(dealt.ok()) << words;
    EXPECT_NE(dealt.error().message.find(words), std::string::npos) << dealt.error().message;
  };
  const Dataset dataset = Labelled({{"idle", 4}, {"wave", 4}});
  says(dataset, {}, 1, "at least two");
  says(dataset, {}, 9, "there are only 8; take fewer");
  says(dataset, By("time"), 2, "no groups to leave out");
  says(Labelled({{"idle", 1}, {"wave", 4}}), {}, 2, "'idle' has only one recording");
}

TEST(LeaveOut, TestsEachGroupOnce) {
  Dataset dataset = Spoken(2, {"anna", "ben", "chris"}, 2);
  const Expected<Groups> groups = FindGroups(dataset, By(kSpeaker));
  ASSERT_TRUE(groups.ok());
  EXPECT_EQ(groups->names, (std::vector<std::string>{"anna", "ben", "chris"}));
  std::map<std::string, int> tested;
  for (size_t group = 0; group < groups->names.size(); ++group) {
    ASSERT_TRUE(LeaveOut(dataset, *groups, group).ok());
    EXPECT_EQ(Testing(dataset).size(), 4u);
    for (const std::string& name : Testing(dataset)) ++tested[name];
  }
  EXPECT_EQ(tested.size(), 12u);
  for (Recording& recording : dataset.recordings) {
    if (recording.name.find("ben") != std::string::npos) recording.label = "ben only";
  }
  EXPECT_FALSE(LeaveOut(dataset, *groups, 1).ok());
  EXPECT_TRUE(LeaveOut(dataset, *groups, 0).ok());
  dataset.recordings[0].label.clear();
  EXPECT_TRUE(LeaveOut(dataset, *groups, 2).ok());
  EXPECT_EQ(dataset.recordings[0].category, Category::kUnassigned);
}

}  // namespace
}  // namespace thimble::dataset
