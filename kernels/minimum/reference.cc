#include "kernels/minimum/op.h"

namespace thimble::kernels {
Reason Minimum::Check(const Params&, const Call& call) { return CheckExtreme(call); }

void Minimum::RunReference(const Params&, const Call& call) { RunExtreme(call, false); }

}  // namespace thimble::kernels
