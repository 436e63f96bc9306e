#include "kernels/reduce_max/op.h"

namespace thimble::kernels {

Reason ReduceMax::Check(const Params& params, const Call& call) { return CheckReduceExtreme(params, call); }

void ReduceMax::RunReference(const Params&, const Call& call) { RunReduceExtreme(call, false); }

}  // namespace thimble::kernels
