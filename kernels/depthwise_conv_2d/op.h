// A convolution of images channel by channel: every filter sees one input channel.
#ifndef THIMBLE_KERNELS_DEPTHWISE_CONV_2D_OP_H_
#define THIMBLE_KERNELS_DEPTHWISE_CONV_2D_OP_H_

#include "kernels/convolution.h"

namespace thimble::kernels {

/// y[n, i, j, c * M + m] = activation(sum_{k, l} x[n, i * stride + k * dilation - pad, …, c] * w[0, k, l, c * M + m]
///                                    + bias[c * M + m])
///
///   in[0]  x     [N, H, W, C]         int8, uint8, int16, or float32; outside the image x is 0
///   in[1]  w     [1, K, L, C * M]     int8, symmetric, one scale or one for each output channel; uint8
///                                     with x uint8; or float32
///   in[2]  bias  C * M elements, may be absent  int32; int64 with x int16; or float32
///   out    y     [N, I, J, C * M]     like x
///
/// M follows from the shapes; the option that repeats it is not read (old converters wrote 0).
/// Integers: the sum is scaled by x.scale * w.scale[o] / y.scale, computed in double; int16 sums have the bits of the
/// bias. uint8 is TFLite's scheme from before the specification: both zero points anywhere, scales multiplied as
/// floats. Source: TFLite 8-bit quantisation specification; for int16 and uint8 TFLite's reference kernels,
/// DEPTHWISE_CONV_2D.
struct DepthwiseConv2d {
  static constexpr const char* kName = "depthwise_conv_2d";
  static constexpr int kTfliteCode = 4;
  static constexpr int kMaxVersion = 7;
  static constexpr int kOptionsType = 2;
  static constexpr Sharing kSharing = Sharing::kNone;

  using Params = ConvolutionParams;
  static void Fields(auto&& visit, auto& p) {
    visit("padding", 0, p.padding);
    visit("stride_width", 1, p.stride_width);
    visit("stride_height", 2, p.stride_height);
    visit("activation", 4, p.activation);
    visit("dilation_width", 5, p.dilation_width);
    visit("dilation_height", 6, p.dilation_height);
  }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  /// The weights of output channel `o`.
  static Filter FilterFor(const Call& call, int32_t o);
  using SeparateTypes = ConvolutionTypes;
  template <Type kType>
  static void RunOnly(const Params& params, const Call& call) {
    RunConvolution<kType>(params, call, &FilterFor);
  }

  static void RunReference(const Params& params, const Call& call) {
    RunSeparate<DepthwiseConv2d>(params, call, SeparateTypes());
  }
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_DEPTHWISE_CONV_2D_OP_H_
