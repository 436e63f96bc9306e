// The quotient of two tensors, the smaller one repeated as often as needed.
#ifndef THIMBLE_KERNELS_DIV_OP_H_
#define THIMBLE_KERNELS_DIV_OP_H_

#include "kernels/arithmetic.h"

namespace thimble::kernels {

/// y[i] = activation(a[i] / b[i]); dimensions of size 1 are repeated, missing outer ones are 1
///
///   in[0]  a  up to 6 dimensions            int8, uint8, int32 or float32
///   in[1]  b  up to 6 dimensions            like a
///   out    y  the larger of each dimension  like a
///
/// Quantised: the reciprocal of b by Newton's method in fixed point, times a with all its bits, scaled by
/// a.scale / (b.scale * y.scale); by zero it is the largest or smallest number, 0 for a = 0. int32 is cut towards zero;
/// by zero it is 0. Source: TFLite reference kernels, DIV.
struct Div : Elementwise {
  static constexpr const char* kName = "div";
  static constexpr int kTfliteCode = 42;
  static constexpr int kMaxVersion = 2;
  static constexpr int kOptionsType = 29;

  using Params = ArithmeticParams;
  static void Fields(auto&& visit, auto& p) { visit("activation", 0, p.activation); }

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_DIV_OP_H_
