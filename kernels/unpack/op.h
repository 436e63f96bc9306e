// A tensor taken apart along one dimension.
#ifndef THIMBLE_KERNELS_UNPACK_OP_H_
#define THIMBLE_KERNELS_UNPACK_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// out[i][…] = x[…, i, …], where i is index of dimension `axis`, which disappears
///
///   in[0]  x  any shape, any type
///   out    num tensors with one dimension less
struct Unpack {
  static constexpr const char* kName = "unpack";
  static constexpr int kTfliteCode = 88;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 64;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    int32_t num = 0;
    int32_t axis = 0;
  };
  static void Fields(auto&& visit, auto& p) {
    visit("num", 0, p.num);
    visit("axis", 1, p.axis);
  }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_UNPACK_OP_H_
