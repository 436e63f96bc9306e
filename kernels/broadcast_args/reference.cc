#include "kernels/broadcast_args/op.h"

namespace thimble::kernels {

Reason BroadcastArgs::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  const Tensor &a = call.in[0], &b = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(IsIndices(y) && a.type == y.type && b.type == y.type, OperandTypes);
  const int32_t count_a = a.shape.Count(), count_b = b.shape.Count();
  THIMBLE_REQUIRE(y.shape.Count() == (count_a > count_b ? count_a : count_b), OperandShapes);
  return Reason::kNone;
}

void BroadcastArgs::RunReference(const Params&, const Call& call) {
  const Tensor &a = call.in[0], &b = call.in[1], &y = call.out[0];
  const int32_t count_a = a.shape.Count(), count_b = b.shape.Count(), count = y.shape.Count();
  for (int32_t d = 1; d <= count; ++d) {
    const int32_t size_a = d > count_a ? 1 : IndexAt(a, count_a - d);
    const int32_t size_b = d > count_b ? 1 : IndexAt(b, count_b - d);
    const int32_t size = size_a == 1 ? size_b : size_a;
    SetIndex(y, count - d, size);
  }
}

}  // namespace thimble::kernels
