// Blocks of pixels become channels.
#ifndef THIMBLE_KERNELS_SPACE_TO_DEPTH_OP_H_
#define THIMBLE_KERNELS_SPACE_TO_DEPTH_OP_H_

#include "kernels/blocks.h"

namespace thimble::kernels {

/// y[n, i, j, (p * block + q) * C + c] = x[n, i * block + p, j * block + q, c]
///
///   in[0]  x  [N, H, W, C] any type; H and W are multiples of block_size
///   out    y  [N, H / block, W / block, block * block * C] like x
struct SpaceToDepth {
  static constexpr const char* kName = "space_to_depth";
  static constexpr int kTfliteCode = 26;
  static constexpr int kMaxVersion = 3;
  static constexpr int kOptionsType = 19;
  static constexpr Sharing kSharing = Sharing::kNone;

  using Params = BlockSizeParams;
  static void Fields(auto&& visit, auto& p) { Params::Fields(visit, p); }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SPACE_TO_DEPTH_OP_H_
