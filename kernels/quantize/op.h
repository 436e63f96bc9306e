// Real numbers become integers, or integers get another scale.
#ifndef THIMBLE_KERNELS_QUANTIZE_OP_H_
#define THIMBLE_KERNELS_QUANTIZE_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = round(x[i] / y.scale) + y.zero_point, halves away from zero, clamped
///
///   in[0]  x  any shape       float32, or int8, uint8, int16, int32 with a scale
///   out    y  the same shape  int8, uint8, int16 or int32 with a scale
///
/// Integers are rescaled in fixed point by x.scale / y.scale. Source: TFLite 8-bit quantisation specification,
/// QUANTIZE.
struct Quantize : Elementwise {
  static constexpr const char* kName = "quantize";
  static constexpr int kTfliteCode = 114;
  static constexpr int kMaxVersion = 4;
  static constexpr Sharing kSharing = Sharing::kNone;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_QUANTIZE_OP_H_
