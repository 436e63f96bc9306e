// The smaller of two numbers, the smaller tensor repeated as often as needed.
#ifndef THIMBLE_KERNELS_MINIMUM_OP_H_
#define THIMBLE_KERNELS_MINIMUM_OP_H_

#include "kernels/extreme.h"

namespace thimble::kernels {

/// y[i] = min(a[i], b[i]); dimensions of size 1 are repeated, missing outer ones are 1
///
///   in[0]  a  up to 6 dimensions            int8, uint8, int16, int32, int64 or float32
///   in[1]  b  up to 6 dimensions            like a
///   out    y  the larger of each dimension  like a
///
/// Stored values are compared as they are: quantised operands share scale and zero point with the output.
/// Source: TFLite reference kernels, MINIMUM.
struct Minimum : Elementwise {
  static constexpr const char* kName = "minimum";
  static constexpr int kTfliteCode = 57;
  static constexpr int kMaxVersion = 4;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_MINIMUM_OP_H_
