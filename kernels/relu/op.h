// Negative numbers become 0.
#ifndef THIMBLE_KERNELS_RELU_OP_H_
#define THIMBLE_KERNELS_RELU_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = max(x[i], 0)
///
///   in[0]  x  any shape       int8, uint8, int16 or float32
///   out    y  the same shape  like x, with its own scale and zero point
///
/// Quantised: rescaled in fixed point by x.scale / y.scale. Source: TFLite reference kernels, RELU.
struct Relu : Elementwise {
  static constexpr const char* kName = "relu";
  static constexpr int kTfliteCode = 19;
  static constexpr int kMaxVersion = 3;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_RELU_OP_H_
