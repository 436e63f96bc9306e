#include "kernels/real_functions.h"
#include "kernels/tanh/op.h"

namespace thimble::kernels {
Reason Tanh::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckSigmoid(call, kOctaves));
  return Reason::kNone;
}

void Tanh::RunReference(const Params&, const Call& call) {
  switch (call.in[0].type) {
    case Type::kInt8:
      return RunSigmoidBytes(call, FixedTanh, 7, 0);
    case Type::kInt16:
      return RunSigmoidWords(call, Tanh16, kOctaves);
    default:
      return MapReal(call, real::Tanh);
  }
}

}  // namespace thimble::kernels
