// Depthwise convolution of int8 images with any filter.
#ifndef THIMBLE_STEPS_DEPTHWISE_STEP_H_
#define THIMBLE_STEPS_DEPTHWISE_STEP_H_

#include "steps/depthwise/slab.h"

namespace thimble::steps {

/// y[i, j, o] = clamp(scale_o(bias[o] + sum_{k, l} (x[i * stride + k * dilation - pad, …, o / multiplier] - padding) *
///                                      w[k, l, o]) + zero_point)
///
///   input     x  [H, W, C]               int8; outside the image x is `padding`
///   output    y  [I, J, C * multiplier]  int8; may be at the input's place if Packed::same_place
///   scratch   the slab
///   constants  a record for each output
///
/// kGeneral or kRightShift, which then saturates. TFLite's bits.
///
/// A window begins at the left or at the right pixel of a word, and its filter is packed for both (for the left alone
/// if the horizontal stride is even). A record is bias, multiplier, addend and shift, then pairs of weights for the
/// left, then for the right, row after row, with zeros for pixels that belong to no tap; if IsDepthwiseRow, each word
/// for the left is followed by the one for the right. Weights and bias, in which the input's zero point is folded, are
/// doubled but for kGeneral.
struct Depthwise {
  static constexpr const char* kName = "depthwise";
  static constexpr uint16_t kNumber = 20;

  using Params = DepthwiseParams;
  static void Fields(auto&& visit, auto& p) { Params::Fields(visit, p); }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

/// Columns of output whose windows begin at the same side of a word: 0 the left, 1 the right.
struct DepthwiseSide {
  int32_t columns;        ///< how many
  int32_t first_word;     ///< of the first one's window
  int32_t between_words;  ///< from one's window to the next one's
  int32_t words;          ///< in a row of the filter

  constexpr DepthwiseSide(const DepthwiseParams& params, int32_t side) {
    const bool alternating = params.stride_width % 2 != 0;
    const int32_t span = (params.kernel_width - 1) * params.dilation_width + 1;
    columns = alternating ? (params.output_width + 1 - side) / 2 : side == 0 ? params.output_width : 0;
    first_word = side * params.stride_width / 2;
    between_words = alternating ? params.stride_width : params.stride_width / 2;
    words = side == 0 ? (span + 1) / 2 : alternating ? span / 2 + 1 : 0;
  }

  /// Words in a row of the slab, for columns are computed by fours.
  constexpr int64_t SlabWords() const {
    return columns == 0 ? 0 : first_word + ((int64_t{columns} + 3) / 4 * 4 - 1) * between_words + words;
  }
};

/// Whether six outputs are computed at once rather than four of one side.
constexpr bool IsDepthwiseRow(const DepthwiseParams& params) {
  return params.slab_rows == 1 && params.kernel_height == 1 && params.stride_width == 1 &&
         params.scale == static_cast<int32_t>(DepthwiseScale::kRightShift);
}

/// Pairs of words in a record's row of the filter, and the words in the slab's row, then.
constexpr int32_t DepthwiseRowWords(const DepthwiseParams& params) { return DepthwiseSide(params, 1).words; }
constexpr int64_t DepthwiseRowSlabWords(const DepthwiseParams& params) {
  return (int64_t{params.output_width} + 5) / 6 * 3 - 1 + DepthwiseRowWords(params);
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_DEPTHWISE_STEP_H_
