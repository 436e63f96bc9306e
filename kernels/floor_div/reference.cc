#include "kernels/floor_div/op.h"
#include "kernels/real_functions.h"

namespace thimble::kernels {
namespace {

// Divided as doubles, like TFLite: a float may round a quotient up to the next whole number.
float QuotientOfFloats(float a, float b) {
  const double quotient = static_cast<double>(a) / static_cast<double>(b);
  const auto nearest = static_cast<float>(quotient);
  const float below = real::Floor(nearest);
  return static_cast<double>(below) > quotient ? below - 1 : below;
}

int32_t QuotientOfIntegers(int32_t a, int32_t b) {
  if (b == 0) return 0;
  const int64_t quotient = int64_t{a} / b;
  return static_cast<int32_t>(int64_t{a} % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient);
}

}  // namespace

Reason FloorDiv::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckBinary(call));
  const Tensor &a = call.in[0], &b = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(a.type == b.type && a.type == y.type, OperandTypes);
  THIMBLE_REQUIRE(IsFloat(a) || a.type == Type::kInt32, OperandTypes);
  return Reason::kNone;
}

void FloorDiv::RunReference(const Params&, const Call& call) {
  IsFloat(call.out[0]) ? MapPairs<float>(call, QuotientOfFloats) : MapPairs<int32_t>(call, QuotientOfIntegers);
}

}  // namespace thimble::kernels
