// A convolution backwards: every input pixel spreads a filter over the output.
#ifndef THIMBLE_KERNELS_TRANSPOSE_CONV_OP_H_
#define THIMBLE_KERNELS_TRANSPOSE_CONV_OP_H_

#include "kernels/image.h"
#include "kernels/quantised.h"

namespace thimble::kernels {

/// y[n, i, j, o] = activation(sum_{k, l, c} x[n, (i + pad - k) / stride, …, c] * w[o, k, l, c] + bias[o]) over the taps
/// where the division is exact and the pixel inside x
///
///   in[0]  shape  4 elements          int32; not read: the output's shape is in the model
///   in[1]  w      [O, K, L, C]        int8, symmetric, one scale or one for each o; or float32
///   in[2]  x      [N, H, W, C]        int8, int16, or float32
///   in[3]  bias   O elements, may be absent  int32; int64 with x int16; or float32
///   out    y      [N, I, J, O]        like x
///
/// A convolution of y with these options has the shape of x. Integers: the sum is scaled by x.scale * w.scale[o] /
/// y.scale, computed in double; int16 sums always have 64 bits.
/// Source: TFLite reference kernels, TRANSPOSE_CONV.
struct TransposeConv {
  static constexpr const char* kName = "transpose_conv";
  static constexpr int kTfliteCode = 67;
  static constexpr int kMaxVersion = 5;
  static constexpr int kOptionsType = 49;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    Padding padding = Padding::kSame;
    Activation activation = Activation::kNone;
    int32_t stride_width = 0, stride_height = 0;
  };
  static void Fields(auto&& visit, auto& p) {
    visit("padding", 0, p.padding);
    visit("stride_width", 1, p.stride_width);
    visit("stride_height", 2, p.stride_height);
    visit("activation", 3, p.activation);
  }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_TRANSPOSE_CONV_OP_H_
