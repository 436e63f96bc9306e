#include "dataset/kind.h"

#include <gtest/gtest.h>

#include <string>

namespace thimble::dataset {
namespace {

/// `count` recordings of `seconds` each.
Dataset Recorded(const Axis& axis, double rate_hz, double seconds, int count = 1) {
  Dataset set;
  for (int i = 0; i < count; ++i) {
    Recording& recording = set.recordings.emplace_back();
    recording.axes = {axis};
    recording.interval_ms = 1000 / rate_hz;
    recording.values.resize(static_cast<size_t>(seconds * rate_hz));
  }
  return set;
}

TEST(Kind, ASoundIsOneFastAxisThatIsNoAcceleration) {
  EXPECT_EQ(KindOf(Recorded({"audio", "wav"}, 16000, 1)), DataKind::kSound);
  EXPECT_EQ(KindOf(Recorded({"audio", "wav"}, 2000, 1)), DataKind::kSound) << "a WAV file is sound at any rate";
  EXPECT_EQ(KindOf(Recorded({"microphone", ""}, 8000, 1)), DataKind::kSound);
  EXPECT_EQ(KindOf(Recorded({"bearing", "g"}, 12000, 1)), DataKind::kMotion);
  EXPECT_EQ(KindOf(Recorded({"bearing", "m/s2"}, 12000, 1)), DataKind::kMotion);
  EXPECT_EQ(KindOf(Recorded({"light", ""}, 100, 1)), DataKind::kMotion);
  Dataset stereo = Recorded({"left", "wav"}, 16000, 1);
  stereo.recordings.front().axes.push_back({"right", "wav"});
  EXPECT_EQ(KindOf(stereo), DataKind::kMotion);
  Dataset picture = Recorded({"image", "rgba"}, 1000, 0.5);
  picture.recordings.front().width = 25;
  EXPECT_EQ(KindOf(picture), DataKind::kPictures);
}

TEST(UsualWindow, IsTwoSecondsOfMotionOrEnoughReadings) {
  EXPECT_DOUBLE_EQ(UsualWindowMs(Recorded({"x", "g"}, 100, 10)), 2000);
  EXPECT_DOUBLE_EQ(UsualWindowMs(Recorded({"x", "g"}, 4096, 10)), 500);
}

TEST(UsualWindow, IsWhatNearlyAllClipsFitIn) {
  Dataset clips = Recorded({"audio", "wav"}, 8000, 0.42, 98);
  clips.recordings.push_back(Recorded({"audio", "wav"}, 8000, 5).recordings.front());
  EXPECT_TRUE(AreClips(clips));
  EXPECT_DOUBLE_EQ(UsualWindowMs(clips), 450);
  EXPECT_DOUBLE_EQ(UsualWindowMs(Recorded({"audio", "wav"}, 8000, 1.8)), 1000) << "its loudest second";
}

TEST(UsualWindow, IsASecondOfLongSounds) {
  const Dataset sounds = Recorded({"audio", "wav"}, 16000, 3);
  EXPECT_FALSE(AreClips(sounds));
  EXPECT_FALSE(AreClips(Recorded({"x", "g"}, 100, 1))) << "short motion is no clip";
  EXPECT_DOUBLE_EQ(UsualWindowMs(sounds), 1000);
}

}  // namespace
}  // namespace thimble::dataset
