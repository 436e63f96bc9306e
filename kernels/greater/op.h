// Whether the first number is above the second.
#ifndef THIMBLE_KERNELS_GREATER_OP_H_
#define THIMBLE_KERNELS_GREATER_OP_H_

#include "kernels/comparison.h"

namespace thimble::kernels {

/// y[i] = whether a[i] > b[i]; dimensions of size 1 are repeated, missing outer ones are 1
///
///   in[0]  a  up to 6 dimensions            int8, uint8, int16, int32, int64 or float32
///   in[1]  b  up to 6 dimensions            like a
///   out    y  the larger of each dimension  bool
///
/// NaN is neither below nor above anything. Source: TFLite reference kernels, GREATER.
struct Greater : Comparison {
  static constexpr const char* kName = "greater";
  static constexpr int kTfliteCode = 61;
  static constexpr int kMaxVersion = 3;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_GREATER_OP_H_
