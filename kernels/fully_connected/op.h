// A dense layer: every output is a weighted sum of all inputs.
#ifndef THIMBLE_KERNELS_FULLY_CONNECTED_OP_H_
#define THIMBLE_KERNELS_FULLY_CONNECTED_OP_H_

#include "kernels/quantised.h"

namespace thimble::kernels {

/// y[b, o] = activation(sum_i x[b, i] * w[o, i] + bias[o])
///
///   in[0]  x     any shape of B * I elements       int8, uint8, int16, or float32
///   in[1]  w     [O, I]                            int8 with one scale or one for each o; uint8 with x uint8;
///                                                  or float32, or int8 with x float32 (dynamic range)
///   in[2]  bias  O elements, may be absent         int32; int64 with x int16; or float32
///   out    y     any shape of B * O elements       like x
///
/// Integers: the sum is scaled by x.scale * w.scale / y.scale. With one weight scale TFLite multiplies the first
/// two as floats, with one for each output as doubles; the last bit of the result depends on it. int16 sums
/// have the bits of the bias.
/// Source: TFLite 8-bit quantisation specification, FULLY_CONNECTED.
struct FullyConnected {
  static constexpr const char* kName = "fully_connected";
  static constexpr int kTfliteCode = 9;
  static constexpr int kMaxVersion = 12;
  static constexpr int kOptionsType = 8;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    Activation activation = Activation::kNone;
    int8_t weights_format = 0;  ///< only 0, row after row
  };
  static void Fields(auto&& visit, auto& p) {
    visit("activation", 0, p.activation);
    visit("weights_format", 1, p.weights_format);
  }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  using SeparateTypes = TypeList<Type::kInt8, Type::kInt16, Type::kUInt8, Type::kFloat32>;
  template <Type kType>
  static void RunOnly(const Params& params, const Call& call);

  static void RunReference(const Params& params, const Call& call) {
    RunSeparate<FullyConnected>(params, call, SeparateTypes());
  }
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_FULLY_CONNECTED_OP_H_
