// Resizing against the definition in double precision, and at the edges of what can be asked.
#include "dsp/resize.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace thimble::dsp {
namespace {

struct Bytes {
  int width;
  int height;
  int channels;
  std::vector<uint8_t> pixels;
};

Status ResizeBytes(const Bytes& from, ResizeMode mode, Bytes& to) {
  to.pixels.assign(static_cast<size_t>(to.width * to.height * to.channels), 77);
  return Resize({from.pixels, from.width, from.height, from.channels}, mode,
                {to.pixels, to.width, to.height, to.channels});
}

struct Box {
  int left;
  int top;
  int width;
  int height;
};

// The largest box of a picture's shape in the middle of another, sides rounded to whole pixels.
Box BoxOf(int shape_width, int shape_height, int width, int height) {
  const auto scaled = [](double a, double b, double c) {
    return std::max(1, static_cast<int>(std::lround(a * b / c)));
  };
  const bool wide = shape_width * height > shape_height * width;
  const int box_width = wide ? width : scaled(height, shape_width, shape_height);
  const int box_height = wide ? scaled(width, shape_height, shape_width) : height;
  return {(width - box_width) / 2, (height - box_height) / 2, box_width, box_height};
}

// The definition in resize.h, word for word; negative where it is black.
double PlainPixel(const Bytes& from, ResizeMode mode, const Bytes& to, int x, int y, int channel) {
  Box source = {0, 0, from.width, from.height};
  Box target = {0, 0, to.width, to.height};
  if (mode == ResizeMode::kFitShortest) source = BoxOf(to.width, to.height, from.width, from.height);
  if (mode == ResizeMode::kFitLongest) target = BoxOf(from.width, from.height, to.width, to.height);
  x -= target.left;
  y -= target.top;
  if (x < 0 || x >= target.width || y < 0 || y >= target.height) return -1;
  const auto place = [](int at, int part, int whole, int first) {
    return first + std::clamp((at + 0.5) * part / whole - 0.5, 0.0, part - 1.0);
  };
  const double at_x = place(x, source.width, target.width, source.left);
  const double at_y = place(y, source.height, target.height, source.top);
  const auto pixel = [&](double column, double row) {
    const int whole_column = std::min(static_cast<int>(column), from.width - 1);
    const int whole_row = std::min(static_cast<int>(row), from.height - 1);
    return static_cast<double>(
        from.pixels[static_cast<size_t>((whole_row * from.width + whole_column) * from.channels + channel)]);
  };
  const double x_weight = at_x - std::floor(at_x);
  const double y_weight = at_y - std::floor(at_y);
  const double upper = pixel(at_x, at_y) * (1 - x_weight) + pixel(at_x + 1, at_y) * x_weight;
  const double lower = pixel(at_x, at_y + 1) * (1 - x_weight) + pixel(at_x + 1, at_y + 1) * x_weight;
  return upper * (1 - y_weight) + lower * y_weight;
}

RC_GTEST_PROP(Resize, IsWithinOneOfItsDefinition, ()) {
  const int channels = *rc::gen::element(1, 3);
  Bytes from = {*rc::gen::inRange(1, 24), *rc::gen::inRange(1, 24), channels, {}};
  Bytes to = {*rc::gen::inRange(1, 40), *rc::gen::inRange(1, 40), channels, {}};
  const ResizeMode mode = *rc::gen::element(ResizeMode::kSquash, ResizeMode::kFitShortest, ResizeMode::kFitLongest);
  from.pixels = *rc::gen::container<std::vector<uint8_t>>(static_cast<size_t>(from.width * from.height * channels),
                                                          rc::gen::arbitrary<uint8_t>());
  RC_ASSERT(ResizeBytes(from, mode, to) == Status::kOk);
  for (int y = 0; y < to.height; ++y) {
    for (int x = 0; x < to.width; ++x) {
      for (int channel = 0; channel < channels; ++channel) {
        const int got = to.pixels[static_cast<size_t>((y * to.width + x) * channels + channel)];
        const double want = PlainPixel(from, mode, to, x, y, channel);
        // Half a step of rounding, and two weights off by up to 1/4096 of 255.
        const bool met = want < 0 ? got == 0 : std::fabs(got - want) < 0.5 + 0.13;
        RC_ASSERT(met);
      }
    }
  }
}

RC_GTEST_PROP(Resize, GivesPackedPixelsWhatItGivesBytes, ()) {
  Bytes from = {*rc::gen::inRange(1, 9), *rc::gen::inRange(1, 9), 3, {}};
  Bytes to = {*rc::gen::inRange(1, 9), *rc::gen::inRange(1, 9), 3, {}};
  const ResizeMode mode = *rc::gen::element(ResizeMode::kSquash, ResizeMode::kFitShortest, ResizeMode::kFitLongest);
  const auto packed = *rc::gen::container<std::vector<uint32_t>>(static_cast<size_t>(from.width * from.height),
                                                                 rc::gen::arbitrary<uint32_t>());
  for (const uint32_t pixel : packed) {
    for (const int shift : {16, 8, 0}) from.pixels.push_back(static_cast<uint8_t>(pixel >> shift));
  }
  RC_ASSERT(ResizeBytes(from, mode, to) == Status::kOk);
  std::vector<uint32_t> out(static_cast<size_t>(to.width * to.height), ~0u);
  RC_ASSERT(Resize({packed, from.width, from.height}, mode, {out, to.width, to.height}) == Status::kOk);
  for (size_t i = 0; i < out.size(); ++i) {
    RC_ASSERT(out[i] ==
              (uint32_t{to.pixels[3 * i]} << 16 | uint32_t{to.pixels[3 * i + 1]} << 8 | to.pixels[3 * i + 2]));
  }
}

TEST(Resize, LeavesAPictureOfTheRightSizeAsItIs) {
  Bytes from = {5, 3, 3, std::vector<uint8_t>(45)};
  std::iota(from.pixels.begin(), from.pixels.end(), uint8_t{100});
  for (const ResizeMode mode : {ResizeMode::kSquash, ResizeMode::kFitShortest, ResizeMode::kFitLongest}) {
    Bytes to = {5, 3, 3, {}};
    ASSERT_EQ(ResizeBytes(from, mode, to), Status::kOk);
    EXPECT_EQ(to.pixels, from.pixels);
  }
}

TEST(Resize, SpreadsASinglePixel) {
  Bytes to = {3, 2, 1, {}};
  ASSERT_EQ(ResizeBytes({1, 1, 1, {200}}, ResizeMode::kSquash, to), Status::kOk);
  EXPECT_EQ(to.pixels, std::vector<uint8_t>(6, 200));
}

// By hand: centres of four columns over two fall at -1/4, 1/4, 3/4 and 5/4.
TEST(Resize, TakesPixelCentres) {
  Bytes to = {4, 1, 1, {}};
  ASSERT_EQ(ResizeBytes({2, 1, 1, {0, 100}}, ResizeMode::kSquash, to), Status::kOk);
  EXPECT_EQ(to.pixels, (std::vector<uint8_t>{0, 25, 75, 100}));
  Bytes half = {1, 1, 1, {}};
  ASSERT_EQ(ResizeBytes({2, 2, 1, {0, 100, 50, 10}}, ResizeMode::kSquash, half), Status::kOk);
  EXPECT_EQ(half.pixels, (std::vector<uint8_t>{40}));
}

TEST(Resize, CutsTheLongerSide) {
  Bytes to = {2, 2, 1, {}};
  ASSERT_EQ(ResizeBytes({4, 2, 1, {9, 1, 2, 9, 9, 3, 4, 9}}, ResizeMode::kFitShortest, to), Status::kOk);
  EXPECT_EQ(to.pixels, (std::vector<uint8_t>{1, 2, 3, 4}));
}

TEST(Resize, PutsBlackBarsBesideTheShorterSide) {
  Bytes to = {2, 4, 1, {}};
  ASSERT_EQ(ResizeBytes({2, 2, 1, {1, 2, 3, 4}}, ResizeMode::kFitLongest, to), Status::kOk);
  EXPECT_EQ(to.pixels, (std::vector<uint8_t>{0, 0, 1, 2, 3, 4, 0, 0}));
}

TEST(Resize, KeepsAPixelOfTheThinnestPicture) {
  Bytes from = {200, 1, 1, std::vector<uint8_t>(200, 50)};
  Bytes to = {3, 3, 1, {}};
  ASSERT_EQ(ResizeBytes(from, ResizeMode::kFitLongest, to), Status::kOk);
  EXPECT_EQ(to.pixels, (std::vector<uint8_t>{0, 0, 0, 50, 50, 50, 0, 0, 0}));
  Bytes cut = {1, 200, 1, {}};
  ASSERT_EQ(ResizeBytes(from, ResizeMode::kFitShortest, cut), Status::kOk);
  EXPECT_EQ(cut.pixels, std::vector<uint8_t>(200, 50));
}

TEST(Resize, DoesNotOverflowAtTheLongestSide) {
  Bytes from = {kLongestSide, 1, 1, std::vector<uint8_t>(kLongestSide, 255)};
  for (const int width : {1, 3, kLongestSide - 1, kLongestSide}) {
    Bytes to = {width, 2, 1, {}};
    ASSERT_EQ(ResizeBytes(from, ResizeMode::kSquash, to), Status::kOk);
    EXPECT_EQ(to.pixels, std::vector<uint8_t>(static_cast<size_t>(2 * width), 255));
  }
}

TEST(Resize, RefusesSizesThatDoNotFit) {
  Bytes to = {2, 2, 1, {}};
  EXPECT_EQ(ResizeBytes({2, 2, 1, {1, 2, 3}}, ResizeMode::kSquash, to), Status::kInvalidArgument);
  EXPECT_EQ(ResizeBytes({0, 2, 1, {}}, ResizeMode::kSquash, to), Status::kInvalidArgument);
  EXPECT_EQ(ResizeBytes({1, 1, 3, {1, 2, 3}}, ResizeMode::kSquash, to), Status::kInvalidArgument);
  Bytes two = {1, 1, 2, {}};
  EXPECT_EQ(ResizeBytes({1, 1, 2, {1, 2}}, ResizeMode::kSquash, two), Status::kInvalidArgument);
  Bytes wide = {kLongestSide + 1, 1, 1, {}};
  EXPECT_EQ(ResizeBytes({1, 1, 1, {1}}, ResizeMode::kSquash, wide), Status::kInvalidArgument);
  std::vector<uint32_t> pixel(1);
  EXPECT_EQ(Resize({pixel, 1, 1, 3}, ResizeMode::kSquash, {pixel, 1, 1}), Status::kInvalidArgument);
}

}  // namespace
}  // namespace thimble::dsp
