// The average along some dimensions.
#ifndef THIMBLE_KERNELS_MEAN_OP_H_
#define THIMBLE_KERNELS_MEAN_OP_H_

#include "kernels/reduction.h"

namespace thimble::kernels {

/// y = the average of x along the dimensions `axes`
///
///   in[0]  x     any shape, float32, int32, int64; int8, uint8, int16 with one scale
///   in[1]  axes  int32 or int64, constant; negative ones count from the end
///   out    y     like x; the reduced dimensions have size 1 if keep_dims, else they are left out
///
/// Quantised: the sum, scaled in fixed point by x.scale / (y.scale * elements). Source: TFLite reference kernels, MEAN.
struct Mean {
  static constexpr const char* kName = "mean";
  static constexpr int kTfliteCode = 40;
  static constexpr int kMaxVersion = 3;
  static constexpr int kOptionsType = 27;
  static constexpr Sharing kSharing = Sharing::kNone;

  using Params = ReductionParams;
  static void Fields(auto&& visit, auto& p) { Params::Fields(visit, p); }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_MEAN_OP_H_
