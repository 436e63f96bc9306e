// Numbers above 3 stay, numbers below -3 become 0, and a parabola connects the two.
#ifndef THIMBLE_KERNELS_HARD_SWISH_OP_H_
#define THIMBLE_KERNELS_HARD_SWISH_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = x[i] * min(max(x[i] + 3, 0), 6) / 6
///
///   in[0]  x  any shape       int8, uint8 or float32
///   out    y  the same shape  like x, with its own scale and zero point
///
/// Quantised: products of 16 bits, two of them rounded and the last one cut. Source: TFLite reference kernels,
/// HARD_SWISH.
struct HardSwish : Elementwise {
  static constexpr const char* kName = "hard_swish";
  static constexpr int kTfliteCode = 117;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_HARD_SWISH_OP_H_
