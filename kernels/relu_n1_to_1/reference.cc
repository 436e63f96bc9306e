#include "kernels/relu_n1_to_1/op.h"

namespace thimble::kernels {
Reason ReluN1To1::Check(const Params&, const Call& call) { return CheckUnary(call, true); }

void ReluN1To1::RunReference(const Params&, const Call& call) { ClampReal(call, -1, 1); }

}  // namespace thimble::kernels
