#include "trainer/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace thimble::trainer {
namespace {

using Kind = dsp::Layout::Kind;

constexpr dsp::Layout kMotion = {.kind = Kind::kSpectrogram, .width = 20, .height = 3};
constexpr dsp::Layout kPicture = {.kind = Kind::kImage, .width = 8, .height = 6, .channels = 1};

Augment Make(const AugmentOptions& options, const dsp::Layout& layout) {
  auto augment = MakeAugment(options, layout);
  EXPECT_TRUE(augment.ok()) << augment.error().message;
  return *augment;
}

std::vector<float> Ramp(size_t count) {
  std::vector<float> row(count);
  std::iota(row.begin(), row.end(), 0.0f);
  return row;
}

TEST(Augment, ChangesNothingWithoutBeingAsked) {
  const auto augment = MakeAugment({}, kMotion);
  ASSERT_TRUE(augment.ok());
  EXPECT_FALSE(static_cast<bool>(*augment));
}

TEST(Augment, TheSameSeedGivesTheSameRows) {
  const Augment augment =
      Make({.time_shift = 0.3f, .time_mask = 0.2f, .scale = 0.2f, .noise = 0.1f, .rotation_degrees = 30}, kMotion);
  std::vector<float> one = Ramp(60), other = one, third = one;
  Random random(5), again(5), different(6);
  augment(one, random);
  augment(other, again);
  augment(third, different);
  EXPECT_EQ(one, other);
  EXPECT_NE(one, third);
}

TEST(Augment, ShiftsMoveFramesAndRepeatTheEnds) {
  const Augment augment = Make({.time_shift = 0.25f}, kMotion);
  Random random(1);
  int least = 0, most = 0;
  for (int i = 0; i < 200; ++i) {
    std::vector<float> row = Ramp(60);
    augment(row, random);
    const int offset = 10 - static_cast<int>(row[30]) / 3;  // where frame 10 comes from
    least = std::min(least, offset);
    most = std::max(most, offset);
    for (int frame = 0; frame < 20; ++frame) {
      const int from = std::clamp(frame - offset, 0, 19);
      EXPECT_EQ(row[static_cast<size_t>(frame) * 3 + 1], static_cast<float>(from * 3 + 1));
    }
  }
  EXPECT_EQ(least, -5);
  EXPECT_EQ(most, 5);
}

TEST(Augment, StretchingMakesARampSteeperOrFlatterAboutItsMiddle) {
  const Augment augment = Make({.time_stretch = 0.5f}, {.kind = Kind::kSpectrogram, .width = 21, .height = 1});
  Random random(1);
  float flattest = 9, steepest = 0;
  for (int i = 0; i < 200; ++i) {
    std::vector<float> row = Ramp(21);
    augment(row, random);
    EXPECT_NEAR(row[10], 10, 1e-5);
    const float slope = row[11] - row[10];
    EXPECT_NEAR(row[14], 10 + 4 * slope, 1e-4);
    EXPECT_GE(row.front(), 0);
    EXPECT_LE(row.back(), 20);
    flattest = std::min(flattest, slope);
    steepest = std::max(steepest, slope);
  }
  EXPECT_GE(flattest, 0.5f);
  EXPECT_LT(flattest, 0.6f);
  EXPECT_LE(steepest, 1.5001f);
  EXPECT_GT(steepest, 1.4f);
}

TEST(Augment, RotationTurnsEveryReadingAlikeAndKeepsItsLength) {
  for (const float degrees : {20.0f, 180.0f}) {
    const Augment augment = Make({.rotation_degrees = degrees}, kMotion);
    Random random(3);
    double smallest = 1, mean = 0;
    constexpr int kTurns = 500;
    for (int turn = 0; turn < kTurns; ++turn) {
      std::vector<float> row(60, 0.0f);
      row[2] = 1;              // up
      row[3] = 3, row[4] = 4;  // length 5
      row[8] = 1;              // up again
      augment(row, random);
      EXPECT_NEAR(std::hypot(row[0], row[1], row[2]), 1, 1e-5);
      EXPECT_NEAR(std::hypot(row[3], row[4], row[5]), 5, 1e-4);
      EXPECT_EQ(row[8], row[2]);
      smallest = std::min(smallest, static_cast<double>(row[2]));
      mean += static_cast<double>(row[2]) / kTurns;
    }
    if (degrees < 180) {
      EXPECT_GE(smallest, std::cos(20 * 3.14159265 / 180) - 1e-5);
      EXPECT_LT(smallest, 0.96);
    } else {
      EXPECT_LT(smallest, -0.9);
      EXPECT_NEAR(mean, 0, 0.1);  // every direction is as likely
    }
  }
}

TEST(Augment, MasksPutTheChannelsMeanOverAStretch) {
  const Augment augment = Make({.time_mask = 0.5f, .channel_mask = 0.4f}, kMotion);
  Random random(2);
  int masked = 0;
  for (int i = 0; i < 100; ++i) {
    const std::vector<float> before = Ramp(60);
    std::vector<float> row = before;
    augment(row, random);
    for (size_t k = 0; k < row.size(); ++k) {
      if (row[k] == before[k]) continue;
      ++masked;
      EXPECT_FLOAT_EQ(row[k], 28.5f + static_cast<float>(k % 3));
    }
  }
  EXPECT_GT(masked, 500);
}

TEST(Augment, NoiseAndScaleFollowTheRow) {
  const Augment noise = Make({.noise = 0.1f}, {.width = 1000});
  std::vector<float> row(1000);
  for (size_t i = 0; i < row.size(); ++i) row[i] = i % 2 == 0 ? 50.0f : -50.0f;
  const std::vector<float> before = row;
  Random random(4);
  noise(row, random);
  double squares = 0;
  for (size_t i = 0; i < row.size(); ++i) squares += std::pow(static_cast<double>(row[i] - before[i]), 2);
  EXPECT_NEAR(std::sqrt(squares / 1000), 5, 0.5);

  const Augment scale = Make({.scale = 0.2f}, {.width = 2});
  float least = 2, most = 0;
  for (int i = 0; i < 300; ++i) {
    std::vector<float> pair = {1, -2};
    scale(pair, random);
    EXPECT_FLOAT_EQ(pair[1], -2 * pair[0]);
    least = std::min(least, pair[0]);
    most = std::max(most, pair[0]);
  }
  EXPECT_GE(least, 0.8f);
  EXPECT_LE(most, 1.2f);
  EXPECT_GT(most - least, 0.3f);
}

TEST(Augment, PicturesMoveMirrorAndStayBelowOne) {
  const Augment augment = Make({.mirror = true, .crop = 0.25f, .brightness = 0.3f}, kPicture);
  Random random(8);
  std::vector<bool> left(8);
  bool bright = false;
  for (int i = 0; i < 300; ++i) {
    std::vector<float> row(48, 0.0f);
    row[2 * 8 + 2] = 0.9f;  // one pixel, two from the left
    augment(row, random);
    for (size_t k = 0; k < row.size(); ++k) {
      EXPECT_LE(row[k], 1.0f);
      if (row[k] > 0) left[k % 8] = true;
      bright = bright || row[k] == 1.0f;
    }
  }
  EXPECT_EQ(left, std::vector<bool>(8, true));  // 2 ± 2, and 5 ± 2
  EXPECT_TRUE(bright);
}

/// Where the weight of a picture of 21 × 21 pixels lies, from its middle, and how far along each axis.
struct Lie {
  double x = 0, y = 0, wide = 0, high = 0, lean = 0;
};
Lie LieOf(const std::vector<float>& picture) {
  Lie lie;
  double sum = 0;
  for (int i = 0; i < 441; ++i) {
    const double weight = static_cast<double>(picture[static_cast<size_t>(i)]);
    const double x = i % 21 - 10, y = i / 21 - 10;
    sum += weight;
    lie.x += weight * x;
    lie.y += weight * y;
    lie.wide += weight * x * x;
    lie.high += weight * y * y;
    lie.lean += weight * x * y;
  }
  for (double* value : {&lie.x, &lie.y, &lie.wide, &lie.high, &lie.lean}) *value /= sum;
  return lie;
}

TEST(Augment, PicturesTurnAndGrowAboutTheirMiddle) {
  const dsp::Layout layout = {.kind = Kind::kImage, .width = 21, .height = 21, .channels = 1, .frames = 1};
  std::vector<float> bar(441, 0.0f);  // upright, as wide as three pixels
  for (size_t y = 5; y <= 15; ++y) std::fill_n(bar.begin() + static_cast<std::ptrdiff_t>(y * 21 + 9), 3, 1.0f);
  const Lie before = LieOf(bar);
  const auto spread = [&](const AugmentOptions& options, double Lie::*of) {
    const Augment augment = Make(options, layout);
    Random random(5);
    double least = 1e9, most = -1e9;
    for (int i = 0; i < 200; ++i) {
      std::vector<float> row = bar;
      augment(row, random);
      const Lie lie = LieOf(row);
      EXPECT_NEAR(lie.x, 0, 0.1);
      EXPECT_NEAR(lie.y, 0, 0.1);
      least = std::min(least, lie.*of);
      most = std::max(most, lie.*of);
    }
    return std::pair(least, most);
  };
  const auto [small, large] = spread({.zoom = 0.3f}, &Lie::high);
  EXPECT_NEAR(small / before.high, 1 / (1.3 * 1.3), 0.12);
  EXPECT_NEAR(large / before.high, 1 / (0.7 * 0.7), 0.25);
  // A quarter of a turn lays it down, and no angle stands for another.
  const auto [upright, lying] = spread({.turn_degrees = 90}, &Lie::wide);
  EXPECT_NEAR(upright, before.wide, 0.3);
  EXPECT_NEAR(lying, before.high, 0.5);
  const auto [left, right] = spread({.shear = 0.4f}, &Lie::lean);
  EXPECT_NEAR(left, -right, 0.2);
  EXPECT_NEAR(right, 0.4 * before.high, 0.5);
  // Nothing else moves: what is turned by nothing is what it was.
  std::vector<float> row = bar;
  Random random(1);
  Make({.turn_degrees = 1e-6f}, layout)(row, random);
  for (size_t i = 0; i < row.size(); ++i) EXPECT_NEAR(row[i], bar[i], 1e-5);
}

TEST(Augment, RefusesWhatTheFeaturesHaveNoRoomFor) {
  const auto refusal = [](const AugmentOptions& options, const dsp::Layout& layout, int axes = 0) {
    const auto augment = MakeAugment(options, layout, axes);
    return augment ? std::string() : augment.error().message;
  };
  EXPECT_NE(refusal({.time_shift = 0.1f}, {.width = 39}).find("time"), std::string::npos);
  EXPECT_EQ(refusal({.time_shift = 0.1f}, {.width = 39}, 3), "");  // raw readings of three axes
  EXPECT_NE(
      refusal({.rotation_degrees = 10}, {.kind = Kind::kSpectrogram, .width = 20, .height = 4}).find("three axes"),
      std::string::npos);
  EXPECT_NE(refusal({.mirror = true}, kMotion).find("pictures"), std::string::npos);
  EXPECT_NE(refusal({.turn_degrees = 5}, kMotion).find("pictures"), std::string::npos);
  EXPECT_NE(refusal({.zoom = 0.6f}, kPicture).find("zoom"), std::string::npos);
  EXPECT_NE(refusal({.time_shift = 0.1f}, kPicture).find("time"), std::string::npos);
  EXPECT_NE(refusal({.scale = 1.5f}, kMotion).find("scale"), std::string::npos);
  EXPECT_NE(refusal({.noise = std::nanf("")}, kMotion).find("noise"), std::string::npos);
}

TEST(Augment, DefaultsFitTheirLayouts) {
  for (const dsp::Layout& layout : {kMotion, kPicture, dsp::Layout{.width = 39},
                                    dsp::Layout{.kind = Kind::kSpectrogram, .width = 49, .height = 13}}) {
    for (const bool is_motion : {false, true}) {
      EXPECT_TRUE(MakeAugment(DefaultAugment(layout, is_motion), layout).ok());
    }
  }
}

}  // namespace
}  // namespace thimble::trainer
