// What remains of a division that is rounded down.
#ifndef THIMBLE_KERNELS_FLOOR_MOD_OP_H_
#define THIMBLE_KERNELS_FLOOR_MOD_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = a[i] - floor(a[i] / b[i]) * b[i]; dimensions of size 1 are repeated, missing outer ones are 1
///
///   in[0]  a  up to 6 dimensions            int32 or float32
///   in[1]  b  up to 6 dimensions            like a
///   out    y  the larger of each dimension  like a
///
/// It has the sign of b. int32 by zero is 0, float32 NaN. Source: TFLite reference kernels, FLOOR_MOD.
struct FloorMod : Elementwise {
  static constexpr const char* kName = "floor_mod";
  static constexpr int kTfliteCode = 95;
  static constexpr int kMaxVersion = 2;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_FLOOR_MOD_OP_H_
