// The same elements under another shape.
#ifndef THIMBLE_KERNELS_RESHAPE_OP_H_
#define THIMBLE_KERNELS_RESHAPE_OP_H_

#include "kernels/op.h"

namespace thimble::kernels {

/// y = x, element for element in memory order
///
///   in[0]  x      any shape, any type
///   in[1]  shape  may be absent; not read: the model's output tensor already has the shape
///   out    y      as many elements of the same type
struct Reshape {
  static constexpr const char* kName = "reshape";
  static constexpr int kTfliteCode = 22;
  static constexpr int kMaxVersion = 1;
  static constexpr int kOptionsType = 17;
  static constexpr Sharing kSharing = Sharing::kView;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_RESHAPE_OP_H_
