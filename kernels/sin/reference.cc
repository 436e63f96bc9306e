#include "kernels/real_functions.h"
#include "kernels/sin/op.h"

namespace thimble::kernels {
Reason Sin::Check(const Params&, const Call& call) { return CheckUnary(call, false); }

void Sin::RunReference(const Params&, const Call& call) { MapReal(call, real::Sin); }

}  // namespace thimble::kernels
