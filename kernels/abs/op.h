// Each number without its sign.
#ifndef THIMBLE_KERNELS_ABS_OP_H_
#define THIMBLE_KERNELS_ABS_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = |x[i]|
///
///   in[0]  x  any shape       int8, int16 or float32; int16 also not quantised
///   out    y  the same shape  like x
///
/// Quantised: rescaled in fixed point where the scales differ. Source: TFLite Micro, ABS.
struct Abs : Elementwise {
  static constexpr const char* kName = "abs";
  static constexpr int kTfliteCode = 101;
  static constexpr int kMaxVersion = 5;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_ABS_OP_H_
