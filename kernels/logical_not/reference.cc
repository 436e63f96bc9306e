#include "kernels/logical_not/op.h"

namespace thimble::kernels {
Reason LogicalNot::Check(const Params&, const Call& call) { return CheckLogical(call, 1); }

void LogicalNot::RunReference(const Params&, const Call& call) { RunLogical(call, 0b01); }

}  // namespace thimble::kernels
