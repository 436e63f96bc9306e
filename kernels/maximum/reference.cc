#include "kernels/maximum/op.h"

namespace thimble::kernels {
Reason Maximum::Check(const Params&, const Call& call) { return CheckExtreme(call); }

void Maximum::RunReference(const Params&, const Call& call) { RunExtreme(call, true); }

}  // namespace thimble::kernels
