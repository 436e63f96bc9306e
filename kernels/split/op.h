// A tensor cut into equal pieces.
#ifndef THIMBLE_KERNELS_SPLIT_OP_H_
#define THIMBLE_KERNELS_SPLIT_OP_H_

#include "kernels/splitting.h"

namespace thimble::kernels {

/// out[i] = the i-th of num_splits equal pieces of x along dimension `axis`
///
///   in[0]  axis  one int32, constant
///   in[1]  x     any shape, any type
///   out    num_splits tensors like x
struct Split {
  static constexpr const char* kName = "split";
  static constexpr int kTfliteCode = 49;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 35;
  static constexpr Sharing kSharing = Sharing::kNone;

  using Params = SplittingParams;
  static void Fields(auto&& visit, auto& p) { Params::Fields(visit, p); }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SPLIT_OP_H_
