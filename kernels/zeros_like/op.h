// A tensor of zeros.
#ifndef THIMBLE_KERNELS_ZEROS_LIKE_OP_H_
#define THIMBLE_KERNELS_ZEROS_LIKE_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// y = 0 everywhere; in int8 the stored 0, as in TFLite, whatever the zero point
///
///   in[0]  x  any shape, any type; its elements are not read
///   out    y  like x
struct ZerosLike {
  static constexpr const char* kName = "zeros_like";
  static constexpr int kTfliteCode = 93;
  static constexpr int kMaxVersion = 1;
  static constexpr int kOptionsType = 67;
  static constexpr Sharing kSharing = Sharing::kOverwrite;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_ZEROS_LIKE_OP_H_
