// A tensor backwards along some dimensions.
#ifndef THIMBLE_KERNELS_REVERSE_V2_OP_H_
#define THIMBLE_KERNELS_REVERSE_V2_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// y[…, i, …] = x[…, I - 1 - i, …] in each dimension that `axes` names
///
///   in[0]  x     any shape, any type
///   in[1]  axes  int32 or int64, constant, each dimension at most once
///   out    y     like x
struct ReverseV2 {
  static constexpr const char* kName = "reverse_v2";
  static constexpr int kTfliteCode = 105;
  static constexpr int kMaxVersion = 3;
  static constexpr int kOptionsType = 81;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_REVERSE_V2_OP_H_
