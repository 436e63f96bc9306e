// Numbers of one type become numbers of another.
#ifndef THIMBLE_KERNELS_CAST_OP_H_
#define THIMBLE_KERNELS_CAST_OP_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// y[i] = x[i] in the type of y
///
///   in[0]  x  any shape       any type
///   out    y  the same shape  any type
///
/// Real numbers lose their fraction and saturate at what 64 bits hold (NaN gives 0), then integers keep their lowest
/// bits; a bool is whether the number is not 0. Scales do not matter. Source: TFLite reference kernels, CAST.
struct Cast : Elementwise {
  static constexpr const char* kName = "cast";
  static constexpr int kTfliteCode = 53;
  static constexpr int kMaxVersion = 7;
  static constexpr Sharing kSharing = Sharing::kNone;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_CAST_OP_H_
