#include "kernels/squared_difference/op.h"

namespace thimble::kernels {
namespace {

// Of 8 bits shifted left by 7 the square of a difference still fits 31 bits; of 16 bits it does without.
int ShiftOf(const Call& call) { return call.out[0].type == Type::kInt16 ? 0 : 7; }

int32_t Square(int32_t a, int32_t b) {
  const auto difference = static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
  return WrapMultiply(difference, difference);
}

}  // namespace

Reason SquaredDifference::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckArithmetic({}, call));
  const Tensor &a = call.in[0], &b = call.in[1];
  THIMBLE_REQUIRE(!IsQuantised(a) || (a.Scale() > 0 && b.Scale() > 0), OperandQuantisation);
  return Reason::kNone;
}

void SquaredDifference::RunReference(const Params&, const Call& call) {
  const Tensor& y = call.out[0];
  if (IsFloat(y)) return MapPairs<float>(call, [](float a, float b) { return (a - b) * (a - b); });
  if (y.type == Type::kInt32) return MapPairs<int32_t>(call, Square);
  const CommonScale common = CommonScaleOf(call, false);
  const double twice_larger =
      2 * static_cast<double>(call.in[0].Scale() > call.in[1].Scale() ? call.in[0].Scale() : call.in[1].Scale());
  const int shift = ShiftOf(call);
  const float steps = static_cast<float>(1 << (2 * shift)) * y.Scale();  // in floats, as TFLite has it
  const CommonScale scale = {shift, common.a, common.b,
                             QuantiseMultiplier(twice_larger * twice_larger / static_cast<double>(steps))};
  MapStoredPairs(call, RangeOf(y.type),
                 [&](int32_t a, int32_t b) { return Scale(Square(scale.A(a), scale.B(b)), scale.result); });
}

}  // namespace thimble::kernels
