// A tensor with its dimensions in another order.
#ifndef THIMBLE_KERNELS_TRANSPOSE_OP_H_
#define THIMBLE_KERNELS_TRANSPOSE_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// dimension d of y is dimension permutation[d] of x
///
///   in[0]  x            any shape, any type
///   in[1]  permutation  one index for each dimension, int32 or int64, constant
///   out    y            like x
struct Transpose {
  static constexpr const char* kName = "transpose";
  static constexpr int kTfliteCode = 39;
  static constexpr int kMaxVersion = 7;
  static constexpr int kOptionsType = 26;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_TRANSPOSE_OP_H_
