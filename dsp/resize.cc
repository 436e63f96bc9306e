// Bilinear interpolation in whole numbers.
#include "dsp/resize.h"

#include <algorithm>

namespace thimble::dsp {
namespace {

// A side's part: of the source, what is used; of the output, what is drawn on.
struct Part {
  int first;
  int count;
};

Part Middle(int whole, int64_t count) {
  const int fitting = static_cast<int>(std::clamp<int64_t>(count, 1, whole));
  return {(whole - fitting) / 2, fitting};
}

// a * b / c, halves up.
int64_t Scaled(int64_t a, int64_t b, int64_t c) { return (2 * a * b + c) / (2 * c); }

struct Parts {
  Part from_x;
  Part from_y;
  Part to_x;
  Part to_y;
};

Parts PartsOf(int from_width, int from_height, int to_width, int to_height, ResizeMode mode) {
  Parts parts = {{0, from_width}, {0, from_height}, {0, to_width}, {0, to_height}};
  // Whether the source is the wider of the two.
  const bool wider = int64_t{from_width} * to_height > int64_t{from_height} * to_width;
  if (mode == ResizeMode::kFitShortest) {
    if (wider) {
      parts.from_x = Middle(from_width, Scaled(from_height, to_width, to_height));
    } else {
      parts.from_y = Middle(from_height, Scaled(from_width, to_height, to_width));
    }
  } else if (mode == ResizeMode::kFitLongest) {
    if (wider) {
      parts.to_y = Middle(to_height, Scaled(to_width, from_height, from_width));
    } else {
      parts.to_x = Middle(to_width, Scaled(to_height, from_width, from_height));
    }
  }
  return parts;
}

constexpr int kWeightBits = 11;  // two of them and a byte are 30 bits

// The two neighbours of one output centre, and the weight of the second.
struct Neighbours {
  size_t first;
  size_t second;
  uint32_t weight;
};

// Of output pixel `at` of `to.count`. All numbers are whole: twice the output's size is the common denominator.
Neighbours NeighboursOf(int at, const Part& from, const Part& to) {
  const int denominator = 2 * to.count;
  const int numerator = std::clamp((2 * at + 1) * from.count - to.count, 0, (from.count - 1) * denominator);
  const int whole = numerator / denominator;
  const uint32_t rest = static_cast<uint32_t>(numerator - whole * denominator);
  const uint32_t weight =
      ((rest << kWeightBits) + static_cast<uint32_t>(to.count)) / static_cast<uint32_t>(denominator);
  const int first = from.first + whole;
  return {static_cast<size_t>(first), static_cast<size_t>(whole + 1 < from.count ? first + 1 : first), weight};
}

uint32_t Mix(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t x_weight, uint32_t y_weight) {
  constexpr uint32_t kOne = uint32_t{1} << kWeightBits;
  const uint32_t upper = a * (kOne - x_weight) + b * x_weight;
  const uint32_t lower = c * (kOne - x_weight) + d * x_weight;
  return (upper * (kOne - y_weight) + lower * y_weight + (kOne * kOne >> 1)) >> (2 * kWeightBits);
}

template <typename Pixel>
bool IsWhole(const Picture<Pixel>& picture) {
  return picture.width >= 1 && picture.width <= kLongestSide && picture.height >= 1 && picture.height <= kLongestSide &&
         picture.pixels.size() == static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height) *
                                      static_cast<size_t>(picture.channels);
}

// Draw(output, four source pixels, x weight, y weight) makes one pixel.
template <typename Pixel, typename Draw>
void ResizeWith(const Picture<const Pixel>& from, ResizeMode mode, const Picture<Pixel>& to, Draw draw) {
  const Parts parts = PartsOf(from.width, from.height, to.width, to.height, mode);
  if (parts.to_x.count < to.width || parts.to_y.count < to.height) {
    std::fill(to.pixels.begin(), to.pixels.end(), Pixel{0});
  }
  const size_t channels = static_cast<size_t>(to.channels);
  const size_t from_stride = static_cast<size_t>(from.width) * channels;
  const size_t to_stride = static_cast<size_t>(to.width) * channels;
  for (int y = 0; y < parts.to_y.count; ++y) {
    const Neighbours rows = NeighboursOf(y, parts.from_y, parts.to_y);
    const Pixel* const upper = from.pixels.data() + rows.first * from_stride;
    const Pixel* const lower = from.pixels.data() + rows.second * from_stride;
    Pixel* out = to.pixels.data() + static_cast<size_t>(parts.to_y.first + y) * to_stride +
                 static_cast<size_t>(parts.to_x.first) * channels;
    for (int x = 0; x < parts.to_x.count; ++x, out += channels) {
      const Neighbours columns = NeighboursOf(x, parts.from_x, parts.to_x);
      const size_t left = columns.first * channels;
      const size_t right = columns.second * channels;
      draw(out, upper + left, upper + right, lower + left, lower + right, columns.weight, rows.weight);
    }
  }
}

}  // namespace

Status Resize(const Picture<const uint32_t>& from, ResizeMode mode, const Picture<uint32_t>& to) {
  if (!IsWhole(from) || !IsWhole(to) || from.channels != 1 || to.channels != 1) return Status::kInvalidArgument;
  ResizeWith(
      from, mode, to,
      [](uint32_t* out, const uint32_t* a, const uint32_t* b, const uint32_t* c, const uint32_t* d, uint32_t x_weight,
         uint32_t y_weight) {
        *out = 0;
        for (int shift = 0; shift < 24; shift += 8) {
          *out |=
              Mix(*a >> shift & 0xff, *b >> shift & 0xff, *c >> shift & 0xff, *d >> shift & 0xff, x_weight, y_weight)
              << shift;
        }
      });
  return Status::kOk;
}

Status Resize(const Picture<const uint8_t>& from, ResizeMode mode, const Picture<uint8_t>& to) {
  if ((from.channels != 1 && from.channels != 3) || from.channels != to.channels) return Status::kInvalidArgument;
  if (!IsWhole(from) || !IsWhole(to)) return Status::kInvalidArgument;
  const int channels = from.channels;
  ResizeWith(from, mode, to,
             [channels](uint8_t* out, const uint8_t* a, const uint8_t* b, const uint8_t* c, const uint8_t* d,
                        uint32_t x_weight, uint32_t y_weight) {
               for (int i = 0; i < channels; ++i) {
                 out[i] = static_cast<uint8_t>(Mix(a[i], b[i], c[i], d[i], x_weight, y_weight));
               }
             });
  return Status::kOk;
}

}  // namespace thimble::dsp
