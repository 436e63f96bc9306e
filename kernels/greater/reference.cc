#include "kernels/greater/op.h"

namespace thimble::kernels {
Reason Greater::Check(const Params&, const Call& call) { return CheckComparison(call, false); }

void Greater::RunReference(const Params&, const Call& call) { Compare(call, kMore); }

}  // namespace thimble::kernels
