#include "kernels/arg_min/op.h"

namespace thimble::kernels {

Reason ArgMin::Check(const Params&, const Call& call) { return CheckArg(call); }

void ArgMin::RunReference(const Params&, const Call& call) { RunArg(call, true); }

}  // namespace thimble::kernels
