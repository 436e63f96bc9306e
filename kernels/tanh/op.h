// Squeezes numbers between -1 and 1.
#ifndef THIMBLE_KERNELS_TANH_OP_H_
#define THIMBLE_KERNELS_TANH_OP_H_

#include "kernels/sigmoid.h"

namespace thimble::kernels {

/// y[i] = (exp(2 x[i]) - 1) / (exp(2 x[i]) + 1)
///
///   in[0]  x  any shape       int8, int16 with zero point 0, or float32
///   out    y  the same shape  int8 with zero point 0 (scale 1/128), int16 with scale 1/32768; or float32
///
/// int8: fixed point with 4 integer bits, beyond which the result is at its end. int16: a table of the logistic
/// function and straight lines between its values. Source: TFLite reference kernels, TANH, and gemmlowp.
struct Tanh : Elementwise {
  static constexpr const char* kName = "tanh";
  static constexpr int kTfliteCode = 28;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOctaves = 2;  ///< int16 scales taken as powers of two: 2^-12, 2^-11

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_TANH_OP_H_
