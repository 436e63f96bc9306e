// Takes each element from one of two tensors.
#ifndef THIMBLE_KERNELS_SELECT_V2_OP_H_
#define THIMBLE_KERNELS_SELECT_V2_OP_H_

#include "kernels/selection.h"

namespace thimble::kernels {

/// y[i] = a[i] where condition[i] holds, else b[i]; dimensions of size 1 are repeated, missing outer ones are 1
///
///   in[0]  condition  up to 6 dimensions            bool
///   in[1]  a          up to 6 dimensions            any type
///   in[2]  b          up to 6 dimensions            like a
///   out    y          the largest of each dimension like a
///
/// Stored values are copied as they are. Source: TFLite reference kernels, SELECT_V2.
struct SelectV2 : Elementwise {
  static constexpr const char* kName = "select_v2";
  static constexpr int kTfliteCode = 123;
  static constexpr int kMaxVersion = 2;
  static constexpr Sharing kSharing = Sharing::kNone;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SELECT_V2_OP_H_
