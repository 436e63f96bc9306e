// Depthwise convolution of int8 images with 3 x 3 filters, strides 1 and 2.
#ifndef THIMBLE_STEPS_DEPTHWISE_3X3_STEP_H_
#define THIMBLE_STEPS_DEPTHWISE_3X3_STEP_H_

#include "steps/depthwise/slab.h"

namespace thimble::steps {

/// y[i, j, o] = saturate(scale_o(bias[o] + sum_{k, l} (x[i * s + k - pad_top, j * s + l - pad_left, o / multiplier] -
///                                                     padding) * w[k, l, o]) + zero_point)
///
///   input     x  [H, W, C]               int8; outside the image x is `padding`
///   output    y  [I, J, C * multiplier]  int8, J >= 2; may be at the input's place if Packed::same_place
///   scratch   the slab
///   constants  a Depthwise3x3Record for each output
///
/// One s for both directions, 1 or 2; kRightShift or kRelu; no clamp inside int8. TFLite's bits.
struct Depthwise3x3 {
  static constexpr const char* kName = "depthwise_3x3";
  static constexpr uint16_t kNumber = 21;

  using Params = DepthwiseParams;
  static void Fields(auto&& visit, auto& p) { Params::Fields(visit, p); }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

/// Rows of input in the slab, for strides 1 and 2: 16 rows of output, or four. cortex_m4.S has them as constants.
inline constexpr int32_t kDepthwise3x3SlabRows[] = {18, 9};

/// kRelu: the shift to the right of all sums after their multiplication.
inline constexpr int32_t kDepthwise3x3CommonShift = 10;

/// Words of a record: for each filter row (w0, w1) and (w1, w2), the left weight low; bias; multiplier; addend; and but
/// for kRelu the shift. Weights and bias, in which the input's zero point is folded, are doubled, or with kRelu
/// multiplied by 2^(kDepthwise3x3CommonShift + 1 - shift).
constexpr int32_t Depthwise3x3RecordWords(int32_t scale) {
  return scale == static_cast<int32_t>(DepthwiseScale::kRelu) ? 9 : 10;
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_DEPTHWISE_3X3_STEP_H_
