#include "kernels/dequantize/op.h"

namespace thimble::kernels {
Reason Dequantize::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckUnary(call));
  THIMBLE_REQUIRE(IsQuantised(call.in[0]) && IsFloat(call.out[0]), OperandTypes);
  return Reason::kNone;
}

void Dequantize::RunReference(const Params&, const Call& call) {
  const Tensor& x = call.in[0];
  for (int32_t i = 0, count = x.shape.Count(); i < count; ++i) {
    const int32_t steps = StoredAt(x, i) - x.zero_point;
    call.out[0].As<float>()[i] = static_cast<float>(static_cast<double>(x.Scale()) * steps);
  }
}

}  // namespace thimble::kernels
