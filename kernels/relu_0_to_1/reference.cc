#include "kernels/relu_0_to_1/op.h"

namespace thimble::kernels {
Reason Relu0To1::Check(const Params&, const Call& call) { return CheckUnary(call, true); }

void Relu0To1::RunReference(const Params&, const Call& call) { ClampReal(call, 0, 1); }

}  // namespace thimble::kernels
