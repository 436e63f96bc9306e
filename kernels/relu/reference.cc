#include "kernels/relu/op.h"

namespace thimble::kernels {

Reason Relu::Check(const Params&, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 1 && call.in[0].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  const Tensor &x = call.in[0], &y = call.out[0];
  THIMBLE_REQUIRE((IsInt8(x) && IsInt8(y)) || (IsFloat(x) && IsFloat(y)), OperandTypes);
  THIMBLE_REQUIRE(x.shape.Count() == y.shape.Count(), OperandShapes);
  return Reason::kNone;
}

void Relu::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const int32_t count = x.shape.Count();
  if (IsFloat(x)) {
    for (int32_t i = 0; i < count; ++i) y.As<float>()[i] = x.As<float>()[i] > 0 ? x.As<float>()[i] : 0;
    return;
  }
  const Multiplier multiplier = QuantiseMultiplier(static_cast<double>(x.Scale() / y.Scale()));
  const Range<int32_t> range = Int8Range(Activation::kRelu, y);
  for (int32_t i = 0; i < count; ++i) {
    y.As<int8_t>()[i] = Requantise(x.As<int8_t>()[i] - x.zero_point, multiplier, y.zero_point, range);
  }
}

}  // namespace thimble::kernels
