#include "kernels/prelu/op.h"

namespace thimble::kernels {
Reason Prelu::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckBinary(call));
  const Tensor &x = call.in[0], &alpha = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(x.shape.Count() == y.shape.Count(), OperandShapes);
  THIMBLE_REQUIRE(x.type == y.type, OperandTypes);
  THIMBLE_REQUIRE(alpha.type == (x.type == Type::kInt16 ? Type::kInt8 : x.type), OperandTypes);
  THIMBLE_REQUIRE(IsFloat(x) || (IsQuantised(x) && IsQuantised(alpha) && IsQuantised(y)), OperandTypes);
  return Reason::kNone;
}

void Prelu::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  if (IsFloat(x)) return MapPairs<float>(call, [](float value, float a) { return value >= 0 ? value : value * a; });
  const Multiplier positive = MultiplierBetween(x, y);
  const Multiplier negative = QuantiseRatio(x.Scale(), call.in[1].Scale(), y.Scale());
  MapStoredPairs(call, RangeOf(y.type), [&](int32_t value, int32_t a) {
    return value >= 0 ? Scale(value, positive) : Scale(value * a, negative);
  });
}

}  // namespace thimble::kernels
