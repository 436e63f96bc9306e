#include "kernels/div/op.h"
#include "kernels/fixed_functions.h"

namespace thimble::kernels {
namespace {

Multiplier MultiplierOf(const Call& call) {
  return QuantiseMultiplier(static_cast<double>(call.in[0].Scale() / (call.in[1].Scale() * call.out[0].Scale())));
}

int32_t Quotient(int32_t a, int32_t b, Multiplier multiplier) {
  if (a == 0) return 0;
  if (b == 0) return a < 0 ? INT16_MIN : INT16_MAX;  // beyond any 8 bits, and far from overflow
  if (b < 0) {
    a = -a;
    b = -b;
  }
  const Reciprocal reciprocal = ReciprocalOf(b);
  const int headroom = std::countl_zero(static_cast<uint32_t>(a < 0 ? ~a : a)) - 1;
  const int32_t unscaled = DoublingHighMultiply(WrapShiftLeft(a, headroom), reciprocal.result);
  const int right = reciprocal.shift + headroom - multiplier.shift;
  return right > 31 ? 0 : RoundingShiftRight(DoublingHighMultiply(unscaled, multiplier.mantissa), right);
}

}  // namespace

Reason Div::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckArithmetic(params, call));
  THIMBLE_REQUIRE(call.out[0].type != Type::kInt16, OperandTypes);
  // Nine bits have 22 of headroom: with no larger shift the last one is to the right.
  THIMBLE_REQUIRE(!IsQuantised(call.out[0]) || MultiplierOf(call).shift <= 22, OperandQuantisation);
  return Reason::kNone;
}

void Div::RunReference(const Params& params, const Call& call) {
  const Tensor& y = call.out[0];
  if (IsFloat(y)) return MapFloats(params.activation, call, [](float a, float b) { return a / b; });
  if (y.type == Type::kInt32) {
    return MapIntegers(params.activation, call,
                       [](int32_t a, int32_t b) { return b == 0 ? 0 : static_cast<int32_t>(int64_t{a} / b); });
  }
  const Multiplier multiplier = MultiplierOf(call);
  MapStoredPairs(call, StoredRange(params.activation, y),
                 [&](int32_t a, int32_t b) { return Quotient(a, b, multiplier); });
}

}  // namespace thimble::kernels
