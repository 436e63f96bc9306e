#include "dataset/segments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "dataset/internal/test_files.h"
#include "dataset/reader.h"

namespace thimble::dataset {
namespace {

/// Three axes at 100 Hz: gravity on one that drifts, noise on all.
Recording Quiet(size_t readings, uint32_t seed = 1) {
  Recording recording;
  recording.name = "long";
  recording.axes = {{"x", "m/s2"}, {"y", "m/s2"}, {"z", "m/s2"}};
  recording.interval_ms = 10;
  std::mt19937 random(seed);
  std::normal_distribution<float> noise(0, 0.02F);
  for (size_t i = 0; i < readings; ++i) {
    const float drift = static_cast<float>(i) / static_cast<float>(readings);
    recording.values.insert(recording.values.end(), {noise(random), noise(random), 9.81F + drift + noise(random)});
  }
  return recording;
}

/// Something that shakes one axis.
void Shake(Recording& recording, size_t first, size_t readings, float size) {
  for (size_t i = first; i < first + readings; ++i) {
    recording.values[3 * i] += size * std::sin(0.9F * static_cast<float>(i));
  }
}

bool Holds(const Segment& segment, size_t first, size_t readings) {
  return segment.first_reading <= first && first + readings <= segment.first_reading + segment.readings;
}

TEST(FindSegments, PutsEachEventInTheMiddleOfItsOwn) {
  Recording recording = Quiet(3000);
  const size_t events[] = {400, 1100, 1130, 2500};
  for (const size_t first : events) Shake(recording, first, 20, 2);
  const auto segments = FindSegments(recording, {.length_ms = 1000});
  ASSERT_TRUE(segments.ok()) << segments.error().message;
  ASSERT_EQ(segments->size(), 3U) << "two knocks within a segment are one event";
  const size_t middles[] = {410, 1125, 2510};
  for (size_t i = 0; i < 3; ++i) {
    const Segment& segment = (*segments)[i];
    EXPECT_EQ(segment.readings, 100U);
    EXPECT_NEAR(static_cast<double>(segment.first_reading + 50), static_cast<double>(middles[i]), 6);
  }
}

TEST(FindSegments, SeesFaintEventsWhenItIsSensitive) {
  Recording recording = Quiet(2000);
  Shake(recording, 500, 30, 5);
  Shake(recording, 1500, 30, 0.2F);
  EXPECT_EQ(FindSegments(recording, {.sensitivity = 0})->size(), 1U);
  EXPECT_EQ(FindSegments(recording, {.sensitivity = 0.4})->size(), 1U);
  EXPECT_EQ(FindSegments(recording, {.sensitivity = 0.8})->size(), 2U);
}

TEST(FindSegments, FindsNothingWhereNothingHappens) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    for (const double sensitivity : {0.0, 0.5, 1.0}) {
      EXPECT_TRUE(FindSegments(Quiet(3000, seed), {.sensitivity = sensitivity})->empty()) << seed;
    }
  }
  Recording still = Quiet(500);
  for (float& value : still.values) value = 1;
  EXPECT_TRUE(FindSegments(still)->empty());
}

TEST(FindSegments, CutsALongEventIntoSeveralThatDoNotOverlap) {
  Recording recording = Quiet(3000);
  Shake(recording, 1000, 500, 2);
  Shake(recording, 2000, 20, 2);  // two that are nearer than a segment, and no nearer than that
  Shake(recording, 2095, 20, 2);
  Shake(recording, 2970, 30, 2);  // at the end
  const auto segments = FindSegments(recording, {.length_ms = 1000});
  ASSERT_EQ(segments->size(), 8U);
  for (size_t i = 1; i < segments->size(); ++i) {
    EXPECT_GE((*segments)[i].first_reading, (*segments)[i - 1].first_reading + 100);
  }
  EXPECT_EQ(segments->back().first_reading, 2900U);
}

TEST(FindSegments, ShiftsEventsTheSameWayEachTimeAndKeepsThemWhole) {
  Recording recording = Quiet(8000);
  for (size_t i = 0; i < 10; ++i) Shake(recording, 300 + 750 * i, 20, 2);
  const auto still = FindSegments(recording, {.length_ms = 1500});
  const auto shifted = FindSegments(recording, {.length_ms = 1500, .shift = true});
  ASSERT_EQ(shifted->size(), 10U);
  EXPECT_EQ(*shifted, *FindSegments(recording, {.length_ms = 1500, .shift = true}));
  size_t moved = 0;
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_TRUE(Holds((*shifted)[i], 300 + 750 * i, 20)) << i;
    moved += (*shifted)[i] != (*still)[i];
  }
  EXPECT_GT(moved, 6U);
}

