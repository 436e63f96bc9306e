// Images become every n-th pixel of one image.
#ifndef THIMBLE_KERNELS_BATCH_TO_SPACE_ND_OP_H_
#define THIMBLE_KERNELS_BATCH_TO_SPACE_ND_OP_H_

#include "kernels/blocks.h"

namespace thimble::kernels {

/// y[n, o * block + b - crops[0], …] = x[b * N + n, o, …], without what lies outside y, in up to 4 dimensions
///
///   in[0]  x       [N * product of blocks, S…, …] any type
///   in[1]  blocks  [M] sizes for dimensions 1 … M of x, int32 or int64, constant
///   in[2]  crops   [M, 2] to leave out before and after each, constant
///   out    y       [N, S * block - before - after…, …] like x
///
/// The inverse of space_to_batch_nd. Source: TFLite reference kernels.
struct BatchToSpaceNd {
  static constexpr const char* kName = "batch_to_space_nd";
  static constexpr int kTfliteCode = 37;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 24;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_BATCH_TO_SPACE_ND_OP_H_
