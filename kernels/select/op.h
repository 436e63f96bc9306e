// Takes each element, or each row, from one of two tensors.
#ifndef THIMBLE_KERNELS_SELECT_OP_H_
#define THIMBLE_KERNELS_SELECT_OP_H_

#include "kernels/selection.h"

namespace thimble::kernels {

/// y[i] = a[i] where the condition holds, else b[i]
///
///   in[0]  condition  the shape of a; or one for each index of its first dimension; or one   bool
///   in[1]  a          any shape                                                             any type
///   in[2]  b          the same shape                                                        like a
///   out    y          the same shape                                                        like a
///
/// Stored values are copied as they are. Source: TFLite reference kernels, SELECT.
struct Select : Elementwise {
  static constexpr const char* kName = "select";
  static constexpr int kTfliteCode = 64;
  static constexpr int kMaxVersion = 4;
  static constexpr Sharing kSharing = Sharing::kNone;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SELECT_OP_H_