TEST(FindSegments, RefusesWhatCannotBe) {
  const Recording recording = Quiet(300);
  const auto sentence = [&](const SegmentOptions& options) {
    const auto found = FindSegments(recording, options);
    return found.ok() ? "" : found.error().message;
  };
  EXPECT_NE(sentence({.length_ms = 3010}).find("does not fit into long, which has 3000 ms"), std::string::npos);
  EXPECT_NE(sentence({.length_ms = 30}).find("less than 4"), std::string::npos);
  EXPECT_NE(sentence({.length_ms = -1}), "");
  EXPECT_NE(sentence({.sensitivity = 1.1}), "");
  Recording picture = recording;
  picture.width = picture.height = 10;
  EXPECT_FALSE(FindSegments(picture).ok());
  EXPECT_EQ(sentence({.length_ms = 3000}), "");
}

/// The readings of several recordings one after the other, and where each begins.
Recording Joined(const std::vector<Recording>& recordings, std::vector<size_t>& begins) {
  Recording joined = recordings.front();
  joined.values.clear();
  for (const Recording& one : recordings) {
    begins.push_back(joined.readings());
    joined.values.insert(joined.values.end(), one.values.begin(), one.values.end());
  }
  return joined;
}

Recording Beginning(Recording recording, size_t readings) {
  recording.values.resize(readings * recording.axes.size());
  return recording;
}

// A hand that rests, shakes a board, and rests again: recordings of xiao-gestures.
TEST(FindSegments, FindsGesturesBetweenRests) {
  const TemporaryFolder folder;
  if (!UnpackShared("xiao-gestures", folder)) GTEST_SKIP() << "there is no ../shared with the reference data";
  const auto set = ReadFolder(folder.path() + "/xiao-gestures");
  ASSERT_TRUE(set.ok()) << set.error().message;
  std::vector<Recording> idle, gestures;
  for (const Recording& recording : set->recordings) {
    if (recording.label == "idle") idle.push_back(Beginning(recording, 300));
    if (recording.label == "flick" || recording.label == "circle") gestures.push_back(Beginning(recording, 100));
  }
  ASSERT_GE(gestures.size(), 8U);
  std::vector<Recording> parts;
  for (size_t i = 0; i < 8; ++i) {
    parts.push_back(idle[0]);  // one rest in one place: another one would be another offset, an event of its own
    parts.push_back(gestures[i * gestures.size() / 8]);
  }
  parts.push_back(idle[0]);
  std::vector<size_t> begins;
  const Recording joined = Joined(parts, begins);
  const auto segments = FindSegments(joined, {.length_ms = 1200});
  ASSERT_TRUE(segments.ok());
  ASSERT_EQ(segments->size(), 8U);
  for (size_t i = 0; i < 8; ++i) EXPECT_TRUE(Holds((*segments)[i], begins[2 * i + 1], 100)) << i;
}

// Words that six people said, one after the other, with silence between them: spoken-digits.
TEST(FindSegments, FindsWordsBetweenSilences) {
  const TemporaryFolder folder;
  if (!UnpackShared("spoken-digits", folder)) GTEST_SKIP() << "there is no ../shared with the reference data";
  const auto set = ReadFolder(folder.path() + "/spoken-digits");
  ASSERT_TRUE(set.ok()) << set.error().message;
  std::mt19937 random(1);
  std::normal_distribution<float> hiss(0, 20);
  std::vector<Recording> parts;
  for (size_t i = 0; parts.size() < 2 * 40; i += set->recordings.size() / 40) {
    Recording rest = set->recordings[i];
    rest.values.resize(6000);
    for (float& value : rest.values) value = hiss(random);
    parts.push_back(rest);
    parts.push_back(set->recordings[i]);
  }
  std::vector<size_t> begins;
  const Recording joined = Joined(parts, begins);
  const auto segments = FindSegments(joined, {.length_ms = 800});
  ASSERT_TRUE(segments.ok());
  size_t found = 0;
  for (size_t i = 0; i < 40; ++i) {
    const size_t middle = begins[2 * i + 1] + parts[2 * i + 1].readings() / 2;
    for (const Segment& segment : *segments) found += Holds(segment, middle, 1);
  }
  EXPECT_EQ(found, 40U);
  EXPECT_EQ(segments->size(), 40U);
}

}  // namespace
}  // namespace thimble::dataset
