#include "kernels/quantize/op.h"

namespace thimble::kernels {

Reason Quantize::Check(const Params&, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 1 && call.in[0].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  const Tensor &x = call.in[0], &y = call.out[0];
  THIMBLE_REQUIRE((IsFloat(x) || IsInt8(x)) && IsInt8(y), OperandTypes);
  THIMBLE_REQUIRE(x.shape.Count() == y.shape.Count(), OperandShapes);
  return Reason::kNone;
}

void Quantize::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const int32_t count = x.shape.Count();
  int8_t* output = y.As<int8_t>();
  if (IsFloat(x)) {
    const float* input = x.As<float>();
    for (int32_t i = 0; i < count; ++i) {
      output[i] = static_cast<int8_t>(Quantise(input[i], y.Scale(), y.zero_point, -128, 127));
    }
    return;
  }
  const Multiplier multiplier = QuantiseMultiplier(static_cast<double>(x.Scale()) / static_cast<double>(y.Scale()));
  const int8_t* input = x.As<int8_t>();
  for (int32_t i = 0; i < count; ++i) {
    output[i] = Requantise(input[i] - x.zero_point, multiplier, y.zero_point, {-128, 127});
  }
}

}  // namespace thimble::kernels
