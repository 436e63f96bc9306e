#include "kernels/greater_equal/op.h"

namespace thimble::kernels {
Reason GreaterEqual::Check(const Params&, const Call& call) { return CheckComparison(call, false); }

void GreaterEqual::RunReference(const Params&, const Call& call) { Compare(call, kMore | kSame); }

}  // namespace thimble::kernels
