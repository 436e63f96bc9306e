// A tensor repeated along each dimension.
#ifndef THIMBLE_KERNELS_TILE_OP_H_
#define THIMBLE_KERNELS_TILE_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// y[i, j, …] = x[i mod I, j mod J, …]
///
///   in[0]  x          [I, J, …] any type
///   in[1]  multiples  one for each dimension, int32 or int64; not read but for a check
///   out    y          like x; each dimension a multiple of x's
struct Tile {
  static constexpr const char* kName = "tile";
  static constexpr int kTfliteCode = 69;
  static constexpr int kMaxVersion = 3;
  static constexpr int kOptionsType = 51;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_TILE_OP_H_
