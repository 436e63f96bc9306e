#include "base/float_math.h"
#include "kernels/fixed_functions.h"
#include "kernels/real_functions.h"
#include "kernels/rsqrt/op.h"

namespace thimble::kernels {
Reason Rsqrt::Check(const Params&, const Call& call) { return CheckUnary(call, true); }

void Rsqrt::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  if (IsFloat(x)) return MapReal(call, [](float value) { return 1 / thimble::Sqrt(value); });
  constexpr int kMoreBits = 20;
  Multiplier to_output = QuantiseMultiplier(1 / (real::PreciseSqrt(x.Scale()) * static_cast<double>(y.Scale())));
  to_output.shift -= kMoreBits;
  if (to_output.shift < -31) to_output = {};
  MapStored(call, [&](int32_t value) {
    if (value <= 0) return int32_t{INT16_MAX};
    Multiplier root = InverseSquareRoot(value);
    root.shift += kMoreBits;
    return Scale(Scale(int32_t{1}, root), to_output);
  });
}

}  // namespace thimble::kernels
