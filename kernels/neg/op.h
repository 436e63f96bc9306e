// Each number with the other sign.
#ifndef THIMBLE_KERNELS_NEG_OP_H_
#define THIMBLE_KERNELS_NEG_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = -x[i]
///
///   in[0]  x  any shape       float32
///   out    y  the same shape  like x
///
/// Source: TFLite reference kernels, NEG.
struct Neg : Elementwise {
  static constexpr const char* kName = "neg";
  static constexpr int kTfliteCode = 59;
  static constexpr int kMaxVersion = 2;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_NEG_OP_H_
