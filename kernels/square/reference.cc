#include "kernels/square/op.h"

namespace thimble::kernels {
Reason Square::Check(const Params&, const Call& call) { return CheckUnary(call, false); }

void Square::RunReference(const Params&, const Call& call) {
  MapReal(call, [](float x) { return x * x; });
}

}  // namespace thimble::kernels
