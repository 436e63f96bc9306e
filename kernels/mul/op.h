// The product of two tensors, the smaller one repeated as often as needed.
#ifndef THIMBLE_KERNELS_MUL_OP_H_
#define THIMBLE_KERNELS_MUL_OP_H_

#include "kernels/arithmetic.h"

namespace thimble::kernels {

/// y[i] = activation(a[i] * b[i]); dimensions of size 1 are repeated, missing outer ones are 1
///
///   in[0]  a  up to 6 dimensions            int8, uint8, int16, int32 or float32
///   in[1]  b  up to 6 dimensions            like a
///   out    y  the larger of each dimension  like a
///
/// Quantised: the exact product, scaled by a.scale * b.scale / y.scale. int32 wraps.
/// Source: TFLite reference kernels, MUL.
struct Mul : Elementwise {
  static constexpr const char* kName = "mul";
  static constexpr int kTfliteCode = 18;
  static constexpr int kMaxVersion = 7;
  static constexpr int kOptionsType = 21;

  using Params = ArithmeticParams;
  static void Fields(auto&& visit, auto& p) { visit("activation", 0, p.activation); }

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_MUL_OP_H_
