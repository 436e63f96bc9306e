// Turns scores into logarithms of probabilities, row by row.
#ifndef THIMBLE_KERNELS_LOG_SOFTMAX_OP_H_
#define THIMBLE_KERNELS_LOG_SOFTMAX_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[r, i] = x[r, i] - ln(sum_k exp(x[r, k])) over the last dimension
///
///   in[0]  x  any shape       int8 or float32
///   out    y  the same shape  int8 with scale 1/16, zero point 127; or float32
///
/// int8: differences to the row's largest score with 5 integer bits, the sum of their exponentials with 12, so that
/// rows have fewer than 4096 columns. Source: TFLite reference kernels, LOG_SOFTMAX.
struct LogSoftmax : Elementwise {
  static constexpr const char* kName = "log_softmax";
  static constexpr int kTfliteCode = 50;
  static constexpr int kMaxVersion = 2;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_LOG_SOFTMAX_OP_H_
