#include "kernels/equal/op.h"

namespace thimble::kernels {
Reason Equal::Check(const Params&, const Call& call) { return CheckComparison(call, true); }

void Equal::RunReference(const Params&, const Call& call) { Compare(call, kSame); }

}  // namespace thimble::kernels
