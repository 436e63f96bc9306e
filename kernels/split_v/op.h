// A tensor cut into pieces of given sizes.
#ifndef THIMBLE_KERNELS_SPLIT_V_OP_H_
#define THIMBLE_KERNELS_SPLIT_V_OP_H_

#include "kernels/splitting.h"

namespace thimble::kernels {

/// out[i] = the next sizes[i] elements of x along dimension `axis`
///
///   in[0]  x      any shape, any type
///   in[1]  sizes  num_splits of int32 or int64, constant; at most one is -1: what is left
///   in[2]  axis   one int32, constant
///   out    num_splits tensors like x
struct SplitV {
  static constexpr const char* kName = "split_v";
  static constexpr int kTfliteCode = 102;
  static constexpr int kMaxVersion = 2;
  static constexpr int kOptionsType = 79;
  static constexpr Sharing kSharing = Sharing::kNone;

  using Params = SplittingParams;
  static void Fields(auto&& visit, auto& p) { Params::Fields(visit, p); }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SPLIT_V_OP_H_
