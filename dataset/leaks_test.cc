#include "dataset/leaks.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/random.h"
#include "dataset/duplicates.h"
#include "dataset/internal/test_files.h"
#include "dataset/reader.h"
#include "dataset/split.h"

namespace thimble::dataset {
namespace {

/// A movement as a hand makes it: three axes that wander smoothly, of swing 1, in steps of 1/100.
Recording Movement(uint64_t seed, size_t readings, Category category, const std::string& label = "wave") {
  Random random(seed);
  Recording recording = Wiggle(static_cast<int>(seed), 0, label);
  recording.category = category;
  float place[3] = {};
  float speed[3] = {};
  for (size_t i = 0; i < readings; ++i) {
    for (int axis = 0; axis < 3; ++axis) {
      speed[axis] = 0.9f * speed[axis] + 0.1f * random.Normal() - 0.05f * place[axis];
      place[axis] += speed[axis];
      recording.values.push_back(std::round(100 * place[axis]) / 100);
    }
  }
  return recording;
}

/// `readings` readings of `source` from `first` on, times `scale` plus an offset for each axis, with noise of as many
/// hundredths.
Recording Copy(const Recording& source, size_t first, size_t readings, float scale, float noise, Category category) {
  Recording copy = source;
  copy.name = "copy of " + source.name;
  copy.file = copy.name + ".csv";
  copy.category = category;
  copy.values.clear();
  Random random(first);
  for (size_t i = first * 3; i < (first + readings) * 3; ++i) {
    const float rounded = std::round(noise * (2 * random.Uniform() - 1)) / 100;
    copy.values.push_back(scale * (source.values[i] + rounded) + static_cast<float>(i % 3));
  }
  return copy;
}

Dataset Twenty() {
  Dataset dataset;
  for (uint64_t i = 0; i < 20; ++i) {
    dataset.recordings.push_back(Movement(i + 1, 300, i < 15 ? Category::kTraining : Category::kTesting));
  }
  return dataset;
}

TEST(Leaks, AreNotFoundBetweenDifferentMovements) {
  const Dataset dataset = Twenty();
  EXPECT_TRUE(FindLeaks(dataset).empty());
  EXPECT_EQ(Summary(dataset, {}), "");
}

RC_GTEST_PROP(Leaks, AreFoundThroughNoiseScaleAndShift, ()) {
  Dataset dataset = Twenty();
  const auto first = *rc::gen::inRange<size_t>(0, 180);
  const auto readings = *rc::gen::inRange<size_t>(110, 120);
  const float scale = *rc::gen::element(0.01f, 0.5f, 1.0f, 3.0f, 9.80665f);
  const float noise = *rc::gen::element(0.0f, 1.0f, 2.0f);
  dataset.recordings.push_back(Copy(dataset.recordings[17], first, readings, scale, noise, Category::kTraining));
  const std::vector<Leak> leaks = FindLeaks(dataset);
  RC_ASSERT(leaks.size() == 1u);
  RC_ASSERT(leaks[0].training == 20u);
  RC_ASSERT(leaks[0].testing == 17u);
  RC_ASSERT(leaks[0].readings >= readings - 10);
  RC_ASSERT(leaks[0].testing_reading - leaks[0].training_reading == first);
  RC_ASSERT(std::abs(leaks[0].scale * static_cast<double>(scale) - 1) < 0.05);
}

TEST(Leaks, SayWhereAndHow) {
  Dataset dataset = Twenty();
  dataset.recordings.push_back(Copy(dataset.recordings[17], 100, 200, 0.5f, 0, Category::kTraining));
  dataset.recordings.back().label = "idle";
  const std::vector<Leak> leaks = FindLeaks(dataset);
  ASSERT_EQ(leaks.size(), 1u);
  EXPECT_TRUE(leaks[0].labels_differ);
  EXPECT_EQ(leaks[0].sentence,
            "wave.18.csv, for testing: 2 s from 1 s on are nearly those of copy of wave.18.csv, for training, from 0 s "
            "on (correlation 1.0000, 2 times as large), but the labels are 'wave' and 'idle': one of them is wrong");
  EXPECT_EQ(
      Summary(dataset, leaks),
      "1 of 5 recordings for testing hold readings that 1 recording for training holds too, up to noise, scale or "
      "offset: accuracy would look better than it is");
  EXPECT_EQ(RemoveLeaks(dataset, leaks), 1u);
  EXPECT_EQ(dataset.recordings.size(), 20u);
  EXPECT_TRUE(FindLeaks(dataset).empty());
}

TEST(Leaks, AreNotMissedAmongManyCopies) {
  Dataset dataset = Twenty();
  for (int i = 0; i < 40; ++i) {  // as somebody makes who augments before splitting
    dataset.recordings.push_back(Copy(dataset.recordings[16], static_cast<size_t>(i), 200,
                                      1 + 0.01f * static_cast<float>(i), 1, Category::kTraining));
  }
  EXPECT_GE(FindLeaks(dataset).size(), 30u);
}

TEST(Leaks, AreNotAMachineThatRunsAsBefore) {
  Dataset dataset;
  for (int i = 0; i < 6; ++i) {
    Recording recording = Movement(1, 0, i < 4 ? Category::kTraining : Category::kTesting);
    recording.name = recording.file = "fan." + std::to_string(i);
    for (int reading = 0; reading < 300; ++reading) {
      const double turn = 0.2 * reading + i;
      for (const double lag : {0.0, 1.0, 2.0}) recording.values.push_back(static_cast<float>(std::sin(turn + lag)));
    }
    dataset.recordings.push_back(recording);
  }
  EXPECT_TRUE(FindLeaks(dataset).empty());
}

TEST(Leaks, AreNotASensorAtRest) {
  Dataset dataset = Twenty();
  for (Recording& recording : dataset.recordings) {
    for (size_t i = 0; i < 360; ++i) recording.values[i] = i % 3 == 2 ? 9.8f : 0.01f;
    recording.values[100] += 0.01f;  // the same tick in all
  }
  EXPECT_TRUE(FindLeaks(dataset).empty());
}

TEST(Leaks, AreNotTheTicksOfASensorAtRest) {
  Dataset dataset;
  dataset.recordings = {Movement(1, 300, Category::kTraining), Movement(2, 300, Category::kTesting)};
  for (size_t i = 0; i < 900; ++i) {
    dataset.recordings[0].values[i] = i < 300 ? 9.8f : 9.81f;
    dataset.recordings[1].values[i] = i < 450 ? 9.8f : 9.81f;
  }
  EXPECT_TRUE(FindLeaks(dataset).empty());
}

TEST(Leaks, NeedTwoSidesAndReadings) {
  EXPECT_TRUE(FindLeaks({}).empty());
  Dataset dataset;
  dataset.recordings = {Movement(1, 300, Category::kTesting)};
  EXPECT_TRUE(FindLeaks(dataset).empty());
  dataset.recordings = {Movement(1, 300, Category::kTraining), Movement(1, 20, Category::kTesting)};
  EXPECT_TRUE(FindLeaks(dataset).empty());
  dataset.recordings = {Movement(1, 300, Category::kUnassigned), Movement(1, 300, Category::kTesting)};
  EXPECT_TRUE(FindLeaks(dataset).empty());
  for (Recording& recording : dataset.recordings) {
    recording.category = Category::kTraining;
    recording.values.assign(900, 1.0f);  // nothing ever moves
  }
  dataset.recordings[1].category = Category::kTesting;
  EXPECT_TRUE(FindLeaks(dataset).empty());
}

/// The recordings of an archive of the reference data; nothing where there are none.
Dataset Read(const std::string& name, double rate_hz = 0) {
  const TemporaryFolder folder;
  if (!UnpackShared(name, folder)) return {};
  auto dataset = ReadFolder(folder.path() + "/" + name, {.rate_hz = rate_hz});
  return dataset.ok() ? *std::move(dataset) : Dataset();
}

TEST(Leaks, OfMagicWandAreTheFilesThatRepeatTheTest) {
  Dataset dataset = Read("magic-wand", 119);
  if (dataset.recordings.empty()) GTEST_SKIP() << "no magic-wand in THIMBLE_SHARED or ../shared";
  // The files at the root hold the test's gestures too: taken for training, each leaks. The real training does not.
  Dataset rooted = dataset;
  for (Recording& recording : rooted.recordings) {
    if (recording.category == Category::kTraining)
      recording.category = Category::kUnassigned;
    else if (recording.category == Category::kUnassigned)
      recording.category = Category::kTraining;
  }
  std::vector<size_t> leaking;
  for (const Leak& leak : FindLeaks(rooted)) leaking.push_back(leak.testing);
  EXPECT_EQ(leaking.size(), 5u);
  EXPECT_TRUE(FindLeaks(dataset).empty());
}

TEST(Leaks, OfFallsIsTheOneThatWasCutTwice) {
  Dataset dataset = Read("esp-fall-shake");
  if (dataset.recordings.empty()) GTEST_SKIP() << "no esp-fall-shake in THIMBLE_SHARED or ../shared";
  RemoveDuplicates(dataset);
  const std::vector<Leak> leaks = FindLeaks(dataset);
  // Seven readings apart, and a few of them a digit off: nothing that is the same number for number.
  ASSERT_EQ(leaks.size(), 1u);
  EXPECT_NE(dataset.recordings[leaks[0].testing].file.find("c6mw2"), std::string::npos);
  EXPECT_NE(dataset.recordings[leaks[0].training].file.find("nk497"), std::string::npos);
  EXPECT_EQ(leaks[0].testing_reading, 7u);
  EXPECT_EQ(leaks[0].training_reading, 0u);
}

TEST(Leaks, OfGesturesAreNone) {
  const Dataset dataset = Read("xiao-gestures");
  if (dataset.recordings.empty()) GTEST_SKIP() << "no xiao-gestures in THIMBLE_SHARED or ../shared";
  EXPECT_TRUE(FindLeaks(dataset).empty());
}

}  // namespace
}  // namespace thimble::dataset
