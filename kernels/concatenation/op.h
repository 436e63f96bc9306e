// Tensors side by side.
#ifndef THIMBLE_KERNELS_CONCATENATION_OP_H_
#define THIMBLE_KERNELS_CONCATENATION_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// y = the inputs one after the other along dimension `axis`; elsewhere they have the same sizes
///
///   in[i]  any number of tensors of any type
///   out    y  like each of them
///
/// The stored values are copied: scales and zero points should be alike, as TFLite's converter makes them. (TFLite
/// Micro does not look at them either.) A fused activation is not supported, as in TFLite Micro.
struct Concatenation {
  static constexpr const char* kName = "concatenation";
  static constexpr int kTfliteCode = 2;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 10;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    int32_t axis = 0;
    int8_t activation = 0;
  };
  static void Fields(auto&& visit, auto& p) {
    visit("axis", 0, p.axis);
    visit("activation", 1, p.activation);
  }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_CONCATENATION_OP_H_
