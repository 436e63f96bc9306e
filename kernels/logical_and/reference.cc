#include "kernels/logical_and/op.h"

namespace thimble::kernels {
Reason LogicalAnd::Check(const Params&, const Call& call) { return CheckLogical(call, 2); }

void LogicalAnd::RunReference(const Params&, const Call& call) { RunLogical(call, 0b1000); }

}  // namespace thimble::kernels
