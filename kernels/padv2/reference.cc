#include "kernels/padv2/op.h"

namespace thimble::kernels {

Reason Padv2::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 3));
  THIMBLE_REQUIRE(call.in[2].type == call.in[0].type, OperandTypes);
  THIMBLE_REQUIRE(call.in[2].shape.Count() == 1, OperandShapes);
  THIMBLE_REQUIRE(SameQuantisation(call.in[0], call.out[0]), OperandQuantisation);
  THIMBLE_REQUIRE(SameQuantisation(call.in[2], call.out[0]), OperandQuantisation);
  return CheckPaddings(call);
}

void Padv2::RunReference(const Params&, const Call& call) { RunPad(call, call.in[2].data); }

}  // namespace thimble::kernels
