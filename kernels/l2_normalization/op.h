// Scales each row to length 1.
#ifndef THIMBLE_KERNELS_L2_NORMALIZATION_OP_H_
#define THIMBLE_KERNELS_L2_NORMALIZATION_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[r, i] = x[r, i] / max(sqrt(sum_k x[r, k]^2), 1e-6) over the last dimension
///
///   in[0]  x  any shape       int8 or float32
///   out    y  the same shape  int8 (scale 1/128, zero point 0); or float32
///
/// int8: the inverse root by Newton's method in fixed point. Source: TFLite reference kernels, L2_NORMALIZATION.
struct L2Normalization : Elementwise {
  static constexpr const char* kName = "l2_normalization";
  static constexpr int kTfliteCode = 11;
  static constexpr int kMaxVersion = 2;
  static constexpr int kOptionsType = 12;

  struct Params {
    Activation activation = Activation::kNone;  ///< only that
  };
  static void Fields(auto&& visit, auto& p) { visit("activation", 0, p.activation); }

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_L2_NORMALIZATION_OP_H_
