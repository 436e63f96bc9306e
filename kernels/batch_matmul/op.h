// Products of matrices, many at once.
#ifndef THIMBLE_KERNELS_BATCH_MATMUL_OP_H_
#define THIMBLE_KERNELS_BATCH_MATMUL_OP_H_

#include "kernels/quantised.h"

namespace thimble::kernels {

/// y[…, i, j] = sum_k a[…, i, k] * b[…, k, j]; batch dimensions of size 1 are repeated, missing outer ones are 1
///
///   in[0]  a  [batches…, I, K], or [batches…, K, I] with adjoint_a   int8, int16, or float32
///   in[1]  b  [batches…, K, J], or [batches…, J, K] with adjoint_b   like a
///   out    y  [batches…, I, J]                                       like a
///
/// Integers: the sum is scaled by a.scale * b.scale / y.scale, the product taken as a float; int16 sums have 64 bits.
/// Source: TFLite reference kernels, BATCH_MATMUL.
struct BatchMatmul {
  static constexpr const char* kName = "batch_matmul";
  static constexpr int kTfliteCode = 126;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 101;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    uint8_t adjoint_a = 0, adjoint_b = 0;  ///< any byte of a file: not 0 is yes
  };
  static void Fields(auto&& visit, auto& p) {
    visit("adjoint_a", 0, p.adjoint_a);
    visit("adjoint_b", 1, p.adjoint_b);
  }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_BATCH_MATMUL_OP_H_
