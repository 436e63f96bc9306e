#include "kernels/arg_max/op.h"

namespace thimble::kernels {

Reason ArgMax::Check(const Params&, const Call& call) { return CheckArg(call); }

void ArgMax::RunReference(const Params&, const Call& call) { RunArg(call, false); }

}  // namespace thimble::kernels
