// Every n-th pixel becomes an image of its own.
#ifndef THIMBLE_KERNELS_SPACE_TO_BATCH_ND_OP_H_
#define THIMBLE_KERNELS_SPACE_TO_BATCH_ND_OP_H_

#include "kernels/blocks.h"

namespace thimble::kernels {

/// y[b * N + n, o, …] = x[n, o * block + b - paddings[0], …] or, outside x, the stored value for 0, in up to 4
/// dimensions
///
///   in[0]  x         [N, S…, …] any type
///   in[1]  blocks    [M] sizes for dimensions 1 … M of x, int32 or int64, constant
///   in[2]  paddings  [M, 2] before and after each, constant; the padded size is a multiple of the block
///   out    y         [N * product of blocks, (before + S + after) / block…, …] like x
///
/// The place in the block, in memory order, is the outer part of the batch's number. Source: TFLite reference kernels.
struct SpaceToBatchNd {
  static constexpr const char* kName = "space_to_batch_nd";
  static constexpr int kTfliteCode = 38;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 25;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SPACE_TO_BATCH_ND_OP_H_
