#include "base/float_math.h"
#include "kernels/fixed_functions.h"
#include "kernels/l2_normalization/op.h"

namespace thimble::kernels {
namespace {

void RunBytes(const Call& call) {
  const Tensor& x = call.in[0];
  const int32_t columns = x.shape.Last(), count = x.shape.Count();
  for (int32_t row = 0; row < count; row += columns) {
    int32_t sum = 0;
    for (int32_t i = row; i < row + columns; ++i) {
      const int32_t value = StoredAt(x, i) - x.zero_point;
      sum = WrapAdd(sum, value * value);
    }
    Multiplier inverse = InverseSquareRoot(sum);
    inverse.shift += 7;  // in steps of 1/128
    for (int32_t i = row; i < row + columns; ++i) {
      StoreAt(call.out[0], i, Clamp(Scale(StoredAt(x, i) - x.zero_point, inverse), INT8_MIN, INT8_MAX));
    }
  }
}

void RunFloat(const Call& call) {
  const int32_t columns = call.in[0].shape.Last(), count = call.in[0].shape.Count();
  for (int32_t row = 0; row < count; row += columns) {
    const float* x = call.in[0].As<float>() + row;
    float* y = call.out[0].As<float>() + row;
    float sum = 0;
    for (int32_t i = 0; i < columns; ++i) sum += x[i] * x[i];
    const float length = thimble::Sqrt(sum) > 1e-6f ? thimble::Sqrt(sum) : 1e-6f;
    for (int32_t i = 0; i < columns; ++i) y[i] = x[i] / length;
  }
}

}  // namespace

Reason L2Normalization::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckUnary(call, true));
  THIMBLE_REQUIRE(params.activation == Activation::kNone, Activation);
  const Tensor& x = call.in[0];
  THIMBLE_REQUIRE(IsFloat(x) || x.type == Type::kInt8, OperandTypes);
  THIMBLE_REQUIRE(x.shape == call.out[0].shape && x.shape.Last() > 0, OperandShapes);
  return Reason::kNone;
}

void L2Normalization::RunReference(const Params&, const Call& call) {
  IsFloat(call.in[0]) ? RunFloat(call) : RunBytes(call);
}

}  // namespace thimble::kernels
