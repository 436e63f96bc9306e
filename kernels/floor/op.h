// Each number rounded down.
#ifndef THIMBLE_KERNELS_FLOOR_OP_H_
#define THIMBLE_KERNELS_FLOOR_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = the largest whole number that is not above x[i]
///
///   in[0]  x  any shape       float32
///   out    y  the same shape  like x
///
/// Source: TFLite reference kernels, FLOOR.
struct Floor : Elementwise {
  static constexpr const char* kName = "floor";
  static constexpr int kTfliteCode = 8;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_FLOOR_OP_H_
