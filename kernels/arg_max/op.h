// Where the largest element is.
#ifndef THIMBLE_KERNELS_ARG_MAX_OP_H_
#define THIMBLE_KERNELS_ARG_MAX_OP_H_

#include "kernels/ranking.h"

namespace thimble::kernels {

/// y[o, n] = the first a with the largest x[o, a, n]
///
///   in[0]  x     [O, A, N] in any number of dimensions, any type
///   in[1]  axis  one int32 or int64, constant: the dimension A
///   out    y     [O, N] int32 or int64
///
/// NaN is found only where there is nothing else.
struct ArgMax {
  static constexpr const char* kName = "arg_max";
  static constexpr int kTfliteCode = 56;
  static constexpr int kMaxVersion = 3;
  static constexpr int kOptionsType = 40;
  static constexpr Sharing kSharing = Sharing::kNone;

  using Params = ArgParams;
  static void Fields(auto&& visit, auto& p) { Params::Fields(visit, p); }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_ARG_MAX_OP_H_
