// The shape that two shapes broadcast to.
#ifndef THIMBLE_KERNELS_BROADCAST_ARGS_OP_H_
#define THIMBLE_KERNELS_BROADCAST_ARGS_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// y[d] = b[d] if a[d] is 1, else a[d], counted from the last dimension; missing outer dimensions are 1
///
///   in[0]  a  [A] int32 or int64
///   in[1]  b  [B] like a
///   out    y  [the larger of A and B] like a
///
/// Shapes that do not fit each other, known only when the model runs, give those of a.
struct BroadcastArgs {
  static constexpr const char* kName = "broadcast_args";
  static constexpr int kTfliteCode = 145;
  static constexpr int kMaxVersion = 1;
  static constexpr int kOptionsType = 0;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_BROADCAST_ARGS_OP_H_
