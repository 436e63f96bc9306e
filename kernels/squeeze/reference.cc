#include "kernels/squeeze/op.h"

namespace thimble::kernels {

Reason Squeeze::Check(const Params&, const Call& call) { return CheckView(call); }

void Squeeze::RunReference(const Params&, const Call& call) { RunView(call); }

}  // namespace thimble::kernels
