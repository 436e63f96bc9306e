// Whether one of the two is true, or both are.
#ifndef THIMBLE_KERNELS_LOGICAL_OR_OP_H_
#define THIMBLE_KERNELS_LOGICAL_OR_OP_H_

#include "kernels/logical.h"

namespace thimble::kernels {

/// y[i] = a[i] or b[i]; dimensions of size 1 are repeated, missing outer ones are 1
///
///   in[0]  a  up to 6 dimensions            bool
///   in[1]  b  up to 6 dimensions            bool
///   out    y  the larger of each dimension  bool
///
/// Every byte but 0 is true. Source: TFLite reference kernels, LOGICAL_OR.
struct LogicalOr : Elementwise {
  static constexpr const char* kName = "logical_or";
  static constexpr int kTfliteCode = 84;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_LOGICAL_OR_OP_H_
