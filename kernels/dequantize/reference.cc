#include "kernels/dequantize/op.h"

namespace thimble::kernels {

Reason Dequantize::Check(const Params&, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 1 && call.in[0].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(IsInt8(call.in[0]) && IsFloat(call.out[0]), OperandTypes);
  THIMBLE_REQUIRE(call.in[0].shape.Count() == call.out[0].shape.Count(), OperandShapes);
  return Reason::kNone;
}

void Dequantize::RunReference(const Params&, const Call& call) {
  const Tensor& x = call.in[0];
  for (int32_t i = 0, count = x.shape.Count(); i < count; ++i) {
    const int32_t steps = x.As<int8_t>()[i] - x.zero_point;
    call.out[0].As<float>()[i] = static_cast<float>(static_cast<double>(x.Scale()) * steps);
  }
}

}  // namespace thimble::kernels
