#include "kernels/quantised.h"

namespace thimble::kernels {

Range<int32_t> Int8Range(Activation activation, const Tensor& output) {
  const auto stored = [&](float real) { return Quantise(real, output.Scale(), output.zero_point, -128, 127); };
  switch (activation) {
    case Activation::kRelu:
      return {stored(0), 127};
    case Activation::kReluN1To1:
      return {stored(-1), stored(1)};
    case Activation::kRelu6:
      return {stored(0), stored(6)};
    case Activation::kNone:
      break;
  }
  return {-128, 127};
}

Reason CheckWeighedTypes(const Call& call, int32_t channels, int32_t dimension) {
  const Tensor& weights = call.in[1];
  if (IsFloat(call.in[0])) {
    THIMBLE_REQUIRE(IsFloat(weights) && IsFloat(call.out[0]), OperandTypes);
  } else {
    THIMBLE_REQUIRE(IsInt8(call.in[0]) && IsInt8(call.out[0]) && weights.type == Type::kInt8, OperandTypes);
    const bool per_channel = weights.scale_count == channels && weights.quantised_dimension == dimension;
    THIMBLE_REQUIRE(weights.scale_count == 1 || per_channel, OperandQuantisation);
  }
  if (call.Has(2)) {
    const Type bias = IsFloat(call.in[0]) ? Type::kFloat32 : Type::kInt32;
    THIMBLE_REQUIRE(call.in[2].type == bias, OperandTypes);
    THIMBLE_REQUIRE(call.in[2].shape.Count() == channels, OperandShapes);
  }
  return Reason::kNone;
}

}  // namespace thimble::kernels
