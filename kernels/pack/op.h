// Tensors stacked along a new dimension.
#ifndef THIMBLE_KERNELS_PACK_OP_H_
#define THIMBLE_KERNELS_PACK_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// y[…, i, …] = in[i][…], where i is index of the new dimension `axis`
///
///   in[i]  values_count tensors of the same shape and any type
///   out    y  one dimension more
struct Pack {
  static constexpr const char* kName = "pack";
  static constexpr int kTfliteCode = 83;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 59;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    int32_t values_count = 0;
    int32_t axis = 0;
  };
  static void Fields(auto&& visit, auto& p) {
    visit("values_count", 0, p.values_count);
    visit("axis", 1, p.axis);
  }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_PACK_OP_H_
