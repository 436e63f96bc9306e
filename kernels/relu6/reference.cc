#include "kernels/relu6/op.h"

namespace thimble::kernels {
Reason Relu6::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckUnary(call, true));
  const Tensor &x = call.in[0], &y = call.out[0];
  THIMBLE_REQUIRE(IsFloat(x) || (x.Scale() == y.Scale() && x.zero_point == y.zero_point), OperandQuantisation);
  return Reason::kNone;
}

void Relu6::RunReference(const Params&, const Call& call) { ClampReal(call, 0, 6); }

}  // namespace thimble::kernels
