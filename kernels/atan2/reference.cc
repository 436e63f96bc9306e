#include "kernels/atan2/op.h"
#include "kernels/real_functions.h"

namespace thimble::kernels {
Reason Atan2::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckBinary(call));
  THIMBLE_REQUIRE(IsFloat(call.in[0]) && IsFloat(call.in[1]) && IsFloat(call.out[0]), OperandTypes);
  return Reason::kNone;
}

void Atan2::RunReference(const Params&, const Call& call) { MapPairs<float>(call, real::Atan2); }

}  // namespace thimble::kernels
