// The square of each number.
#ifndef THIMBLE_KERNELS_SQUARE_OP_H_
#define THIMBLE_KERNELS_SQUARE_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = x[i]^2
///
///   in[0]  x  any shape       float32
///   out    y  the same shape  like x
///
/// Source: TFLite reference kernels, SQUARE.
struct Square : Elementwise {
  static constexpr const char* kName = "square";
  static constexpr int kTfliteCode = 92;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SQUARE_OP_H_
