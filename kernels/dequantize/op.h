// Stored integers become real numbers.
#ifndef THIMBLE_KERNELS_DEQUANTIZE_OP_H_
#define THIMBLE_KERNELS_DEQUANTIZE_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = x.scale * (x[i] - x.zero_point), computed in double and rounded once
///
///   in[0]  x  any shape       int8, uint8 or int16
///   out    y  the same shape  float32
///
/// Source: TFLite 8-bit quantisation specification, DEQUANTIZE.
struct Dequantize : Elementwise {
  static constexpr const char* kName = "dequantize";
  static constexpr int kTfliteCode = 6;
  static constexpr int kMaxVersion = 6;
  static constexpr Sharing kSharing = Sharing::kNone;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_DEQUANTIZE_OP_H_
