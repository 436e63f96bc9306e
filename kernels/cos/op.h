// The cosine of each number.
#ifndef THIMBLE_KERNELS_COS_OP_H_
#define THIMBLE_KERNELS_COS_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = cos(x[i]), x in radians
///
///   in[0]  x  any shape       float32
///   out    y  the same shape  like x
///
/// Source: TFLite reference kernels, COS.
struct Cos : Elementwise {
  static constexpr const char* kName = "cos";
  static constexpr int kTfliteCode = 108;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_COS_OP_H_
