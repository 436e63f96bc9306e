// The square root of each number.
#ifndef THIMBLE_KERNELS_SQRT_OP_H_
#define THIMBLE_KERNELS_SQRT_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = sqrt(x[i]); NaN below 0
///
///   in[0]  x  any shape       float32
///   out    y  the same shape  like x
///
/// Source: TFLite reference kernels, SQRT.
struct Sqrt : Elementwise {
  static constexpr const char* kName = "sqrt";
  static constexpr int kTfliteCode = 75;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SQRT_OP_H_
