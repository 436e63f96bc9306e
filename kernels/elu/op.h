// Negative numbers approach -1.
#ifndef THIMBLE_KERNELS_ELU_OP_H_
#define THIMBLE_KERNELS_ELU_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = x[i] if x[i] >= 0, else exp(x[i]) - 1
///
///   in[0]  x  any shape       int8 or float32
///   out    y  the same shape  like x, with its own scale and zero point
///
/// int8: computed in floats for each element. Source: TFLite Micro, ELU.
struct Elu : Elementwise {
  static constexpr const char* kName = "elu";
  static constexpr int kTfliteCode = 111;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_ELU_OP_H_
