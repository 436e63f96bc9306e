// A tensor repeated along its dimensions of size 1.
#ifndef THIMBLE_KERNELS_BROADCAST_TO_OP_H_
#define THIMBLE_KERNELS_BROADCAST_TO_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// y[…, i, …] = x[…, 0 if the size of that dimension of x is 1 else i, …]; missing outer dimensions of x are 1
///
///   in[0]  x      up to 6 dimensions, any type
///   in[1]  shape  int32 or int64; not read but for a check: the model's y already has the shape
///   out    y      like x
struct BroadcastTo {
  static constexpr const char* kName = "broadcast_to";
  static constexpr int kTfliteCode = 130;
  static constexpr int kMaxVersion = 3;
  static constexpr int kOptionsType = 104;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_BROADCAST_TO_OP_H_
