#include "kernels/select_v2/op.h"

namespace thimble::kernels {
Reason SelectV2::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckSelect(call));
  THIMBLE_REQUIRE(BroadcastsTo(call.in, call.out[0].shape), OperandShapes);
  return Reason::kNone;
}

void SelectV2::RunReference(const Params&, const Call& call) {
  const Shape& shape = call.out[0].shape;
  Walk condition(call.in[0].shape, shape), a(call.in[1].shape, shape), b(call.in[2].shape, shape);
  for (int32_t i = 0, count = shape.Count(); i < count; ++i) {
    const int32_t at_a = a.Next(), at_b = b.Next();
    const bool first = call.in[0].As<uint8_t>()[condition.Next()] != 0;
    CopySelected(call, i, first, first ? at_a : at_b);
  }
}

}  // namespace thimble::kernels
