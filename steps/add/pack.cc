#include "steps/add/pack.h"

#include "steps/requantise.h"

namespace thimble::steps {
namespace {

constexpr Multiplier kHalf = {1 << 30, 0};

bool IsHalf(Multiplier multiplier) { return multiplier.mantissa == kHalf.mantissa && multiplier.shift == kHalf.shift; }

SumRange Differences(int32_t zero_point, int bits) {
  return {(int64_t{-128} - zero_point) * (int64_t{1} << bits), (int64_t{127} - zero_point) * (int64_t{1} << bits)};
}

}  // namespace

std::optional<Packed<Add::Params>> PackAdd(const Addition& layer, Target target) {
  const bool swapped = !IsHalf(layer.a_multiplier);
  const Multiplier scaled = swapped ? layer.a_multiplier : layer.b_multiplier;
  if (swapped && !IsHalf(layer.b_multiplier)) return std::nullopt;
  Packed<Add::Params> packed;
  Add::Params& params = packed.params;
  params.count = layer.count;
  params.exact_is_second = swapped ? 1 : 0;
  params.exact_zero_point = swapped ? layer.b_zero_point : layer.a_zero_point;
  params.scaled_zero_point = swapped ? layer.a_zero_point : layer.b_zero_point;
  params.clamp_low = layer.clamp_low;
  params.clamp_high = layer.clamp_high;
  const SumRange exact = Differences(params.exact_zero_point, 19);
  SumRange both = Differences(params.scaled_zero_point, 19);  // the smaller scale is no wider
  if (!IsHalf(scaled)) {
    const auto requantiser =
        MakeRequantiser(scaled.mantissa, scaled.shift, 0, Differences(params.scaled_zero_point, 20));
    if (!requantiser) return std::nullopt;
    params.scaled_mantissa = requantiser->mantissa;
    params.scaled_half = requantiser->half;
    params.scaled_shift = requantiser->shift;
  }
  both.low += exact.low;
  both.high += exact.high;
  const auto requantiser =
      MakeRequantiser(layer.multiplier.mantissa, layer.multiplier.shift, layer.output_zero_point, both);
  if (!requantiser) return std::nullopt;
  params.mantissa = requantiser->mantissa;
  params.half = requantiser->half;
  params.shift = requantiser->shift;
  packed.stack_bytes = 60;
  packed.lead_bytes = packed.second_lead_bytes = 0;
  const bool clamped = layer.clamp_low > -128 || layer.clamp_high < 127;
  const double each = target != Target::kCortexM4 ? 40 : params.scaled_shift == 0 ? 10 : 16.75;
  packed.cycles = 122 + layer.count * (each + (clamped ? 2.5 : 0));
  return packed;
}

}  // namespace thimble::steps
