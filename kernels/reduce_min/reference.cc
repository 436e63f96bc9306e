#include "kernels/reduce_min/op.h"

namespace thimble::kernels {

Reason ReduceMin::Check(const Params& params, const Call& call) { return CheckReduceExtreme(params, call); }

void ReduceMin::RunReference(const Params&, const Call& call) { RunReduceExtreme(call, true); }

}  // namespace thimble::kernels
