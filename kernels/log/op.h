// The natural logarithm of each number.
#ifndef THIMBLE_KERNELS_LOG_OP_H_
#define THIMBLE_KERNELS_LOG_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = ln(x[i]); -infinity for 0, NaN below
///
///   in[0]  x  any shape       float32
///   out    y  the same shape  like x
///
/// Source: TFLite reference kernels, LOG.
struct Log : Elementwise {
  static constexpr const char* kName = "log";
  static constexpr int kTfliteCode = 73;
  static constexpr int kMaxVersion = 2;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_LOG_OP_H_
