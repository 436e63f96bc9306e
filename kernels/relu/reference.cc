#include "kernels/relu/op.h"

namespace thimble::kernels {
Reason Relu::Check(const Params&, const Call& call) { return CheckUnary(call, true); }

void Relu::RunReference(const Params&, const Call& call) { ClampReal(call, 0, kLargestFloat); }

}  // namespace thimble::kernels
