#include "kernels/floor/op.h"
#include "kernels/real_functions.h"

namespace thimble::kernels {
Reason Floor::Check(const Params&, const Call& call) { return CheckUnary(call, false); }

void Floor::RunReference(const Params&, const Call& call) { MapReal(call, real::Floor); }

}  // namespace thimble::kernels
