// The largest elements of each row, and where they are.
#ifndef THIMBLE_KERNELS_TOPK_V2_OP_H_
#define THIMBLE_KERNELS_TOPK_V2_OP_H_

#include "kernels/ranking.h"

namespace thimble::kernels {

/// values[r, 0 … k - 1] = the k largest x[r, i], largest first, of equals the first first; indices = their i
///
///   in[0]  x        [R, I] in any number of dimensions, any type
///   in[1]  k        one int32; not read but for a check: the model's outputs already have the shape
///   out    values   [R, k] like x, k <= I
///   out    indices  [R, k] int32 or int16
struct TopkV2 {
  static constexpr const char* kName = "topk_v2";
  static constexpr int kTfliteCode = 48;
  static constexpr int kMaxVersion = 3;
  static constexpr int kOptionsType = 34;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_TOPK_V2_OP_H_
