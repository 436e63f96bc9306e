#include "base/float_math.h"
#include "kernels/logistic/op.h"

namespace thimble::kernels {
Reason Logistic::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckSigmoid(call, kOctaves));
  THIMBLE_REQUIRE(call.in[0].type != Type::kInt8 || call.out[0].zero_point == -128, OperandQuantisation);
  return Reason::kNone;
}

void Logistic::RunReference(const Params&, const Call& call) {
  switch (call.in[0].type) {
    case Type::kInt8:
      return RunSigmoidBytes(call, FixedLogistic, 8, -128);
    case Type::kInt16:
      return RunSigmoidWords(call, Logistic16, kOctaves);
    default:
      return MapReal(
          call, [](float x) { return x < 0 ? thimble::Exp(x) / (1 + thimble::Exp(x)) : 1 / (1 + thimble::Exp(-x)); });
  }
}

}  // namespace thimble::kernels
