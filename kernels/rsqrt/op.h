// One over the square root of each number.
#ifndef THIMBLE_KERNELS_RSQRT_OP_H_
#define THIMBLE_KERNELS_RSQRT_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = 1 / sqrt(x[i])
///
///   in[0]  x  any shape       int8, int16 or float32
///   out    y  the same shape  like x, with its own scale and zero point
///
/// Quantised: an inverse root by Newton's method in fixed point with 20 more bits, scaled by
/// 1 / (sqrt(x.scale) * y.scale). Numbers not above zero give the largest result; TFLite Micro stops at negative ones.
/// Source: TFLite Micro, RSQRT.
struct Rsqrt : Elementwise {
  static constexpr const char* kName = "rsqrt";
  static constexpr int kTfliteCode = 76;
  static constexpr int kMaxVersion = 3;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_RSQRT_OP_H_
