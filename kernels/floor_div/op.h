// The quotient of two tensors, rounded down.
#ifndef THIMBLE_KERNELS_FLOOR_DIV_OP_H_
#define THIMBLE_KERNELS_FLOOR_DIV_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = floor(a[i] / b[i]); dimensions of size 1 are repeated, missing outer ones are 1
///
///   in[0]  a  up to 6 dimensions            int32 or float32
///   in[1]  b  up to 6 dimensions            like a
///   out    y  the larger of each dimension  like a
///
/// int32 by zero is 0. Source: TFLite reference kernels, FLOOR_DIV.
struct FloorDiv : Elementwise {
  static constexpr const char* kName = "floor_div";
  static constexpr int kTfliteCode = 90;
  static constexpr int kMaxVersion = 3;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_FLOOR_DIV_OP_H_
