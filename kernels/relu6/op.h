// Negative numbers become 0, and numbers above 6 become 6.
#ifndef THIMBLE_KERNELS_RELU6_OP_H_
#define THIMBLE_KERNELS_RELU6_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = min(max(x[i], 0), 6)
///
///   in[0]  x  any shape       int8, uint8, int16 or float32
///   out    y  the same shape  like x, with the scale and zero point of x
///
/// Source: TFLite reference kernels, RELU6.
struct Relu6 : Elementwise {
  static constexpr const char* kName = "relu6";
  static constexpr int kTfliteCode = 21;
  static constexpr int kMaxVersion = 3;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_RELU6_OP_H_
