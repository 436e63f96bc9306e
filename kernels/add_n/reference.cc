#include "kernels/add_n/op.h"

namespace thimble::kernels {
Reason AddN::Check(const Params&, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() >= 2, InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  const Tensor& y = call.out[0];
  for (const Tensor& x : call.in) {
    THIMBLE_REQUIRE(x.present(), InputCount);
    THIMBLE_REQUIRE(x.type == y.type && (IsFloat(x) || (x.type == Type::kInt8 && IsQuantised(x))), OperandTypes);
    THIMBLE_REQUIRE(x.shape == y.shape, OperandShapes);
    THIMBLE_REQUIRE(IsFloat(x) || (x.Scale() == call.in[0].Scale() && x.zero_point == call.in[0].zero_point),
                    OperandQuantisation);
  }
  if (IsFloat(y)) return Reason::kNone;
  THIMBLE_REQUIRE(IsQuantised(y), OperandTypes);
  return CheckSum(call);
}

void AddN::RunReference(const Params&, const Call& call) {
  const Tensor& y = call.out[0];
  const int32_t count = y.shape.Count();
  if (IsFloat(y)) {
    for (int32_t i = 0; i < count; ++i) {
      float sum = 0;
      for (const Tensor& x : call.in) sum += x.As<float>()[i];
      y.As<float>()[i] = sum;
    }
    return;
  }
  const SumScale scale(call);
  for (int32_t i = 0; i < count; ++i) {
    int32_t sum = 0;
    for (const Tensor& x : call.in) sum = WrapAdd(sum, scale.Term(StoredAt(x, i) - x.zero_point));
    StoreAt(y, i, Rescale(sum, scale.output, y.zero_point, {INT8_MIN, INT8_MAX}));
  }
}

}  // namespace thimble::kernels
