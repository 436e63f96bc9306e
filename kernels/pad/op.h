// A border of zeros around a tensor.
#ifndef THIMBLE_KERNELS_PAD_OP_H_
#define THIMBLE_KERNELS_PAD_OP_H_

#include "kernels/padding.h"

namespace thimble::kernels {

/// y = x with paddings[d, 0] elements before and paddings[d, 1] after it in each dimension d
///
///   in[0]  x         any shape, any type
///   in[1]  paddings  [dimensions of x, 2] int32 or int64, constant, not negative
///   out    y         like x, with the same scale and zero point
///
/// The border is the stored value for 0. Source: TFLite reference kernels, PAD.
struct Pad {
  static constexpr const char* kName = "pad";
  static constexpr int kTfliteCode = 34;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 22;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_PAD_OP_H_
