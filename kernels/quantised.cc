#include "kernels/quantised.h"

namespace thimble::kernels {

Range<int32_t> StoredRange(Activation activation, const Tensor& output) {
  const Range<int32_t> all = output.type == Type::kUInt8   ? Range<int32_t>{0, 255}
                             : output.type == Type::kInt16 ? Range<int32_t>{-32768, 32767}
                                                           : Range<int32_t>{-128, 127};
  const auto stored = [&](float real) { return Quantise(real, output.Scale(), output.zero_point, all.low, all.high); };
  switch (activation) {
    case Activation::kRelu:
      return {stored(0), all.high};
    case Activation::kReluN1To1:
      return {stored(-1), stored(1)};
    case Activation::kRelu6:
      return {stored(0), stored(6)};
    case Activation::kNone:
      break;
  }
  return all;
}

Reason CheckWeighed(const Tensor& x, const Tensor& weights, const Tensor& bias, const Tensor& y, int32_t channels,
                    int32_t dimension, DynamicRange dynamic_range) {
  if (IsFloat(x)) {
    const bool hybrid = weights.type == Type::kInt8;
    THIMBLE_REQUIRE(!hybrid || dynamic_range == DynamicRange::kAccepted, Hybrid);
    THIMBLE_REQUIRE((hybrid || IsFloat(weights)) && IsFloat(y), OperandTypes);
    THIMBLE_REQUIRE(!hybrid || weights.zero_point == 0, OperandQuantisation);
  } else {
    THIMBLE_REQUIRE(x.type == y.type && IsQuantised(x) && IsQuantised(y), OperandTypes);
    THIMBLE_REQUIRE(weights.type == (x.type == Type::kUInt8 ? Type::kUInt8 : Type::kInt8), OperandTypes);
  }
  if (!IsFloat(weights)) {
    const bool per_channel = weights.scale_count == channels && weights.quantised_dimension == dimension;
    THIMBLE_REQUIRE(weights.scale_count == 1 || per_channel, OperandQuantisation);
  }
  if (bias.present()) {
    const bool wide = x.type == Type::kInt16 && bias.type == Type::kInt64;
    THIMBLE_REQUIRE(wide || bias.type == (IsFloat(x) ? Type::kFloat32 : Type::kInt32), OperandTypes);
    THIMBLE_REQUIRE(bias.shape.Count() == channels, OperandShapes);
  }
  return Reason::kNone;
}

Multiplier ProductMultiplier(float x, float w, float y, ScaleProduct product) {
  return product == ScaleProduct::kOfDoubles ? QuantiseRatio(x, w, y) : QuantiseRatio(x * w, 1, y);
}

int64_t BiasAt(const Tensor& bias, int32_t channel) {
  if (!bias.present()) return 0;
  if (bias.type == Type::kInt32) return bias.As<int32_t>()[channel];
  return bias.Int64At(channel);
}

Requantiser RequantiserOf(const Tensor& x, const Tensor& weights, const Tensor& bias, const Tensor& y, int32_t channel,
                          Range<int32_t> range, ScaleProduct product) {
  const Multiplier multiplier = ProductMultiplier(x.Scale(), weights.Scale(channel), y.Scale(), product);
  return {multiplier, BiasAt(bias, channel), y.zero_point, range, bias.type == Type::kInt64};
}

}  // namespace thimble::kernels
