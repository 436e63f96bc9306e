// A tensor without its dimensions of size 1.
#ifndef THIMBLE_KERNELS_SQUEEZE_OP_H_
#define THIMBLE_KERNELS_SQUEEZE_OP_H_

#include "kernels/view.h"

namespace thimble::kernels {

/// y = x, element for element in memory order
///
///   in[0]  x  any shape, any type
///   out    y  as many elements of the same type; the model's y already has the shape
struct Squeeze {
  static constexpr const char* kName = "squeeze";
  static constexpr int kTfliteCode = 43;
  static constexpr int kMaxVersion = 3;
  static constexpr int kOptionsType = 30;
  static constexpr Sharing kSharing = Sharing::kView;

  struct Params {};
  static void Fields(auto&&, auto&) {}

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SQUEEZE_OP_H_
