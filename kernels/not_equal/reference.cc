#include "kernels/not_equal/op.h"

namespace thimble::kernels {
Reason NotEqual::Check(const Params&, const Call& call) { return CheckComparison(call, true); }

void NotEqual::RunReference(const Params&, const Call& call) { Compare(call, kLess | kMore | kUnordered); }

}  // namespace thimble::kernels
