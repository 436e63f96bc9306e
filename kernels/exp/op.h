// e to the power of each number.
#ifndef THIMBLE_KERNELS_EXP_OP_H_
#define THIMBLE_KERNELS_EXP_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = exp(x[i])
///
///   in[0]  x  any shape       float32
///   out    y  the same shape  like x
///
/// Source: TFLite reference kernels, EXP.
struct Exp : Elementwise {
  static constexpr const char* kName = "exp";
  static constexpr int kTfliteCode = 47;
  static constexpr int kMaxVersion = 2;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_EXP_OP_H_
