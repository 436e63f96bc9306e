#include "kernels/arithmetic.h"

namespace thimble::kernels {

Reason CheckArithmetic(const ArithmeticParams& params, const Call& call) {
  THIMBLE_CHECK(CheckBinary(call));
  THIMBLE_REQUIRE(IsSupported(params.activation), Activation);
  const Tensor &a = call.in[0], &b = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(a.type == b.type && a.type == y.type, OperandTypes);
  const bool integer = a.type == Type::kInt32 && a.scale_count + b.scale_count + y.scale_count == 0;
  THIMBLE_REQUIRE(IsFloat(a) || integer || (IsQuantised(a) && IsQuantised(b) && IsQuantised(y)), OperandTypes);
  return Reason::kNone;
}

Range<int32_t> IntegerRange(Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return {0, INT32_MAX};
    case Activation::kReluN1To1:
      return {-1, 1};
    case Activation::kRelu6:
      return {0, 6};
    case Activation::kNone:
      break;
  }
  return {INT32_MIN, INT32_MAX};
}

CommonScale CommonScaleOf(const Call& call, bool in_floats) {
  const auto multiplier = [&](double numerator, double denominator) {
    const double quotient = numerator / denominator;
    return QuantiseMultiplier(in_floats ? static_cast<double>(static_cast<float>(quotient)) : quotient);
  };
  const auto scale = [](const Tensor& tensor) { return static_cast<double>(tensor.Scale()); };
  const double a = scale(call.in[0]), b = scale(call.in[1]);
  const double twice_larger = 2 * (a > b ? a : b);
  const int shift = call.out[0].type == Type::kInt16 ? 15 : 20;
  return {shift, multiplier(a, twice_larger), multiplier(b, twice_larger),
          multiplier(twice_larger, (1 << shift) * scale(call.out[0]))};
}

Reason CheckCommonScale(const Call& call, bool in_floats) {
  THIMBLE_REQUIRE(call.in[0].Scale() > 0 && call.in[1].Scale() > 0, OperandQuantisation);
  THIMBLE_REQUIRE(CommonScaleOf(call, in_floats).result.shift <= 0, OperandQuantisation);
  return Reason::kNone;
}

}  // namespace thimble::kernels
