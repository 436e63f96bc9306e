// Real numbers become int8, or int8 gets another scale.
#ifndef THIMBLE_KERNELS_QUANTIZE_OP_H_
#define THIMBLE_KERNELS_QUANTIZE_OP_H_

#include "kernels/quantised.h"

namespace thimble::kernels {

/// y[i] = round(x[i] / y.scale) + y.zero_point, halves away from zero, clamped to int8
///
///   in[0]  x  any shape       float32; or int8, which is rescaled in fixed point by x.scale / y.scale
///   out    y  the same shape  int8
///
/// Source: TFLite 8-bit quantisation specification, QUANTIZE.
struct Quantize {
  static constexpr const char* kName = "quantize";
  static constexpr int kTfliteCode = 114;
  static constexpr int kMaxVersion = 2;
  static constexpr int kOptionsType = 0;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
  static constexpr Variant<Params> kVariants[] = {{"reference", &RunReference}};
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_QUANTIZE_OP_H_
