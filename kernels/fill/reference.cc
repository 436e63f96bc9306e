#include "kernels/fill/op.h"

namespace thimble::kernels {

Reason Fill::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  const Tensor &shape = call.in[0], &value = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(IsIndices(shape) && value.type == y.type, OperandTypes);
  THIMBLE_REQUIRE(value.shape.Count() == 1 && shape.shape.Count() == y.shape.rank, OperandShapes);
  for (int d = 0; d < y.shape.rank; ++d) {
    THIMBLE_REQUIRE(!shape.constant || IndexAt(shape, d) == y.shape[d], OperandShapes);
  }
  return Reason::kNone;
}

void Fill::RunReference(const Params&, const Call& call) {
  const Tensor& y = call.out[0];
  FillWith(call.in[1].data, BytesOf(y.type), y.shape.Count(), y.data);
}

}  // namespace thimble::kernels
