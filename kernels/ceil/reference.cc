#include "kernels/ceil/op.h"
#include "kernels/real_functions.h"

namespace thimble::kernels {
Reason Ceil::Check(const Params&, const Call& call) { return CheckUnary(call, false); }

void Ceil::RunReference(const Params&, const Call& call) { MapReal(call, real::Ceil); }

}  // namespace thimble::kernels
