#include "dataset/windows.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "dataset/internal/test_files.h"

namespace thimble::dataset {
namespace {

Dataset Training(const std::vector<size_t>& lengths) {
  Dataset dataset;
  for (const size_t length : lengths) {
    dataset.recordings.push_back(Wiggle(static_cast<int>(dataset.recordings.size()), length));
    dataset.recordings.back().category = Category::kTraining;
  }
  return dataset;
}

TEST(Windows, RoundToTheNearestReadingAndAHalfDown) {
  EXPECT_EQ(ReadingsIn(2000, 1000.0 / 104), 208u);
  EXPECT_EQ(ReadingsIn(80, 1000.0 / 104), 8u);
  EXPECT_EQ(ReadingsIn(1000, 16), 62u);
  EXPECT_EQ(ReadingsIn(1000, 9.6231), 104u);
  EXPECT_EQ(ReadingsIn(1, 100), 1u);
}

RC_GTEST_PROP(Windows, LieInsideTheirRecordingsAndAsManyAsFit, ()) {
  const auto lengths = *rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(1, 200));
  const auto window = *rc::gen::inRange<size_t>(1, 60);
  const auto stride = *rc::gen::inRange<size_t>(1, 60);
  const Dataset dataset = Training(lengths);
  size_t expected = 0;
  size_t short_recordings = 0;
  for (const size_t length : lengths) {
    short_recordings += length < window;
    if (length >= window) expected += (length - window) / stride + 1;
  }
  const auto index =
      CutWindows(dataset, Category::kTraining,
                 {.window_ms = 10.0 * static_cast<double>(window), .stride_ms = 10.0 * static_cast<double>(stride)});
  RC_ASSERT(index.ok() == (expected > 0));
  if (!index.ok()) return;
  RC_ASSERT(index->windows.size() == expected);
  RC_ASSERT(index->short_recordings == short_recordings);
  for (const WindowPlace& place : index->windows) {
    RC_ASSERT(place.first_reading + window <= dataset.recordings[place.recording].readings());
    const auto samples = index->Samples(dataset, place);
    RC_ASSERT(samples.size() == window * 3);
    RC_ASSERT(samples.front() == dataset.recordings[place.recording].values[place.first_reading * 3]);
  }
}

TEST(Windows, ComeFromTheAskedCategoryOnly) {
  Dataset dataset = Training({100, 100, 100});
  dataset.recordings[1].category = Category::kTesting;
  const auto index = CutWindows(dataset, Category::kTesting, {.window_ms = 500, .stride_ms = 500});
  ASSERT_TRUE(index.ok());
  ASSERT_EQ(index->windows.size(), 2u);
  EXPECT_EQ(index->windows[0].recording, 1u);
  EXPECT_EQ(index->windows[1].first_reading, 50u);
}

TEST(Windows, SayWhichLengthWouldFit) {
  const auto index = CutWindows(Training({62, 30}), Category::kTraining, {.window_ms = 2000, .stride_ms = 80});
  ASSERT_FALSE(index.ok());
  EXPECT_EQ(index.error().message,
            "a window of 2000 ms (200 readings) is longer than every recording for training; choose 620 ms or less");
}

TEST(Windows, RefuseImpossibleTimes) {
  for (const double ms : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    EXPECT_FALSE(CutWindows(Training({100}), Category::kTraining, {.window_ms = ms}).ok()) << ms;
    EXPECT_FALSE(CutWindows(Training({100}), Category::kTraining, {.window_ms = 100, .stride_ms = ms}).ok()) << ms;
  }
  EXPECT_FALSE(CutWindows({}, Category::kTraining).ok());
  EXPECT_FALSE(CutWindows(Training({100}), Category::kTesting, {.window_ms = 100}).ok());
}

TEST(LongestWindow, IsDecidedByTheShortestUnlessAFewMayBeSkipped) {
  std::vector<size_t> lengths(100, 62);
  lengths[17] = 22;
  lengths[42] = 56;
  EXPECT_EQ(LongestWindow(Training(lengths)), 22u);
  EXPECT_EQ(LongestWindow(Training(lengths), 0.99), 56u);
  EXPECT_EQ(LongestWindow(Training(lengths), 0.95), 62u);
  EXPECT_EQ(LongestWindow({}), 0u);
}

TEST(AllWindows, AreOfEveryRecordingWithAndWithoutLabel) {
  Dataset dataset;
  dataset.recordings = {Wiggle(1, 100, "wave"), Wiggle(2, 100, ""), Wiggle(3, 40, "wave")};
  dataset.recordings[0].category = Category::kTesting;
  const auto index = CutAllWindows(dataset, {.window_ms = 500, .stride_ms = 250});
  ASSERT_TRUE(index.ok()) << index.error().message;
  EXPECT_EQ(index->windows.size(), 6u);
  EXPECT_EQ(index->short_recordings, 1u);
  const auto none = CutAllWindows(dataset, {.window_ms = 5000, .stride_ms = 250});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().message,
            "a window of 5000 ms (500 readings) is longer than every recording; choose 1000 ms or less");
}

TEST(AllWindows, OfPicturesAreWholePicturesOfOneSize) {
  Recording picture = Wiggle(1, 12, "led");
  picture.axes = {{"image", ""}};
  picture.values.resize(12);
  picture.width = 4;
  picture.height = 3;
  Dataset dataset;
  dataset.recordings = {picture, picture};
  const auto index = CutAllWindows(dataset, {.window_ms = 1, .stride_ms = 1});
  ASSERT_TRUE(index.ok()) << index.error().message;
  EXPECT_EQ(index->windows.size(), 2u);
  EXPECT_EQ(index->readings, 12u);
  for (Recording& recording : dataset.recordings) recording.category = Category::kTraining;
  const auto training = CutWindows(dataset, Category::kTraining, {.window_ms = 2000, .stride_ms = 80});
  ASSERT_TRUE(training.ok()) << training.error().message;
  EXPECT_EQ(training->windows.size(), 2u);
  EXPECT_EQ(training->readings, 12u);
  std::swap(dataset.recordings[1].width, dataset.recordings[1].height);
  const auto mixed = CutAllWindows(dataset);
  ASSERT_FALSE(mixed.ok());
  EXPECT_NE(mixed.error().message.find("bring all pictures to one size"), std::string::npos);
}

}  // namespace
}  // namespace thimble::dataset
