// Each number rounded to the nearest whole number.
#ifndef THIMBLE_KERNELS_ROUND_OP_H_
#define THIMBLE_KERNELS_ROUND_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = the whole number nearest to x[i], of two the even one
///
///   in[0]  x  any shape       float32
///   out    y  the same shape  like x
///
/// Source: TFLite reference kernels, ROUND.
struct Round : Elementwise {
  static constexpr const char* kName = "round";
  static constexpr int kTfliteCode = 116;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_ROUND_OP_H_
