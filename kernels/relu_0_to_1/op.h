// Numbers are kept between 0 and 1.
#ifndef THIMBLE_KERNELS_RELU_0_TO_1_OP_H_
#define THIMBLE_KERNELS_RELU_0_TO_1_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = min(max(x[i], 0), 1)
///
///   in[0]  x  any shape       int8, uint8, int16 or float32
///   out    y  the same shape  like x, with its own scale and zero point
///
/// Quantised: rescaled in fixed point by x.scale / y.scale. Source: TFLite reference kernels, RELU_0_TO_1.
struct Relu0To1 : Elementwise {
  static constexpr const char* kName = "relu_0_to_1";
  static constexpr int kTfliteCode = 152;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_RELU_0_TO_1_OP_H_
