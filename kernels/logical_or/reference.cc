#include "kernels/logical_or/op.h"

namespace thimble::kernels {
Reason LogicalOr::Check(const Params&, const Call& call) { return CheckLogical(call, 2); }

void LogicalOr::RunReference(const Params&, const Call& call) { RunLogical(call, 0b1110); }

}  // namespace thimble::kernels
