// Blocks of a tensor, chosen by indices of several dimensions.
#ifndef THIMBLE_KERNELS_GATHER_ND_OP_H_
#define THIMBLE_KERNELS_GATHER_ND_OP_H_

#include "kernels/indexed.h"

namespace thimble::kernels {

/// y[r, …] = x[indices[r, 0], …, indices[r, K - 1], …]
///
///   in[0]  x        any shape, any type
///   in[1]  indices  [R, K] in any number of dimensions, int32 or int64, K <= the dimensions of x; may be computed
///   out    y        R and then the dimensions of x from K on, like x
///
/// A computed index that lies outside gives a block of zero bytes; a constant one is refused.
struct GatherNd {
  static constexpr const char* kName = "gather_nd";
  static constexpr int kTfliteCode = 107;
  static constexpr int kMaxVersion = 5;
  static constexpr int kOptionsType = 83;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_GATHER_ND_OP_H_
