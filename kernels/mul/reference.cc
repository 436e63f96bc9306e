#include "kernels/mul/op.h"

namespace thimble::kernels {
Reason Mul::Check(const Params& params, const Call& call) { return CheckArithmetic(params, call); }

void Mul::RunReference(const Params& params, const Call& call) {
  const Tensor& y = call.out[0];
  if (IsFloat(y)) return MapFloats(params.activation, call, [](float a, float b) { return a * b; });
  if (y.type == Type::kInt32) return MapIntegers(params.activation, call, WrapMultiply);
  const Multiplier multiplier = QuantiseRatio(call.in[0].Scale(), call.in[1].Scale(), y.Scale());
  MapStoredPairs(call, StoredRange(params.activation, y),
                 [&](int32_t a, int32_t b) { return Scale(WrapMultiply(a, b), multiplier); });
}

}  // namespace thimble::kernels
