// Blocks added into a tensor of zeros at given indices.
#ifndef THIMBLE_KERNELS_SCATTER_ND_OP_H_
#define THIMBLE_KERNELS_SCATTER_ND_OP_H_

#include "kernels/indexed.h"

namespace thimble::kernels {

/// y = 0, then y[indices[r, 0], …, indices[r, K - 1], …] += updates[r, …] for each r
///
///   in[0]  indices  [R, K] in any number of dimensions, int32 or int64; may be computed
///   in[1]  updates  R and then the dimensions of y from K on; float32, int8, uint8, int16, int32, int64
///   in[2]  shape    int32 or int64; not read: the model's y already has the shape
///   out    y        like updates
///
/// Integers wrap. A computed index that lies outside changes nothing; a constant one is refused.
struct ScatterNd {
  static constexpr const char* kName = "scatter_nd";
  static constexpr int kTfliteCode = 122;
  static constexpr int kMaxVersion = 2;
  static constexpr int kOptionsType = 97;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SCATTER_ND_OP_H_
