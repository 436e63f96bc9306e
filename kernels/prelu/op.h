// Negative numbers are multiplied by learnt constants.
#ifndef THIMBLE_KERNELS_PRELU_OP_H_
#define THIMBLE_KERNELS_PRELU_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = x[i] if x[i] >= 0, else alpha[i] * x[i]; alpha is repeated along dimensions of size 1
///
///   in[0]  x      up to 6 dimensions   int8, uint8, int16 or float32
///   in[1]  alpha  repeatable to x      like x; int8 for int16
///   out    y      the same shape as x  like x
///
/// Quantised: scaled by x.scale / y.scale, or x.scale * alpha.scale / y.scale. Source: TFLite reference kernels, PRELU.
struct Prelu : Elementwise {
  static constexpr const char* kName = "prelu";
  static constexpr int kTfliteCode = 54;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_PRELU_OP_H_
