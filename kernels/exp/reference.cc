#include "base/float_math.h"
#include "kernels/exp/op.h"

namespace thimble::kernels {
Reason Exp::Check(const Params&, const Call& call) { return CheckUnary(call, false); }

void Exp::RunReference(const Params&, const Call& call) { MapReal(call, thimble::Exp); }

}  // namespace thimble::kernels
