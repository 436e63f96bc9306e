// The sine of each number.
#ifndef THIMBLE_KERNELS_SIN_OP_H_
#define THIMBLE_KERNELS_SIN_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = sin(x[i]), x in radians
///
///   in[0]  x  any shape       float32
///   out    y  the same shape  like x
///
/// Source: TFLite reference kernels, SIN.
struct Sin : Elementwise {
  static constexpr const char* kName = "sin";
  static constexpr int kTfliteCode = 66;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SIN_OP_H_
