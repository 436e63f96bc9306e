#include "base/float_math.h"
#include "kernels/log/op.h"

namespace thimble::kernels {
Reason Log::Check(const Params&, const Call& call) { return CheckUnary(call, false); }

void Log::RunReference(const Params&, const Call& call) { MapReal(call, Ln); }

}  // namespace thimble::kernels
