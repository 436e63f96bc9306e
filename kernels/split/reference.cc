#include "kernels/split/op.h"

namespace thimble::kernels {

Reason Split::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 2, InputCount);
  THIMBLE_CHECK(CheckSplitting(params, call.in[1], call.in[0], call.out));
  for (const Tensor& piece : call.out) THIMBLE_REQUIRE(piece.shape == call.out[0].shape, OperandShapes);
  return Reason::kNone;
}

void Split::RunReference(const Params&, const Call& call) { RunSplitting(call.in[1], call.in[0], call.out); }

}  // namespace thimble::kernels
