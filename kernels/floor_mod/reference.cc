#include "kernels/floor_mod/op.h"
#include "kernels/real_functions.h"

namespace thimble::kernels {
namespace {

float RestOfFloats(float a, float b) {
  const float rest = real::Remainder(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

int32_t RestOfIntegers(int32_t a, int32_t b) {
  if (b == 0) return 0;
  const int64_t rest = int64_t{a} % b;
  return static_cast<int32_t>(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
}

}  // namespace

Reason FloorMod::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckBinary(call));
  const Tensor &a = call.in[0], &b = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(a.type == b.type && a.type == y.type, OperandTypes);
  THIMBLE_REQUIRE(IsFloat(a) || a.type == Type::kInt32, OperandTypes);
  return Reason::kNone;
}

void FloorMod::RunReference(const Params&, const Call& call) {
  IsFloat(call.out[0]) ? MapPairs<float>(call, RestOfFloats) : MapPairs<int32_t>(call, RestOfIntegers);
}

}  // namespace thimble::kernels
