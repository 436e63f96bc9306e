// The sum of two tensors, the smaller one repeated as often as needed.
#ifndef THIMBLE_KERNELS_ADD_OP_H_
#define THIMBLE_KERNELS_ADD_OP_H_

#include "kernels/arithmetic.h"

namespace thimble::kernels {

/// y[i] = activation(a[i] + b[i]); dimensions of size 1 are repeated, missing outer ones are 1
///
///   in[0]  a  up to 6 dimensions            int8, uint8, int16, int32 or float32
///   in[1]  b  up to 6 dimensions            like a
///   out    y  the larger of each dimension  like a
///
/// Quantised: both are shifted left by 20 bits (int16 by 15) and scaled to twice the larger of their scales, then
/// added, then scaled to y.scale; three roundings. int32 wraps. Source: TFLite reference kernels, ADD.
struct Add : Elementwise {
  static constexpr const char* kName = "add";
  static constexpr int kTfliteCode = 0;
  static constexpr int kMaxVersion = 5;
  static constexpr int kOptionsType = 11;

  using Params = ArithmeticParams;
  static void Fields(auto&& visit, auto& p) { visit("activation", 0, p.activation); }

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_ADD_OP_H_
