#include "kernels/cumsum/op.h"

namespace thimble::kernels {
namespace {

// The elements of one running sum lie `step` apart.
template <typename Start, typename Next>
void ForEachSum(const Cumsum::Params& params, const Call& call, Start start, Next next) {
  const Shape& shape = call.in[0].shape;
  int32_t axis = call.in[1].As<int32_t>()[0];
  if (axis < 0) axis += shape.rank;
  int32_t step = 1;
  for (int d = axis + 1; d < shape.rank; ++d) step *= shape[d];
  const int32_t length = shape[axis], count = shape.Count();
  for (int32_t first = 0; first < count; ++first) {
    if (first / step % length != 0) continue;
    start();
    for (int32_t k = 0; k < length; ++k) next(first + (params.reverse ? length - 1 - k : k) * step);
  }
}

}  // namespace

Reason Cumsum::Check(const Params&, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 2 && call.in[0].present() && call.in[1].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  const Tensor &x = call.in[0], &axis = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(axis.type == Type::kInt32 && x.type == y.type, OperandTypes);
  THIMBLE_REQUIRE(x.shape == y.shape && axis.shape.Count() == 1, OperandShapes);
  THIMBLE_REQUIRE(axis.constant, OperandMustBeConstant);
  const int32_t value = axis.As<int32_t>()[0];
  THIMBLE_REQUIRE(value >= -x.shape.rank && value < x.shape.rank, Option);
  if (IsFloat(x)) return Reason::kNone;
  THIMBLE_REQUIRE(x.type == Type::kInt8 && IsQuantised(x) && IsQuantised(y), OperandTypes);
  return CheckSum(call);
}

void Cumsum::RunReference(const Params& params, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  if (IsFloat(x)) {
    float sum = 0;
    return ForEachSum(
        params, call, [&] { sum = 0; },
        [&](int32_t i) {
          const float before = sum;
          sum += x.As<float>()[i];
          y.As<float>()[i] = params.exclusive ? before : sum;
        });
  }
  const SumScale scale(call);
  int32_t sum = 0;
  ForEachSum(
      params, call, [&] { sum = scale.Term(-x.zero_point); },
      [&](int32_t i) {
        const int32_t before = sum;
        sum = WrapAdd(sum, scale.Term(StoredAt(x, i) - x.zero_point));
        StoreAt(y, i, Rescale(params.exclusive ? before : sum, scale.output, y.zero_point, {INT8_MIN, INT8_MAX}));
      });
}

}  // namespace thimble::kernels
