// The mean of each window of an image.
#ifndef THIMBLE_KERNELS_AVERAGE_POOL_2D_OP_H_
#define THIMBLE_KERNELS_AVERAGE_POOL_2D_OP_H_

#include "kernels/pooling.h"

namespace thimble::kernels {

/// y[n, i, j, c] = activation(mean of x[n, …, c] over the window's pixels inside the image), halves away from zero
///
///   in[0]  x  [N, H, W, C]   int8, uint8, int16, or float32
///   out    y  [N, I, J, C]   like x, with its scale and zero point
///
/// Source: TFLite 8-bit quantisation specification, AVERAGE_POOL_2D.
struct AveragePool2d {
  static constexpr const char* kName = "average_pool_2d";
  static constexpr int kTfliteCode = 1;
  static constexpr int kMaxVersion = 3;
  static constexpr int kOptionsType = 5;
  static constexpr Sharing kSharing = Sharing::kNone;

  using Params = PoolingParams;
  static void Fields(auto&& visit, auto& p) { PoolingParams::Fields(visit, p); }

  static Reason Check(const Params& params, const Call& call) { return CheckPooling(params, call); }
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_AVERAGE_POOL_2D_OP_H_
