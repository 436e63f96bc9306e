#include "kernels/abs/op.h"

namespace thimble::kernels {
Reason Abs::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckUnary(call));
  const Tensor &x = call.in[0], &y = call.out[0];
  if (x.type == Type::kInt16 && y.type == Type::kInt16 && x.scale_count == 0) return Reason::kNone;
  return CheckUnary(call, true);
}

void Abs::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  if (IsFloat(x)) return MapReal(call, [](float value) { return value < 0 ? -value : value == 0 ? 0 : value; });
  const auto magnitude = [](int32_t value) { return value < 0 ? -value : value; };
  if (x.scale_count == 0) {  // plain: the smallest number stays itself
    for (int32_t i = 0, count = y.shape.Count(); i < count; ++i) StoreAt(y, i, magnitude(StoredAt(x, i)));
  } else if (x.Scale() == y.Scale()) {
    MapStored(call, magnitude);
  } else {
    const Multiplier multiplier = MultiplierBetween(x, y);
    MapStored(call, [&](int32_t value) { return Scale(magnitude(value), multiplier); });
  }
}

}  // namespace thimble::kernels
