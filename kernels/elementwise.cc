#include "kernels/elementwise.h"

namespace thimble::kernels {

Walk::Walk(const Shape& operand, const Shape& output) : output_(output) {
  int32_t step = 1;
  for (int d = output.rank - 1; d >= 0; --d) {
    const int own = d - (output.rank - operand.rank);
    const int32_t size = own < 0 ? 1 : operand[own];
    steps_[d] = size == 1 ? 0 : step;
    step *= size;
  }
}

int32_t Walk::Next() {
  const int32_t here = place_;
  for (int d = output_.rank - 1; d >= 0; --d) {
    place_ += steps_[d];
    if (++index_[d] < output_[d]) break;
    place_ -= steps_[d] * output_[d];
    index_[d] = 0;
  }
  return here;
}

bool BroadcastsTo(std::span<const Tensor> operands, const Shape& output) {
  int32_t rank = 0;
  for (const Tensor& operand : operands) rank = operand.shape.rank > rank ? operand.shape.rank : rank;
  if (output.rank != rank) return false;
  for (int d = 1; d <= rank; ++d) {
    int32_t size = 1;
    for (const Tensor& operand : operands) {
      const int32_t own = d > operand.shape.rank ? 1 : operand.shape[operand.shape.rank - d];
      if (size != 1 && own != 1 && own != size) return false;
      if (own != 1) size = own;
    }
    if (output[rank - d] != size) return false;
  }
  return true;
}

Reason CheckUnary(const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 1 && call.in[0].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(call.in[0].shape.Count() == call.out[0].shape.Count(), OperandShapes);
  return Reason::kNone;
}

Reason CheckUnary(const Call& call, bool quantised) {
  THIMBLE_CHECK(CheckUnary(call));
  const Tensor &x = call.in[0], &y = call.out[0];
  THIMBLE_REQUIRE(x.type == y.type, OperandTypes);
  THIMBLE_REQUIRE(IsFloat(x) || (quantised && IsQuantised(x) && IsQuantised(y)), OperandTypes);
  return Reason::kNone;
}

Reason CheckBinary(const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 2 && call.in[0].present() && call.in[1].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(BroadcastsTo(call.in, call.out[0].shape), OperandShapes);
  return Reason::kNone;
}

Range<int32_t> RangeOf(Type type) {
  switch (type) {
    case Type::kInt8:
      return {INT8_MIN, INT8_MAX};
    case Type::kInt16:
      return {INT16_MIN, INT16_MAX};
    case Type::kUInt8:
      return {0, UINT8_MAX};
    case Type::kBool:
      return {0, 1};
    default:
      return {INT32_MIN, INT32_MAX};
  }
}

Range<int32_t> StoredBetween(const Tensor& output, float low, float high) {
  const Range<int32_t> all = RangeOf(output.type);
  const auto stored = [&](float real) { return Quantise(real, output.Scale(), output.zero_point, all.low, all.high); };
  // No bound is no bound, also where a huge scale makes the largest float a few steps.
  return {low == -kLargestFloat ? all.low : stored(low), high == kLargestFloat ? all.high : stored(high)};
}

void ClampReal(const Call& call, float low, float high) {
  const Tensor &x = call.in[0], &y = call.out[0];
  if (IsFloat(x)) return MapReal(call, [=](float value) { return Range<float>{low, high}.Clamp(value); });
  const Multiplier multiplier = MultiplierBetween(x, y);
  const Range<int32_t> range = StoredBetween(y, low, high);
  for (int32_t i = 0, count = y.shape.Count(); i < count; ++i) {
    StoreAt(y, i, Rescale(WrapAdd(StoredAt(x, i), -x.zero_point), multiplier, y.zero_point, range));
  }
}

}  // namespace thimble::kernels
