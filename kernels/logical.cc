#include "kernels/logical.h"

namespace thimble::kernels {

Reason CheckLogical(const Call& call, size_t inputs) {
  THIMBLE_REQUIRE(call.in.size() == inputs, InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(call.out[0].type == Type::kBool, OperandTypes);
  for (const Tensor& operand : call.in) {
    THIMBLE_REQUIRE(operand.present(), InputCount);
    THIMBLE_REQUIRE(operand.type == Type::kBool, OperandTypes);
  }
  THIMBLE_REQUIRE(BroadcastsTo(call.in, call.out[0].shape), OperandShapes);
  return Reason::kNone;
}

void RunLogical(const Call& call, uint8_t table) {
  const Tensor &a = call.in[0], &b = call.in.back(), &y = call.out[0];
  Walk walk_a(a.shape, y.shape), walk_b(b.shape, y.shape);
  for (int32_t i = 0, count = y.shape.Count(); i < count; ++i) {
    int bit = a.As<uint8_t>()[walk_a.Next()] != 0 ? 1 : 0;
    if (call.in.size() > 1 && b.As<uint8_t>()[walk_b.Next()] != 0) bit += 2;
    y.As<uint8_t>()[i] = (table >> bit) & 1;
  }
}

}  // namespace thimble::kernels
