#include "kernels/less/op.h"

namespace thimble::kernels {
Reason Less::Check(const Params&, const Call& call) { return CheckComparison(call, false); }

void Less::RunReference(const Params&, const Call& call) { Compare(call, kLess); }

}  // namespace thimble::kernels
