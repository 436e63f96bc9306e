#include "base/float_math.h"
#include "kernels/sqrt/op.h"

namespace thimble::kernels {
Reason Sqrt::Check(const Params&, const Call& call) { return CheckUnary(call, false); }

void Sqrt::RunReference(const Params&, const Call& call) { MapReal(call, thimble::Sqrt); }

}  // namespace thimble::kernels
