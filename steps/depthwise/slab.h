// What the depthwise steps share: an image goes through them four channels and a few rows at a time, as pairs of int16.
#ifndef THIMBLE_STEPS_DEPTHWISE_SLAB_H_
#define THIMBLE_STEPS_DEPTHWISE_SLAB_H_

#include <cstddef>
#include <cstdint>

#include "steps/step.h"

namespace thimble::steps {

inline constexpr int32_t kSlabLanes = 4;
inline constexpr int32_t kSlabWordBytes = kSlabLanes * 4;  ///< from one pair of pixels to the next

/// How a sum becomes an int8.
enum class DepthwiseScale : int32_t {
  kGeneral = 0,     ///< GeneralRequantiser, zero point and clamp
  kRightShift = 1,  ///< Requantiser of the doubled sum, saturated to int8
  kRelu = 2,        ///< weights scaled for a common shift; zero point and lower clamp -128 (depthwise_3x3 only)
};

/// A depthwise layer with its slab; offsets in bytes, lengths in pixels unless the name says more. Every output is
/// inside `output`; of windows whatever is outside the image is `padding`.
struct DepthwiseParams {
  int32_t input, output, scratch, constants;
  int32_t input_height, input_width, input_channels;
  int32_t output_height, output_width;
  int32_t multiplier;  ///< outputs of each input channel
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width;
  int32_t dilation_height, dilation_width;
  int32_t pad_top, pad_left;
  int32_t padding;                            ///< the input's zero point
  int32_t slab_rows;                          ///< of input in a slab
  int32_t slab_words;                         ///< pairs of pixels in each of its rows
  int32_t scale;                              ///< DepthwiseScale
  int32_t zero_point, clamp_low, clamp_high;  ///< of outputs, kGeneral only

  static void Fields(auto&& visit, auto& p) {
    visit("input", p.input);
    visit("output", p.output);
    visit("scratch", p.scratch);
    visit("constants", p.constants);
    visit("input_height", p.input_height);
    visit("input_width", p.input_width);
    visit("input_channels", p.input_channels);
    visit("output_height", p.output_height);
    visit("output_width", p.output_width);
    visit("multiplier", p.multiplier);
    visit("kernel_height", p.kernel_height);
    visit("kernel_width", p.kernel_width);
    visit("stride_height", p.stride_height);
    visit("stride_width", p.stride_width);
    visit("dilation_height", p.dilation_height);
    visit("dilation_width", p.dilation_width);
    visit("pad_top", p.pad_top);
    visit("pad_left", p.pad_left);
    visit("padding", p.padding);
    visit("slab_rows", p.slab_rows);
    visit("slab_words", p.slab_words);
    visit("scale", p.scale);
    visit("zero_point", p.zero_point);
    visit("clamp_low", p.clamp_low);
    visit("clamp_high", p.clamp_high);
  }

  /// Rows of the image that a window spans.
  constexpr int32_t SpanRows() const { return (kernel_height - 1) * dilation_height + 1; }
  /// Rows of output that a slab is enough for.
  constexpr int32_t OutputRows() const { return (slab_rows - SpanRows()) / stride_height + 1; }
  /// Of the slab, from a pair of columns to the next.
  constexpr int32_t PairBytes() const { return slab_rows * kSlabWordBytes; }
  constexpr int32_t OutputChannels() const { return input_channels * multiplier; }
};

/// Some output rows of some channels, whose windows are in a slab.
///
/// Pixels 2 i and 2 i + 1 of padded row r are the int16 of the 32-bit word at i * PairBytes() + r * kSlabWordBytes +
/// 4 * lane, the left one low.
struct SlabPart {
  const std::byte* plane;  ///< the slab's first row in the first lane
  int32_t lanes;           ///< one for each channel
  int32_t channel;         ///< of the input, in the first lane
  int32_t row, rows;       ///< which rows of output
};

/// Everything about `params` but the constants: lengths that fit each other and the extents.
bool CheckSlabs(const DepthwiseParams& params, const Extents& extents);

/// Goes over an image, four channels after four channels, and for each a slab after a slab.
///
/// What a part overwrites, if the output begins where the input begins and Packed::same_place says so, no later part
/// reads.
class Slabs {
 public:
  Slabs(const DepthwiseParams& params, const Memory& memory);

  /// Fills the slab for the next part of the output; false if there is none.
  bool Next(SlabPart& part);

 private:
  void PadRows(int32_t begin, int32_t end);
  void CarryRows(int32_t from, int32_t count);

  const DepthwiseParams& params_;
  const std::byte* input_;
  std::byte* slab_;
  int32_t lanes_;    ///< used of a slab
  int32_t columns_;  ///< of the image that windows see
  int32_t row_ = 0, channel_ = 0;
  int32_t filled_ = 0;  ///< rows of the slab
};

/// Rows of pixels to be split. split.S knows the order, and uses it up.
struct SplitJob {
  const std::byte* source;
  std::byte* words;
  int32_t rows;
  int32_t pixel_bytes, row_bytes;  ///< of the source
  int32_t pairs;                   ///< neighbours that share words
  int32_t pair_bytes;              ///< of the slab
  int32_t head, tail;              ///< a first pixel that has padding at its left, a last one with padding at its right
  int32_t padding;                 ///< in every byte
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_DEPTHWISE_SLAB_H_
