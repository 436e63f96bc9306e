#include "kernels/neg/op.h"

namespace thimble::kernels {
Reason Neg::Check(const Params&, const Call& call) { return CheckUnary(call, false); }

void Neg::RunReference(const Params&, const Call& call) {
  MapReal(call, [](float x) { return -x; });
}

}  // namespace thimble::kernels
