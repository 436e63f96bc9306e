// What gather_nd and scatter_nd share: rows of indices that name blocks of a tensor.
#ifndef THIMBLE_KERNELS_INDEXED_H_
#define THIMBLE_KERNELS_INDEXED_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// `indices` is [R…, K]: each of its rows names the block of `whole` at those indices of its first K dimensions.
/// `blocks` are they, one after the other: its shape is R… and then the dimensions of `whole` from K on. Constant
/// indices lie inside.
Reason CheckIndexed(const Tensor& whole, const Tensor& indices, const Tensor& blocks);

/// Elements of one block.
inline int32_t BlockElements(const Tensor& whole, const Tensor& indices) {
  return CountOf(whole.shape, indices.shape.Last(), whole.shape.rank);
}

/// The first element of the block that `row` of the indices names, or -1 if it lies outside.
int32_t BlockAt(const Tensor& whole, const Tensor& indices, int32_t row);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_INDEXED_H_
