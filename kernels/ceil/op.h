// Each number rounded up.
#ifndef THIMBLE_KERNELS_CEIL_OP_H_
#define THIMBLE_KERNELS_CEIL_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = the smallest whole number that is not below x[i]
///
///   in[0]  x  any shape       float32
///   out    y  the same shape  like x
///
/// Source: TFLite reference kernels, CEIL.
struct Ceil : Elementwise {
  static constexpr const char* kName = "ceil";
  static constexpr int kTfliteCode = 104;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_CEIL_OP_H_
