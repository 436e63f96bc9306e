#include "kernels/pad/op.h"

namespace thimble::kernels {

Reason Pad::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  THIMBLE_REQUIRE(SameQuantisation(call.in[0], call.out[0]), OperandQuantisation);
  return CheckPaddings(call);
}

void Pad::RunReference(const Params&, const Call& call) {
  const uint64_t zero = StoredZero(call.out[0]);
  RunPad(call, &zero);
}

}  // namespace thimble::kernels
