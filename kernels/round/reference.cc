#include "kernels/real_functions.h"
#include "kernels/round/op.h"

namespace thimble::kernels {
Reason Round::Check(const Params&, const Call& call) { return CheckUnary(call, false); }

void Round::RunReference(const Params&, const Call& call) { MapReal(call, real::RoundToEven); }

}  // namespace thimble::kernels
