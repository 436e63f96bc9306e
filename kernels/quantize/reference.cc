#include "kernels/quantize/op.h"

namespace thimble::kernels {
namespace {

bool IsStored(const Tensor& tensor) {
  const bool integer = tensor.type == Type::kInt8 || tensor.type == Type::kUInt8 || tensor.type == Type::kInt16 ||
                       tensor.type == Type::kInt32;
  return integer && tensor.scale_count == 1;
}

}  // namespace

Reason Quantize::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckUnary(call));
  THIMBLE_REQUIRE((IsFloat(call.in[0]) || IsStored(call.in[0])) && IsStored(call.out[0]), OperandTypes);
  return Reason::kNone;
}

void Quantize::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const Range<int32_t> range = RangeOf(y.type);
  if (IsFloat(x)) {
    for (int32_t i = 0, count = y.shape.Count(); i < count; ++i) {
      StoreAt(y, i, Quantise(x.As<float>()[i], y.Scale(), y.zero_point, range.low, range.high));
    }
    return;
  }
  const Multiplier multiplier = MultiplierBetween(x, y);
  for (int32_t i = 0, count = y.shape.Count(); i < count; ++i) {
    StoreAt(y, i, Rescale(WrapAdd(StoredAt(x, i), WrapMultiply(x.zero_point, -1)), multiplier, y.zero_point, range));
  }
}

}  // namespace thimble::kernels
