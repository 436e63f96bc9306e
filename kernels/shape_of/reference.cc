#include "kernels/shape_of/op.h"

namespace thimble::kernels {

Reason ShapeOf::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 1));
  THIMBLE_REQUIRE(IsIndices(call.out[0]), OperandTypes);
  THIMBLE_REQUIRE(call.out[0].shape.Count() == call.in[0].shape.rank, OperandShapes);
  return Reason::kNone;
}

void ShapeOf::RunReference(const Params&, const Call& call) {
  const Shape& x = call.in[0].shape;
  for (int d = 0; d < x.rank; ++d) SetIndex(call.out[0], d, x[d]);
}

}  // namespace thimble::kernels
