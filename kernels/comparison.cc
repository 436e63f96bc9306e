#include "kernels/comparison.h"

namespace thimble::kernels {
namespace {

template <typename T>
uint8_t Order(T a, T b) {
  return a < b ? kLess : a > b ? kMore : a == b ? kSame : kUnordered;
}

}  // namespace

Reason CheckComparison(const Call& call, bool with_bool) {
  THIMBLE_CHECK(CheckBinary(call));
  const Tensor &a = call.in[0], &b = call.in[1];
  THIMBLE_REQUIRE(a.type == b.type && call.out[0].type == Type::kBool, OperandTypes);
  const bool plain = IsFloat(a) || a.type == Type::kInt32 || a.type == Type::kInt64;
  THIMBLE_REQUIRE(plain || (with_bool && a.type == Type::kBool) || (IsQuantised(a) && IsQuantised(b)), OperandTypes);
  return Reason::kNone;
}

void Compare(const Call& call, uint8_t accepted) {
  const Tensor &a = call.in[0], &b = call.in[1], &y = call.out[0];
  const bool quantised = IsQuantised(a);
  Multiplier multiplier_a, multiplier_b;
  if (quantised) {
    multiplier_a = QuantiseRatio(a.Scale(), 1, 1);
    multiplier_b = QuantiseRatio(b.Scale(), 1, 1);
  }
  const auto number = [&](const Tensor& tensor, int32_t at, Multiplier multiplier) {
    int32_t value = StoredAt(tensor, at);
    if (tensor.type == Type::kBool) value = value != 0 ? 1 : 0;
    return quantised ? Scale(WrapShiftLeft(WrapAdd(value, -tensor.zero_point), 8), multiplier) : value;
  };
  Walk walk_a(a.shape, y.shape), walk_b(b.shape, y.shape);
  for (int32_t i = 0, count = y.shape.Count(); i < count; ++i) {
    const int32_t at_a = walk_a.Next(), at_b = walk_b.Next();
    const uint8_t order = IsFloat(a) ? Order(a.As<float>()[at_a], b.As<float>()[at_b])
                          : a.type == Type::kInt64
                              ? Order(a.Int64At(at_a), b.Int64At(at_b))
                              : Order(number(a, at_a, multiplier_a), number(b, at_b, multiplier_b));
    y.As<uint8_t>()[i] = (order & accepted) != 0 ? 1 : 0;
  }
}

}  // namespace thimble::kernels
