// What split and split_v share: everything but where the sizes of the pieces are said.
#ifndef THIMBLE_KERNELS_SPLITTING_H_
#define THIMBLE_KERNELS_SPLITTING_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

struct SplittingParams {
  int32_t num_splits = 0;
  static void Fields(auto&& visit, auto& p) { visit("num_splits", 0, p.num_splits); }
};

/// Every output is a piece of x along the constant `axis`, and together they are all of it.
Reason CheckSplitting(const SplittingParams& params, const Tensor& x, const Tensor& axis,
                      std::span<const Tensor> pieces);
void RunSplitting(const Tensor& x, const Tensor& axis, std::span<const Tensor> pieces);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SPLITTING_H_
