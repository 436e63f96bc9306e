#include "kernels/resizing.h"

namespace thimble::kernels {

Reason CheckResizing(const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  const Tensor &x = call.in[0], &size = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(x.type == y.type && size.type == Type::kInt32, OperandTypes);
  THIMBLE_REQUIRE(x.shape.rank == 4 && y.shape.rank == 4 && size.shape.Count() == 2, OperandShapes);
  THIMBLE_REQUIRE(x.shape[0] == y.shape[0] && x.shape[3] == y.shape[3], OperandShapes);
  for (int d = 1; d <= 2; ++d) {
    constexpr int32_t kMost = 1 << 20;  // so that ten bits of fraction fit beside it
    THIMBLE_REQUIRE(x.shape[d] >= 1 && x.shape[d] <= kMost && y.shape[d] >= 1 && y.shape[d] <= kMost, OperandShapes);
    THIMBLE_REQUIRE(!size.constant || IndexAt(size, d - 1) == y.shape[d], OperandShapes);
  }
  return Reason::kNone;
}

}  // namespace thimble::kernels
