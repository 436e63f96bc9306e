// The dimensions of a tensor as numbers: TFLite's SHAPE (`Shape` is taken).
#ifndef THIMBLE_KERNELS_SHAPE_OF_OP_H_
#define THIMBLE_KERNELS_SHAPE_OF_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// y = the sizes of the dimensions of x
///
///   in[0]  x  any shape, any type; its elements are not read
///   out    y  [dimensions of x] int32 or int64
struct ShapeOf {
  static constexpr const char* kName = "shape_of";
  static constexpr int kTfliteCode = 77;
  static constexpr int kMaxVersion = 1;
  static constexpr int kOptionsType = 55;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SHAPE_OF_OP_H_
