#include "base/float_math.h"
#include "kernels/elu/op.h"
#include "kernels/real_functions.h"

namespace thimble::kernels {
Reason Elu::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckUnary(call, true));
  THIMBLE_REQUIRE(IsFloat(call.in[0]) || call.in[0].type == Type::kInt8, OperandTypes);
  return Reason::kNone;
}

void Elu::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  if (IsFloat(x)) return MapReal(call, [](float value) { return value < 0 ? real::ExpMinusOne(value) : value; });
  const float steps_per_one = 1 / y.Scale();
  MapStored(call, [&](int32_t stored) {
    const float value = x.Scale() * static_cast<float>(stored);
    const float steps = (value < 0 ? thimble::Exp(value) - 1 : value) * steps_per_one;
    return Clamp(RoundToInt32(steps), INT16_MIN, INT16_MAX);  // far beyond a byte, and far from overflow
  });
}

}  // namespace thimble::kernels
