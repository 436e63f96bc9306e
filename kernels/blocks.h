// What operators share that move square blocks of pixels to channels or batches, and back.
#ifndef THIMBLE_KERNELS_BLOCKS_H_
#define THIMBLE_KERNELS_BLOCKS_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

struct BlockSizeParams {
  int32_t block_size = 0;
  static void Fields(auto&& visit, auto& p) { visit("block_size", 0, p.block_size); }
};

/// `space` is [N, block * H, block * W, C], `depth` is [N, H, W, block * block * C], of one type.
Reason CheckDepth(const BlockSizeParams& params, const Call& call, const Tensor& space, const Tensor& depth);

/// Copies either into the other.
void RunDepth(const BlockSizeParams& params, const Tensor& space, const Tensor& depth, bool to_depth);

/// `space` is [N, S…, C], `batches` is [N * product of blocks, (border + S) / block…, C], of one type: element (o, b)
/// of a spatial dimension is element o * block + b - before of `space`, or border. call.in[1] is [M] blocks, call.in[2]
/// is [M, 2] borders before and after, both constant.
Reason CheckBatches(const Call& call, const Tensor& space, const Tensor& batches);

/// Copies either into the other; the border is left as it is.
void RunBatches(const Call& call, const Tensor& space, const Tensor& batches, bool to_batches);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_BLOCKS_H_
