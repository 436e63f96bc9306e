// The angle of each point from the first axis.
#ifndef THIMBLE_KERNELS_ATAN2_OP_H_
#define THIMBLE_KERNELS_ATAN2_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = the angle in radians of the point (b[i], a[i]), between -pi and pi; dimensions of size 1 are repeated,
/// missing outer ones are 1
///
///   in[0]  a  up to 6 dimensions            float32, the second coordinate
///   in[1]  b  up to 6 dimensions            float32, the first coordinate
///   out    y  the larger of each dimension  float32
///
/// Source: TFLite, ATAN2.
struct Atan2 : Elementwise {
  static constexpr const char* kName = "atan2";
  static constexpr int kTfliteCode = 156;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_ATAN2_OP_H_
