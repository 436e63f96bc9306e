// A tensor with one more dimension of size 1.
#ifndef THIMBLE_KERNELS_EXPAND_DIMS_OP_H_
#define THIMBLE_KERNELS_EXPAND_DIMS_OP_H_

#include "kernels/view.h"

namespace thimble::kernels {

/// y = x, element for element in memory order
///
///   in[0]  x     any shape, any type
///   in[1]  axis  one index; not read: the model's y already has the shape
///   out    y     as many elements of the same type
struct ExpandDims {
  static constexpr const char* kName = "expand_dims";
  static constexpr int kTfliteCode = 70;
  static constexpr int kMaxVersion = 2;
  static constexpr int kOptionsType = 52;
  static constexpr Sharing kSharing = Sharing::kView;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_EXPAND_DIMS_OP_H_
