// A picture brought to the size that a network wants, with the same bits everywhere.
#ifndef THIMBLE_DSP_RESIZE_H_
#define THIMBLE_DSP_RESIZE_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status.h"

namespace thimble::dsp {

/// What to do when the shapes differ.
enum class ResizeMode : uint8_t {
  kSquash,       ///< all of the picture, stretched
  kFitShortest,  ///< the middle of the picture: what lies beyond it on the longer side is cut off
  kFitLongest,   ///< all of the picture in the middle, black bars beside it
};

/// No side of a picture is longer.
inline constexpr int kLongestSide = 16384;

/// Pixels, row by row, without gaps. Pixel is one of
///
///   uint32_t   packed 0xRRGGBB; the top byte is ignored on the way in and 0 on the way out
///   uint8_t    `channels` bytes next to each other: 1 (grey), 3 (red, green, blue)
template <typename Pixel>
struct Picture {
  std::span<Pixel> pixels;
  int width = 0;
  int height = 0;
  int channels = 1;  ///< 1 for packed pixels
};

/// Draws `from` into `to`, whose sizes say what is wanted. They may not overlap. Each output is the bilinear
/// interpolation between the four pixels around its centre's place in the source: the centre of output column x of
/// `w`, where columns [left, left + c) of the source are used, is at
///
///   left + (x + 1/2) * c / w - 1/2
///
/// pixels being at whole numbers, and rows alike; outside of the part that is used, the nearest of its pixels counts.
/// The part of the source (kFitShortest) or of the output (kFitLongest) has its shorter side rounded to whole pixels,
/// halves up, at least one, and its place in the middle rounded down. Weights are rounded to 1/2048 and the result to
/// a whole number; it is less than 1 from the exact one. When much is made small, pixels between are passed over.
///
/// kInvalidArgument unless both have 1 to kLongestSide pixels a side, the same number of channels, 1 or 3 (packed: 1),
/// and exactly the pixels that width, height and channels make.
Status Resize(const Picture<const uint32_t>& from, ResizeMode mode, const Picture<uint32_t>& to);
Status Resize(const Picture<const uint8_t>& from, ResizeMode mode, const Picture<uint8_t>& to);

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_RESIZE_H_
