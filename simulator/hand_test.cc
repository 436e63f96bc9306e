#include "simulator/hand.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numbers>
#include <set>
#include <string>

#include "dataset/duplicates.h"
#include "dataset/split.h"
#include "dataset/windows.h"

namespace thimble::simulator {
namespace {

constexpr double kRateHz = 104;

TEST(Random, IsTheSameEverywhere) {
  Random random(0);
  EXPECT_EQ(random.Next(), 0xe220a8397b1dcdafu);
  EXPECT_EQ(random.Next(), 0x6e789e6aa1b965f4u);
}

TEST(Random, IsSpreadAsItSays) {
  Random random(1);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double between = random.Between(-2, 3);
    EXPECT_TRUE(between >= -2 && between < 3);
    const double normal = random.Normal();
    sum += normal;
    squares += normal * normal;
  }
  EXPECT_NEAR(sum / 1e5, 0, 0.02);
  EXPECT_NEAR(squares / 1e5, 1, 0.02);
}

TEST(HandMotion, IsTheSameForTheSameArguments) {
  HandMotion a(1, 2, Gesture::kWave, 3, kRateHz);
  HandMotion b(1, 2, Gesture::kWave, 3, kRateHz);
  for (int i = 0; i < 200; ++i) {
    const MotionSample sample_a = a.Next();
    const MotionSample sample_b = b.Next();
    ASSERT_EQ(sample_a.acceleration, sample_b.acceleration);
    ASSERT_EQ(sample_a.turn_rate, sample_b.turn_rate);
  }
}

TEST(HandMotion, DiffersByEveryArgument) {
  std::set<std::string> first_second;
  for (HandMotion motion : {HandMotion(1, 0, Gesture::kWave, 0), HandMotion(2, 0, Gesture::kWave, 0),
                            HandMotion(1, 1, Gesture::kWave, 0), HandMotion(1, 0, Gesture::kSnake, 0),
                            HandMotion(1, 0, Gesture::kWave, 1), HandMotion(1, 0, Gesture::kWave, 0, 52)}) {
    std::string text;
    for (int i = 0; i < 104; ++i) text += std::to_string(motion.Next().acceleration[0]) + " ";
    first_second.insert(text);
  }
  EXPECT_EQ(first_second.size(), 6u);
}

TEST(HandMotion, FeelsOneGWhenIdle) {
  for (int person = 0; person < 20; ++person) {
    HandMotion motion(1, person, Gesture::kIdle, 0, kRateHz);
    double mean_g = 0;
    double mean_dps = 0;
    for (int i = 0; i < 1040; ++i) {
      const MotionSample sample = motion.Next();
      double squares = 0;
      for (const int16_t lsb : sample.acceleration) squares += std::pow(lsb * kMilligPerLsb * 1e-3, 2);
      mean_g += std::sqrt(squares) / 1040;
      for (const int16_t lsb : sample.turn_rate) {
        mean_dps += std::abs(lsb) * kMilliDegreesPerSecondPerLsb * 1e-3 / 3 / 1040;
      }
    }
    EXPECT_NEAR(mean_g, 1, 0.1) << person;
    EXPECT_LT(mean_dps, 25) << person;
  }
}

// What stands still in the room turns backwards in the sensor's frame: dg/dt = g × ω.
TEST(HandMotion, TurnsGravityAsTheGyroscopeSays) {
  constexpr int kBlock = 52;
  constexpr double kRadians = std::numbers::pi / 180;
  double agreement = 0;
  double felt_squares = 0;
  double turned_squares = 0;
  for (int person = 0; person < 20; ++person) {
    HandMotion motion(3, person, Gesture::kIdle, 0, kRateHz);
    std::vector<std::array<double, 3>> g(20), turned(20);
    for (int i = 0; i < 20 * kBlock; ++i) {
      const MotionSample sample = motion.Next();
      const auto block = static_cast<size_t>(i / kBlock);
      for (size_t axis = 0; axis < 3; ++axis) {
        const size_t j = (axis + 1) % 3;
        const size_t k = (axis + 2) % 3;
        const double scale = kMilligPerLsb * 1e-3 * kMilliDegreesPerSecondPerLsb * 1e-3 * kRadians / kRateHz;
        g[block][axis] += sample.acceleration[axis] * kMilligPerLsb * 1e-3 / kBlock;
        turned[block][axis] +=
            scale * (sample.acceleration[j] * sample.turn_rate[k] - sample.acceleration[k] * sample.turn_rate[j]);
      }
    }
    for (size_t axis = 0; axis < 3; ++axis) {
      double bias = 0;
      for (const auto& block : turned) bias += block[axis] / 20;
      for (size_t block = 1; block < 20; ++block) {
        const double felt = g[block][axis] - g[block - 1][axis];
        // Between the middles of two blocks lie half of the one and half of the other.
        const double told = (turned[block][axis] + turned[block - 1][axis]) / 2 - bias;
        agreement += felt * told;
        felt_squares += felt * felt;
        turned_squares += told * told;
      }
    }
  }
  EXPECT_GT(agreement / std::sqrt(felt_squares * turned_squares), 0.7);
}

/// Mean power of the vertical acceleration between two frequencies, in steps of a tenth of a hertz.
double Power(Gesture gesture, double low_hz, double high_hz) {
  double power = 0;
  for (int person = 0; person < 10; ++person) {
    HandMotion motion(5, person, gesture, 0, kRateHz);
    std::vector<double> values;
    for (int i = 0; i < 1040; ++i) values.push_back(motion.Next().acceleration[2] * kMilligPerLsb * 1e-3);
    const int bins = static_cast<int>(std::lround((high_hz - low_hz) * 10));
    for (int bin = 0; bin < bins; ++bin) {
      const double omega = 2 * std::numbers::pi * (low_hz + 0.1 * bin) / kRateHz;
      double real = 0;
      double imaginary = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        real += values[i] * std::cos(omega * static_cast<double>(i));
        imaginary += values[i] * std::sin(omega * static_cast<double>(i));
      }
      power += (real * real + imaginary * imaginary) / bins;
    }
  }
  return power;
}

