#include "steps/multiply/pack.h"

#include "steps/requantise.h"

namespace thimble::steps {

std::optional<Packed<Multiply::Params>> PackMultiply(const Product& layer, Target target) {
  const int64_t a_low = -128 - layer.a_zero_point, a_high = 127 - layer.a_zero_point;
  const int64_t b_low = -128 - layer.b_zero_point, b_high = 127 - layer.b_zero_point;
  const auto [low, high] = std::minmax({a_low * b_low, a_low * b_high, a_high * b_low, a_high * b_high});
  const auto requantiser =
      MakeRequantiser(layer.multiplier.mantissa, layer.multiplier.shift, layer.output_zero_point, {low, high});
  if (!requantiser) return std::nullopt;
  Packed<Multiply::Params> packed;
  Multiply::Params& params = packed.params;
  params.count = layer.count;
  params.input_zero_point = layer.a_zero_point;
  params.second_zero_point = layer.b_zero_point;
  params.mantissa = requantiser->mantissa;
  params.half = requantiser->half;
  params.shift = requantiser->shift;
  params.clamp_low = layer.clamp_low;
  params.clamp_high = layer.clamp_high;
  packed.stack_bytes = 60;
  packed.lead_bytes = packed.second_lead_bytes = 0;
  const bool clamped = layer.clamp_low > -128 || layer.clamp_high < 127;
  packed.cycles = 112 + layer.count * ((target == Target::kCortexM4 ? 10.75 : 30) + (clamped ? 2.5 : 0));
  return packed;
}

}  // namespace thimble::steps
