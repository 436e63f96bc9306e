#include "kernels/zeros_like/op.h"

namespace thimble::kernels {

Reason ZerosLike::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 1));
  THIMBLE_REQUIRE(call.in[0].type == call.out[0].type, OperandTypes);
  THIMBLE_REQUIRE(call.in[0].shape == call.out[0].shape, OperandShapes);
  return Reason::kNone;
}

void ZerosLike::RunReference(const Params&, const Call& call) {
  std::memset(call.out[0].data, 0, call.out[0].SizeBytes());
}

}  // namespace thimble::kernels
