// Turns scores into probabilities, row by row.
#ifndef THIMBLE_KERNELS_SOFTMAX_OP_H_
#define THIMBLE_KERNELS_SOFTMAX_OP_H_

#include "kernels/quantised.h"

namespace thimble::kernels {

/// y[r, i] = exp(beta * x[r, i]) / sum_k exp(beta * x[r, k]) over the last dimension
///
///   in[0]  x  [R, I] in any number of dimensions   int8; uint8; int16; or float32
///   out    y  the same shape                       int8 or uint8 with scale 1/256, the lowest number for 0; of int8
///                                                  also int16 with scale 1/65536, zero point -32768; of int16
///                                                  int16 with scale 1/32768; or float32
///
/// 8 bits in: fixed point throughout. Differences to the row's largest score are scaled to 5 integer bits; exponentials
/// are summed with 12 integer bits; the reciprocal is three Newton steps. Fewer than 4096 columns.
/// int16 in: exponential and reciprocal by tables of 513 values over [-10, 0] and [0, 1].
/// Source: TFLite reference softmax on gemmlowp's fixed-point exp and reciprocal.
struct Softmax {
  static constexpr const char* kName = "softmax";
  static constexpr int kTfliteCode = 25;
  static constexpr int kMaxVersion = 3;
  static constexpr int kOptionsType = 9;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    float beta = 0;
  };
  static void Fields(auto&& visit, auto& p) { visit("beta", 0, p.beta); }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SOFTMAX_OP_H_
