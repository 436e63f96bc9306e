#include "kernels/relu6/op.h"

namespace thimble::kernels {

Reason Relu6::Check(const Params&, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 1 && call.in[0].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  const Tensor &x = call.in[0], &y = call.out[0];
  THIMBLE_REQUIRE(x.shape.Count() == y.shape.Count(), OperandShapes);
  if (IsFloat(x) && IsFloat(y)) return Reason::kNone;
  THIMBLE_REQUIRE(IsInt8(x) && IsInt8(y), OperandTypes);
  THIMBLE_REQUIRE(x.Scale() == y.Scale() && x.zero_point == y.zero_point, OperandQuantisation);
  return Reason::kNone;
}

void Relu6::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const int32_t count = x.shape.Count();
  if (IsFloat(x)) {
    const Range<float> range = FloatRange(Activation::kRelu6);
    for (int32_t i = 0; i < count; ++i) y.As<float>()[i] = range.Clamp(x.As<float>()[i]);
    return;
  }
  const Range<int32_t> range = Int8Range(Activation::kRelu6, x);
  for (int32_t i = 0; i < count; ++i) y.As<int8_t>()[i] = static_cast<int8_t>(range.Clamp(x.As<int8_t>()[i]));
}

}  // namespace thimble::kernels
