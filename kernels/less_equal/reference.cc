#include "kernels/less_equal/op.h"

namespace thimble::kernels {
Reason LessEqual::Check(const Params&, const Call& call) { return CheckComparison(call, false); }

void LessEqual::RunReference(const Params&, const Call& call) { Compare(call, kLess | kSame); }

}  // namespace thimble::kernels
