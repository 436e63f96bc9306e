// A border of any value around a tensor.
#ifndef THIMBLE_KERNELS_PADV2_OP_H_
#define THIMBLE_KERNELS_PADV2_OP_H_

#include "kernels/padding.h"

namespace thimble::kernels {

/// y = x with paddings[d, 0] elements before and paddings[d, 1] after it in each dimension d
///
///   in[0]  x         any shape, any type
///   in[1]  paddings  [dimensions of x, 2] int32 or int64, constant, not negative
///   in[2]  value     one element of x's type; may be computed
///   out    y         like x
///
/// All have the same scale and zero point. Source: TFLite reference kernels, PADV2.
struct Padv2 {
  static constexpr const char* kName = "padv2";
  static constexpr int kTfliteCode = 60;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 43;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_PADV2_OP_H_
