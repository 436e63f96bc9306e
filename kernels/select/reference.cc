#include "kernels/select/op.h"

namespace thimble::kernels {
Reason Select::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckSelect(call));
  const Shape &condition = call.in[0].shape, &a = call.in[1].shape;
  THIMBLE_REQUIRE(a == call.in[2].shape && a == call.out[0].shape, OperandShapes);
  const bool rows = condition.rank == 1 && a.rank > 0 && condition[0] == a[0] && a.Count() > 0;
  THIMBLE_REQUIRE(condition == a || condition.Count() == 1 || rows, OperandShapes);
  return Reason::kNone;
}

void Select::RunReference(const Params&, const Call& call) {
  const int32_t count = call.out[0].shape.Count();
  if (count == 0) return;
  const int32_t row = count / call.in[0].shape.Count();
  for (int32_t i = 0; i < count; ++i) CopySelected(call, i, call.in[0].As<uint8_t>()[i / row] != 0, i);
}

}  // namespace thimble::kernels
