// A tensor of one value.
#ifndef THIMBLE_KERNELS_FILL_OP_H_
#define THIMBLE_KERNELS_FILL_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// y = value everywhere
///
///   in[0]  shape  int32 or int64; not read but for a check: the model's y already has the shape
///   in[1]  value  one element of any type; may be computed
///   out    y      like value
struct Fill {
  static constexpr const char* kName = "fill";
  static constexpr int kTfliteCode = 94;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 68;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_FILL_OP_H_
