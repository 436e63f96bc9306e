#include "kernels/reshape/op.h"

namespace thimble::kernels {

Reason Reshape::Check(const Params&, const Call& call) {
  THIMBLE_REQUIRE(!call.in.empty() && call.in.size() <= 2 && call.in[0].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(call.in[0].type == call.out[0].type, OperandTypes);
  THIMBLE_REQUIRE(call.in[0].shape.Count() == call.out[0].shape.Count(), OperandShapes);
  return Reason::kNone;
}

void Reshape::RunReference(const Params&, const Call& call) {
  if (call.out[0].data != call.in[0].data) std::memcpy(call.out[0].data, call.in[0].data, call.in[0].SizeBytes());
}

}  // namespace thimble::kernels
