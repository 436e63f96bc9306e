#include "studio/server/live/live_impulse.h"

#include <gtest/gtest.h>

#include <cmath>

#include "trainer/model_tflite.h"
#include "trainer/test_models.h"

namespace thimble::studio {
namespace {

/// The sum of four numbers, and that of the first two: windows of two readings of two axes at 50 Hz.
compiler::ImpulseDescription Sums() {
  return {.name = "sums",
          .axes = {{"accX", "g"}, {"gyrZ", "deg/s"}},
          .rate_hz = 50,
          .window_readings = 2,
          .stride_readings = 1,
          .block = compiler::DefaultParams("raw"),
          .labels = {"all", "first"},
          .data_hash = ""};
}

LiveImpulse Opened(compiler::ImpulseDescription impulse = Sums()) {
  const auto model =
      trainer::WriteTflite(trainer::DenseModel(4, {trainer::Weights({1, 1, 1, 1, 1, 1, 0, 0}, {0, 0})}, false));
  EXPECT_TRUE(model.ok());
  auto opened = LiveImpulse::Open(std::move(impulse), *model);
  EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
  return *std::move(opened);
}

/// Reading n is n of the first axis and 100 n of the second.
LiveReadings Readings(int64_t first, int count, double interval_ms = 20) {
  LiveReadings readings{.first = first, .interval_ms = interval_ms, .axes = {{"gyrZ", "mdps"}, {"accX", "g"}}};
  for (int64_t n = first; n < first + count; ++n) {
    readings.values.insert(readings.values.end(), {static_cast<float>(100'000 * n), static_cast<float>(n)});
  }
  return readings;
}

std::vector<LiveJudgement> Pushed(LiveImpulse& impulse, const LiveReadings& readings) {
  std::vector<LiveJudgement> judgements;
  const Outcome outcome =
      impulse.Push(readings, [&](const LiveJudgement& judgement) { judgements.push_back(judgement); });
  EXPECT_TRUE(outcome.ok()) << (outcome.ok() ? "" : outcome.error().message);
  return judgements;
}

TEST(LiveImpulse, JudgesEachWindowByNamesAndUnits) {
  LiveImpulse impulse = Opened();
  auto judgements = Pushed(impulse, Readings(0, 1));
  EXPECT_TRUE(judgements.empty());
  judgements = Pushed(impulse, Readings(1, 2));
  ASSERT_EQ(judgements.size(), 2u);
  EXPECT_EQ(judgements[0].reading, 1);
  EXPECT_EQ(judgements[0].time_ms, 20);
  EXPECT_FLOAT_EQ(judgements[0].scores.at(0), 101) << "readings 0 and 1";
  EXPECT_FLOAT_EQ(judgements[0].scores.at(1), 0);
  EXPECT_FLOAT_EQ(judgements[1].scores.at(0), 303);
  EXPECT_FLOAT_EQ(judgements[1].scores.at(1), 101);
  EXPECT_EQ(judgements[1].label, 0);
  EXPECT_FALSE(judgements[1].anomaly);
}

TEST(LiveImpulse, BeginsWindowsAnewBehindAGap) {
  LiveImpulse impulse = Opened();
  EXPECT_EQ(Pushed(impulse, Readings(0, 3)).size(), 2u);
  EXPECT_EQ(Pushed(impulse, Readings(5, 1)).size(), 0u);
  const auto judgements = Pushed(impulse, Readings(6, 1));
  ASSERT_EQ(judgements.size(), 1u);
  EXPECT_FLOAT_EQ(judgements[0].scores[0], 11 + 1100);
}

TEST(LiveImpulse, BringsReadingsToItsRateUnlessTheyAreNearlyThere) {
  LiveImpulse impulse = Opened();
  EXPECT_EQ(Pushed(impulse, Readings(0, 100, 10)).size(), 49u) << "every other of 100 Hz";
  LiveImpulse near = Opened();
  const auto judgements = Pushed(near, Readings(0, 100, 20.2));
  ASSERT_EQ(judgements.size(), 99u);
  EXPECT_EQ(judgements[98].scores[1], 98 + 9800);
  LiveImpulse slow = Opened();
  const auto between = Pushed(slow, Readings(0, 2, 40));
  ASSERT_EQ(between.size(), 2u) << "readings at 0, 20 and 40 ms";
  EXPECT_FLOAT_EQ(between[0].scores[0], 0.5F + 50);
}

TEST(LiveImpulse, SaysWhatTheSignalLacks) {
  LiveImpulse impulse = Opened();
  LiveReadings readings = Readings(0, 2);
  readings.axes[1].name = "accY";
  EXPECT_EQ(impulse.Push(readings, {}).error().message,
            "the impulse has learnt from an axis 'accX', which is none of the device's: gyrZ, accY");
  readings = Readings(0, 2);
  readings.axes[0].units = "g";
  EXPECT_EQ(impulse.Push(readings, {}).error().message,
            "the impulse has learnt 'gyrZ' in deg/s, but the device sends it in g");
  compiler::ImpulseDescription pictures = Sums();
  pictures.width = pictures.height = 8;
  EXPECT_EQ(LiveImpulse::Open(pictures, {}).error().status, Status::kUnsupported);
}

TEST(LiveImpulse, ADetectorAloneSaysHowStrangeAWindowIs) {
  compiler::ImpulseDescription impulse = Sums();
  impulse.labels.clear();
  impulse.model_file.clear();
  impulse.anomaly = compiler::AnomalyDescription{.kind = runtime::Anomaly::Kind::kKMeans,
                                                 .features = {0},
                                                 .centres = {3},
                                                 .scales = {1},
                                                 .offsets = {1},
                                                 .threshold = 0.5F,
                                                 .normal = {"idle"}};
  auto opened = LiveImpulse::Open(impulse, {});
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const auto judgements = Pushed(*opened, Readings(0, 5));
  ASSERT_EQ(judgements.size(), 4u);
  EXPECT_TRUE(judgements[3].scores.empty());
  EXPECT_EQ(judgements[3].label, -1);
  ASSERT_TRUE(judgements[0].anomaly);
  EXPECT_TRUE(judgements[0].anomaly->strange) << "0 is three from the centre";
  EXPECT_FALSE(judgements[3].anomaly->strange) << "3 is the centre";
}

}  // namespace
}  // namespace thimble::studio
