// What operators share that look for the largest or smallest elements, of any type.
#ifndef THIMBLE_KERNELS_RANKING_H_
#define THIMBLE_KERNELS_RANKING_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// Element `i` as an integer in the same order, or for `smallest` in the opposite one; that of NaN is the lowest, so
/// that nothing prefers it. No element has INT64_MIN but int64's own and NaN.
int64_t RankOf(const Tensor& tensor, int32_t i, bool smallest);

struct ArgParams {
  uint8_t output_type = 0;  ///< not read: the model's y has it
  static void Fields(auto&& visit, auto& p) { visit("output_type", 0, p.output_type); }
};

/// y: the index along the constant in[1] of the first best element of in[0].
Reason CheckArg(const Call& call);
void RunArg(const Call& call, bool smallest);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_RANKING_H_
