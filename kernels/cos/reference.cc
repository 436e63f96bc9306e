#include "kernels/cos/op.h"
#include "kernels/real_functions.h"

namespace thimble::kernels {
Reason Cos::Check(const Params&, const Call& call) { return CheckUnary(call, false); }

void Cos::RunReference(const Params&, const Call& call) { MapReal(call, real::Cos); }

}  // namespace thimble::kernels
