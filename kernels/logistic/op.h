// Squeezes numbers between 0 and 1.
#ifndef THIMBLE_KERNELS_LOGISTIC_OP_H_
#define THIMBLE_KERNELS_LOGISTIC_OP_H_

#include "kernels/sigmoid.h"

namespace thimble::kernels {

/// y[i] = 1 / (1 + exp(-x[i]))
///
///   in[0]  x  any shape       int8, int16 with zero point 0, or float32
///   out    y  the same shape  int8 with zero point -128 (scale 1/256), int16 with scale 1/32768; or float32
///
/// int8: fixed point with 4 integer bits, beyond which the result is at its end. int16: a table of the logistic
/// function and straight lines between its values. Source: TFLite reference kernels, LOGISTIC, and gemmlowp.
struct Logistic : Elementwise {
  static constexpr const char* kName = "logistic";
  static constexpr int kTfliteCode = 14;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOctaves = 1;  ///< int16 scales taken as powers of two: 2^-12

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_LOGISTIC_OP_H_
