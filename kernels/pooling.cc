#include "kernels/pooling.h"

namespace thimble::kernels {

Reason CheckPooling(const PoolingParams& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 1 && call.in[0].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(IsSupported(params.activation), Activation);
  const Tensor &x = call.in[0], &y = call.out[0];
  THIMBLE_REQUIRE(x.type == y.type && (IsFloat(x) || (IsQuantised(x) && IsQuantised(y))), OperandTypes);
  THIMBLE_REQUIRE(IsFloat(x) || (x.Scale() == y.Scale() && x.zero_point == y.zero_point), OperandQuantisation);
  THIMBLE_REQUIRE(x.shape.rank == 4 && y.shape.rank == 4, OperandShapes);
  THIMBLE_REQUIRE(x.shape[0] == y.shape[0] && x.shape[3] == y.shape[3], OperandShapes);
  THIMBLE_CHECK(params.Vertical(call).Check(params.padding));
  return params.Horizontal(call).Check(params.padding);
}

}  // namespace thimble::kernels