TEST(HandMotion, TremblesAtEightToTwelveHertz) {
  EXPECT_GT(Power(Gesture::kIdle, 7, 13), 10 * Power(Gesture::kIdle, 16, 22));
  EXPECT_GT(Power(Gesture::kIdle, 7, 13), 10 * Power(Gesture::kIdle, 4, 6));
}

TEST(HandMotion, MovesUpAndDownAtHumanPace) {
  EXPECT_GT(Power(Gesture::kUpDown, 0.5, 2.5), 20 * Power(Gesture::kUpDown, 5, 7));
  EXPECT_GT(Power(Gesture::kUpDown, 0.5, 2.5), 5 * Power(Gesture::kSnake, 0.5, 2.5));
}

TEST(HandMotion, ClipsAtTwoG) {
  int clipped = 0;
  for (int person = 0; person < 40; ++person) {
    HandMotion motion(1, person, Gesture::kUpDown, 0, kRateHz);
    for (int i = 0; i < 1040; ++i) clipped += motion.Next().acceleration[2] == INT16_MAX;
  }
  EXPECT_GT(clipped, 50);
  EXPECT_LT(clipped, 40 * 1040 / 20);
}

TEST(SimulateHand, TestsPeopleUnknownInTraining) {
  const HandOptions options{.people = 8, .recordings_per_gesture = 2, .seconds = 3};
  dataset::Dataset dataset = SimulateHand(options);
  EXPECT_EQ(dataset.recordings.size(), 8u * 2 * kGestureCount);
  EXPECT_EQ(dataset.Labels(), (std::vector<std::string>{"circle", "idle", "snake", "updown", "wave"}));
  EXPECT_TRUE(dataset::RemoveDuplicates(dataset).empty());
  ASSERT_TRUE(dataset::Split(dataset).ok());
  std::map<dataset::Category, std::set<std::string>> people;
  for (const dataset::Recording& recording : dataset.recordings) {
    EXPECT_EQ(recording.readings(), 312u);
    EXPECT_EQ(recording.axes.size(), 6u);
    people[recording.category].insert(recording.name.substr(recording.name.find(".person")).substr(0, 8));
  }
  EXPECT_EQ(people[dataset::Category::kTesting], (std::set<std::string>{".person7", ".person8"}));
  EXPECT_EQ(people[dataset::Category::kTraining].size(), 6u);
  const auto index = dataset::CutWindows(dataset, dataset::Category::kTesting);
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(index->readings, 208u);
}

TEST(SimulateHand, SaysThatItIsSimulated) {
  const dataset::Dataset dataset = SimulateHand({.people = 2, .recordings_per_gesture = 1, .seconds = 1});
  ASSERT_EQ(dataset.notices.size(), 1u);
  EXPECT_TRUE(dataset.notices[0].starts_with("these recordings are simulated")) << dataset.notices[0];
}

TEST(SimulateHand, GivesSiUnitsInStepsOfTheSensor) {
  const dataset::Dataset dataset = SimulateHand({.people = 1, .recordings_per_gesture = 1, .seconds = 1});
  for (const dataset::Recording& recording : dataset.recordings) {
    for (size_t i = 0; i < recording.readings(); ++i) {
      const double lsb = recording.Reading(i)[0] / (kMilligPerLsb * 1e-3 * 9.80665);
      EXPECT_NEAR(lsb, std::round(lsb), 0.01);
      const double turn_lsb = recording.Reading(i)[3] * 180 / std::numbers::pi / (kMilliDegreesPerSecondPerLsb * 1e-3);
      EXPECT_NEAR(turn_lsb, std::round(turn_lsb), 0.01);
    }
  }
}

}  // namespace
}  // namespace thimble::simulator
