// A box out of a tensor.
#ifndef THIMBLE_KERNELS_SLICE_OP_H_
#define THIMBLE_KERNELS_SLICE_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// y[i, j, …] = x[begin[0] + i, begin[1] + j, …]
///
///   in[0]  x      any shape, any type
///   in[1]  begin  one index for each dimension, int32 or int64; may be computed
///   in[2]  size   like begin; -1: up to the end. Not read but for a check: the model's y already has the shape
///   out    y      like x
///
/// A computed begin that leaves too little is moved so far inward that all of y exists.
struct Slice {
  static constexpr const char* kName = "slice";
  static constexpr int kTfliteCode = 65;
  static constexpr int kMaxVersion = 6;
  static constexpr int kOptionsType = 48;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SLICE_OP_H_
