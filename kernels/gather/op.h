// Rows of a tensor, chosen by their indices.
#ifndef THIMBLE_KERNELS_GATHER_OP_H_
#define THIMBLE_KERNELS_GATHER_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// y[b, o, i, n] = x[b, o, indices[b, i], n]
///
///   in[0]  x        [B, O, A, N] in any number of dimensions, any type; A is dimension `axis`, B are the first
///   batch_dims in[1]  indices  [B, I] in any number of dimensions, int32 or int64; may be computed out    y        [B,
///   O, I, N] like x
///
/// A computed index outside 0 <= i < A is moved to the nearest inside; a constant one is refused.
struct Gather {
  static constexpr const char* kName = "gather";
  static constexpr int kTfliteCode = 36;
  static constexpr int kMaxVersion = 7;
  static constexpr int kOptionsType = 23;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    int32_t axis = 0;
    int32_t batch_dims = 0;
  };
  static void Fields(auto&& visit, auto& p) {
    visit("axis", 0, p.axis);
    visit("batch_dims", 1, p.batch_dims);
  }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_GATHER_OP_H_
