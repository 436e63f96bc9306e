#include "kernels/sign/op.h"

namespace thimble::kernels {
Reason Sign::Check(const Params&, const Call& call) { return CheckUnary(call, false); }

void Sign::RunReference(const Params&, const Call& call) {
  MapReal(call, [](float x) { return x > 0 ? 1.0f : x < 0 ? -1.0f : x; });
}

}  // namespace thimble::kernels
