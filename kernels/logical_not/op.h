// Whether it is false.
#ifndef THIMBLE_KERNELS_LOGICAL_NOT_OP_H_
#define THIMBLE_KERNELS_LOGICAL_NOT_OP_H_

#include "kernels/logical.h"

namespace thimble::kernels {

/// y[i] = not a[i]
///
///   in[0]  a  any shape       bool
///   out    y  the same shape  bool
///
/// Every byte but 0 is true. Source: TFLite reference kernels, LOGICAL_NOT.
struct LogicalNot : Elementwise {
  static constexpr const char* kName = "logical_not";
  static constexpr int kTfliteCode = 87;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_LOGICAL_NOT_OP_H_
