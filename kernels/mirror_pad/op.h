// A border that reflects the tensor.
#ifndef THIMBLE_KERNELS_MIRROR_PAD_OP_H_
#define THIMBLE_KERNELS_MIRROR_PAD_OP_H_

#include "kernels/padding.h"

namespace thimble::kernels {

/// y = x with paddings[d, 0] elements before and paddings[d, 1] after it in each dimension d, mirrored at the edges
///
///   in[0]  x         any shape, any type
///   in[1]  paddings  [dimensions of x, 2] int32 or int64, constant; at most the size of the dimension (mode 0: less
///   one) out    y         like x
///
/// mode 0, reflect: the edge itself is not repeated (2 1 | 0 1 2 3); mode 1, symmetric: it is (1 0 | 0 1 2 3).
struct MirrorPad {
  static constexpr const char* kName = "mirror_pad";
  static constexpr int kTfliteCode = 100;
  static constexpr int kMaxVersion = 3;
  static constexpr int kOptionsType = 77;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    int8_t mode = 0;
  };
  static void Fields(auto&& visit, auto& p) { visit("mode", 0, p.mode); }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_MIRROR_PAD_OP_H_
