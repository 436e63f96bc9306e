// int8 becomes real numbers.
#ifndef THIMBLE_KERNELS_DEQUANTIZE_OP_H_
#define THIMBLE_KERNELS_DEQUANTIZE_OP_H_

#include "kernels/quantised.h"

namespace thimble::kernels {

/// y[i] = x.scale * (x[i] - x.zero_point), computed in double and rounded once
///
///   in[0]  x  any shape       int8
///   out    y  the same shape  float32
///
/// Source: TFLite 8-bit quantisation specification, DEQUANTIZE.
struct Dequantize {
  static constexpr const char* kName = "dequantize";
  static constexpr int kTfliteCode = 6;
  static constexpr int kMaxVersion = 4;
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

#endif  // THIMBLE_KERNELS_DEQUANTIZE_OP_H_
