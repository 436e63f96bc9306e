#include "base/float_math.h"
#include "kernels/leaky_relu/op.h"

namespace thimble::kernels {
Reason LeakyRelu::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(IsFinite(params.alpha), Option);
  return CheckUnary(call, true);
}

void LeakyRelu::RunReference(const Params& params, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const float alpha = params.alpha;
  if (IsFloat(x)) return MapReal(call, [=](float value) { return value > 0 ? value : value * alpha; });
  const float magnitude = alpha < 0 ? -alpha : alpha;
  const Multiplier positive = QuantiseMultiplier(static_cast<double>(x.Scale() / y.Scale()));
  Multiplier negative = QuantiseMultiplier(static_cast<double>(x.Scale() * magnitude / y.Scale()));
  if (alpha < 0) negative.mantissa = -negative.mantissa;
  MapStored(call, [&](int32_t value) { return Scale(value, value >= 0 ? positive : negative); });
}

}  // namespace thimble::kernels
