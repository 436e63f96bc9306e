// The sign of each number.
#ifndef THIMBLE_KERNELS_SIGN_OP_H_
#define THIMBLE_KERNELS_SIGN_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = -1, 0 or 1; NaN stays
///
///   in[0]  x  any shape       float32
///   out    y  the same shape  like x
///
/// Source: TFLite reference kernels, SIGN.
struct Sign : Elementwise {
  static constexpr const char* kName = "sign";
  static constexpr int kTfliteCode = 158;
  static constexpr int kMaxVersion = 2;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SIGN_OP_H_
