#include "kernels/extreme.h"

namespace thimble::kernels {

Reason CheckExtreme(const Call& call) {
  THIMBLE_CHECK(CheckBinary(call));
  const Tensor &a = call.in[0], &b = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(a.type == b.type && a.type == y.type && a.type != Type::kBool, OperandTypes);
  return Reason::kNone;
}

void RunExtreme(const Call& call, bool larger) {
  const Tensor &a = call.in[0], &b = call.in[1], &y = call.out[0];
  // Of two that are not ordered (NaN) it is the second.
  const auto pick = [larger](auto first, auto second) { return (larger ? first > second : first < second); };
  Walk walk_a(a.shape, y.shape), walk_b(b.shape, y.shape);
  for (int32_t i = 0, count = y.shape.Count(); i < count; ++i) {
    const int32_t at_a = walk_a.Next(), at_b = walk_b.Next();
    if (IsFloat(y)) {
      const float first = a.As<float>()[at_a], second = b.As<float>()[at_b];
      y.As<float>()[i] = pick(first, second) ? first : second;
    } else if (y.type == Type::kInt64) {
      const int64_t first = a.Int64At(at_a), second = b.Int64At(at_b);
      y.As<int64_t>()[i] = pick(first, second) ? first : second;
    } else {
      const int32_t first = StoredAt(a, at_a), second = StoredAt(b, at_b);
      StoreAt(y, i, pick(first, second) ? first : second);
    }
  }
}

}  // namespace thimble::kernels
