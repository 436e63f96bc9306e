// Negative numbers become 0.
#ifndef THIMBLE_KERNELS_RELU_OP_H_
#define THIMBLE_KERNELS_RELU_OP_H_

#include "kernels/quantised.h"

namespace thimble::kernels {

/// y[i] = max(x[i], 0)
///
///   in[0]  x  any shape       int8; or float32
///   out    y  the same shape  int8 with its own scale and zero point; or float32
///
/// int8: rescaled in fixed point by x.scale / y.scale, which TFLite divides as floats.
/// Source: TFLite reference kernels, RELU.
struct Relu {
  static constexpr const char* kName = "relu";
  static constexpr int kTfliteCode = 19;
  static constexpr int kMaxVersion = 2;
  static constexpr int kOptionsType = 0;
  static constexpr Sharing kSharing = Sharing::kOverwrite;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
  static constexpr Variant<Params> kVariants[] = {{"reference", &RunReference}};
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_RELU_OP_H_
