#include "studio/data.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"

namespace thimble::studio {
namespace {

/// Tones of two pitches at 8 kHz, none longer than a second; a tenth of each clip is a room of loudness `room`.
dataset::Dataset Clips(float room) {
  dataset::Dataset set;
  Random random(3);
  for (int i = 0; i < 20; ++i) {
    dataset::Recording clip;
    clip.label = i % 2 == 0 ? "low" : "high";
    clip.name = clip.label + "." + std::to_string(i);
    clip.file = clip.name + ".wav";
    clip.axes = {{"audio", ""}};
    clip.interval_ms = 0.125;
    const int length = i < 2 ? 8000 : 4000 + 100 * i;
    for (int k = 0; k < length; ++k) {
      const double turns = ((i % 2 == 0 ? 200.0 : 900.0) + 3.7 * i) * k / 8000;
      clip.values.push_back((k > length / 10 ? 5000 * static_cast<float>(std::sin(6.2832 * turns)) : 0.0f) +
                            room * random.Normal());
    }
    set.recordings.push_back(clip);
  }
  return set;
}

double Loudness(std::span<const float> values) {
  double squares = 0;
  for (const float value : values) squares += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

TEST(PrepareData, FillsShortClipsWithTheSoundOfTheRoom) {
  const auto data = PrepareData(Clips(40), {.folder = "tones"});
  ASSERT_TRUE(data.ok()) << data.error().message;
  ASSERT_EQ(data->kind, DataKind::kSound);
  std::set<std::vector<float>> beginnings;
  for (const dataset::Recording& clip : data->set.recordings) {
    ASSERT_EQ(clip.values.size(), data->training.readings);
    const std::span<const float> before = std::span(clip.values).first(400);
    EXPECT_NEAR(Loudness(before), 40, 12) << clip.name;  // the quietest 20 ms are a little below the mean
    beginnings.insert({before.begin(), before.end()});
  }
  EXPECT_EQ(beginnings.size(), data->set.recordings.size());  // and no two alike
}

TEST(PrepareData, FillsClipsWithoutARoomWithFaintNoise) {
  const auto data = PrepareData(Clips(0), {.folder = "tones"});
  ASSERT_TRUE(data.ok()) << data.error().message;
  for (const dataset::Recording& clip : data->set.recordings) {
    if (clip.name == "low.0" || clip.name == "high.1") continue;  // are long enough
    EXPECT_NEAR(Loudness(std::span(clip.values).first(400)), 0.001 * 5000 / std::sqrt(2), 0.6) << clip.name;
  }
}

TEST(PrepareData, FillsClipsAlikeEachTime) {
  const auto one = PrepareData(Clips(40), {.folder = "tones"});
  const auto two = PrepareData(Clips(40), {.folder = "tones"});
  ASSERT_TRUE(one.ok() && two.ok());
  for (size_t i = 0; i < one->set.recordings.size(); ++i) {
    EXPECT_EQ(one->set.recordings[i].values, two->set.recordings[i].values);
  }
}

}  // namespace
}  // namespace thimble::studio
