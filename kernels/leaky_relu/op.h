// Negative numbers are multiplied by a small constant.
#ifndef THIMBLE_KERNELS_LEAKY_RELU_OP_H_
#define THIMBLE_KERNELS_LEAKY_RELU_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = x[i] if x[i] >= 0, else alpha * x[i]
///
///   in[0]  x  any shape       int8, uint8, int16 or float32
///   out    y  the same shape  like x
///
/// Quantised: scaled by x.scale / y.scale, or x.scale * alpha / y.scale; TFLite computes both in floats.
/// Source: TFLite reference kernels, LEAKY_RELU.
struct LeakyRelu : Elementwise {
  static constexpr const char* kName = "leaky_relu";
  static constexpr int kTfliteCode = 98;
  static constexpr int kMaxVersion = 2;
  static constexpr int kOptionsType = 75;

  struct Params {
    float alpha = 0;
  };
  static void Fields(auto&& visit, auto& p) { visit("alpha", 0, p.alpha); }

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_LEAKY_RELU_OP_H_
