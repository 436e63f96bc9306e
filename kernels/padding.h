// What operators that put a border around a tensor share.
#ifndef THIMBLE_KERNELS_PADDING_H_
#define THIMBLE_KERNELS_PADDING_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// Elements before and after dimension d of x: rows of the constant `paddings` [rank, 2].
inline int32_t Before(const Tensor& paddings, int d) { return IndexAt(paddings, 2 * d); }
inline int32_t After(const Tensor& paddings, int d) { return IndexAt(paddings, 2 * d + 1); }

/// in[0] and out[0] have the same type; in[1] is constant, [rank, 2], not negative, and says what out's shape is.
Reason CheckPaddings(const Call& call);

/// Both have the same scale and zero point, or at least one has none.
bool SameQuantisation(const Tensor& a, const Tensor& b);

/// The stored value that stands for 0 in `tensor`, as its first bytes.
uint64_t StoredZero(const Tensor& tensor);

/// in[0] in the middle of out[0], all else with the element at `value`.
void RunPad(const Call& call, const void* value);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_PADDING_H_
