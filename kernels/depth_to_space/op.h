// Channels become blocks of pixels.
#ifndef THIMBLE_KERNELS_DEPTH_TO_SPACE_OP_H_
#define THIMBLE_KERNELS_DEPTH_TO_SPACE_OP_H_

#include "kernels/blocks.h"

namespace thimble::kernels {

/// y[n, i * block + p, j * block + q, c] = x[n, i, j, (p * block + q) * C + c]
///
///   in[0]  x  [N, H, W, block * block * C] any type
///   out    y  [N, H * block, W * block, C] like x
struct DepthToSpace {
  static constexpr const char* kName = "depth_to_space";
  static constexpr int kTfliteCode = 5;
  static constexpr int kMaxVersion = 2;
  static constexpr int kOptionsType = 94;
  static constexpr Sharing kSharing = Sharing::kNone;

  using Params = BlockSizeParams;
  static void Fields(auto&& visit, auto& p) { Params::Fields(visit, p); }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_DEPTH_TO_SPACE_OP_H_
