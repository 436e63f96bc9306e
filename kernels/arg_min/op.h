// Where the smallest element is.
#ifndef THIMBLE_KERNELS_ARG_MIN_OP_H_
#define THIMBLE_KERNELS_ARG_MIN_OP_H_

#include "kernels/ranking.h"

namespace thimble::kernels {

/// y[o, n] = the first a with the smallest x[o, a, n]
///
///   in[0]  x     [O, A, N] in any number of dimensions, any type
///   in[1]  axis  one int32 or int64, constant: the dimension A
///   out    y     [O, N] int32 or int64
///
/// NaN is found only where there is nothing else.
struct ArgMin {
  static constexpr const char* kName = "arg_min";
  static constexpr int kTfliteCode = 79;
  static constexpr int kMaxVersion = 3;
  static constexpr int kOptionsType = 57;
  static constexpr Sharing kSharing = Sharing::kNone;

  using Params = ArgParams;
  static void Fields(auto&& visit, auto& p) { Params::Fields(visit, p); }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_ARG_MIN_OP_H_
