// The square of the difference of two tensors, the smaller one repeated as often as needed.
#ifndef THIMBLE_KERNELS_SQUARED_DIFFERENCE_OP_H_
#define THIMBLE_KERNELS_SQUARED_DIFFERENCE_OP_H_

#include "kernels/arithmetic.h"

namespace thimble::kernels {

/// y[i] = (a[i] - b[i])^2; dimensions of size 1 are repeated, missing outer ones are 1
///
///   in[0]  a  up to 6 dimensions            int8, uint8, int16, int32 or float32
///   in[1]  b  up to 6 dimensions            like a
///   out    y  the larger of each dimension  like a
///
/// Quantised: both are shifted left by 7 bits (int16 by none) and scaled to twice the larger of their scales.
/// Source: TFLite Micro, SQUARED_DIFFERENCE.
struct SquaredDifference : Elementwise {
  static constexpr const char* kName = "squared_difference";
  static constexpr int kTfliteCode = 99;
  static constexpr int kMaxVersion = 3;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SQUARED_DIFFERENCE_OP_H_
