#include "bridge/remote/live_signal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "bridge/remote/messages.h"

namespace thimble::bridge {
namespace {

class LiveSignalTest : public ::testing::Test {
 protected:
  LiveSignalTest() {
    info_.axes = {"accX", "gyrX"};
    info_.units = {"mg", "mdps"};
    info_.nominal_rate_hz = 100;
    live_.Switch(true);
  }
  /// So many readings, counted on from the last ones; `lost_before` goes with the first.
  void Hear(size_t count, uint32_t lost_before = 0, const std::vector<DeviceVerdict>& verdicts = {}) {
    next_ += static_cast<int>(lost_before);
    std::vector<float> values;
    std::vector<RowTime> times;
    for (size_t i = 0; i < count; ++i, ++next_) {
      values.insert(values.end(), {static_cast<float>(1000 * next_), 2000});
      times.push_back({.seconds = next_ * 0.01, .lost_before = i == 0 ? lost_before : 0, .exact = true});
    }
    live_.Hear(info_, values, times, verdicts);
  }
  /// The number of the first reading, as its value tells.
  static double Told(const LiveBatch& batch) { return std::round(static_cast<double>(batch.values[0]) / 9.80665); }

  StreamInfo info_;
  LiveSignal live_;
  int next_ = 0;
};

TEST_F(LiveSignalTest, GivesWhatCameInTheUnitsOfFiles) {
  EXPECT_FALSE(live_.Take());
  Hear(2);
  Hear(1);
  const auto batch = live_.Take();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->first, 0u);
  EXPECT_EQ(batch->lost, 0u);
  EXPECT_EQ(batch->interval_ms, 10);
  EXPECT_EQ(batch->axes, (std::vector<dataset::Axis>{{"accX", "m/s2"}, {"gyrX", "deg/s"}}));
  EXPECT_EQ(batch->values, (std::vector<float>{0, 2, 9.80665F, 2, 19.6133F, 2}));
  EXPECT_FALSE(live_.Take());
  Hear(1);
  EXPECT_EQ(live_.Take()->first, 3u);
}

TEST_F(LiveSignalTest, IsSilentWhileNobodyLooksAndBeginsAnew) {
  live_.Switch(false);
  Hear(3);
  EXPECT_FALSE(live_.Take());
  live_.Switch(true);
  Hear(1);
  EXPECT_EQ(live_.Take()->first, 0u);
}

TEST_F(LiveSignalTest, AGapIsBetweenBatchesAndCounted) {
  Hear(4);
  Hear(2, 5);
  auto batch = live_.Take();
  EXPECT_EQ(batch->values.size(), 8u);
  batch = live_.Take();
  EXPECT_EQ(batch->first, 9u);
  EXPECT_EQ(batch->lost, 5u);
  EXPECT_EQ(Told(*batch), 9);
}

TEST_F(LiveSignalTest, OfMoreThanItHoldsTheOldestGoAndAreCounted) {
  Hear(3);
  Hear(10, 2);
  constexpr size_t kHeld = LiveSignal::kMostNumbers / 2;
  Hear(kHeld);
  const auto batch = live_.Take();
  EXPECT_EQ(batch->values.size(), LiveSignal::kMostNumbers);
  EXPECT_EQ(batch->first, 15u);
  EXPECT_EQ(batch->lost, 15u) << "thirteen that were dropped, and the two of the gap";
  EXPECT_EQ(Told(*batch), 15);
}

TEST_F(LiveSignalTest, WhatARecordingThrowsAwayIsLostByTheBoardsClock) {
  Hear(2);
  live_.Resume();
  next_ += 7;
  Hear(1);
  EXPECT_EQ(live_.Take()->values.size(), 4u);
  const auto batch = live_.Take();
  EXPECT_EQ(batch->first, 9u);
  EXPECT_EQ(batch->lost, 7u);
}

TEST_F(LiveSignalTest, AVerdictNamesTheLastReadingOfItsWindow) {
  Hear(4, 0, {{.rows_before = 2, .label = "wave", .score = 0.5, .scores = {{"idle", 0.5}, {"wave", 0.5}}}});
  Hear(1, 0, {{.rows_before = 0, .label = "idle"}});
  const auto batch = live_.Take();
  ASSERT_EQ(batch->verdicts.size(), 2u);
  EXPECT_EQ(batch->verdicts[0].reading, 1u);
  EXPECT_EQ(batch->verdicts[1].reading, 3u);
  const auto said = nlohmann::json::parse(WriteLiveData(*batch, Encoding::kJson))["liveData"];
  EXPECT_EQ(said["first"], 0);
  EXPECT_EQ(said["interval"], 10);
  EXPECT_EQ(said["values"].size(), 5u);
  EXPECT_EQ(said["axes"][1]["units"], "deg/s");
  EXPECT_EQ(
      said["verdicts"][0].dump(),
      R"({"dspCycles":0,"label":"wave","networkCycles":0,"reading":1,"score":0.5,"scores":{"idle":0.5,"wave":0.5}})");
}

}  // namespace
}  // namespace thimble::bridge
