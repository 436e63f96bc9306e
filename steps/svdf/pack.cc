#include "steps/svdf/pack.h"

#include "steps/four_sums/channels.h"

namespace thimble::steps {
namespace {

/// Measured with the cycle counter on layers of 8 to 200 inputs, 4 to 128 filters and 2 to 40 moments: within 5 %.
double PredictCycles(const Svdf::Params& p) {
  const double tile = kFourSumsCallCycles + FourSumsRowCycles(p.inputs) + 145;
  const int32_t moments = p.rank * p.moments;
  const double advance = 1.25 * moments * (p.int16_state != 0 ? 2 : 1);
  // A loop over two words, and what is left.
  const double products =
      p.int16_state != 0 ? 53 + moments / 4 * 11.5 + moments % 4 * 9.5 : 57 + moments / 8 * 24.0 + moments % 8 * 9.5;
  return 60 + p.batches * (90 + p.tiles * tile + p.units * (advance + products));
}

}  // namespace

std::optional<Packed<Svdf::Params>> PackSvdf(const TimeFilter& layer, Target target) {
  if (target != Target::kCortexM4 && target != Target::kCortexM55) return std::nullopt;
  constexpr int64_t kMost = 1 << 20;
  const int64_t filters = int64_t{layer.units} * layer.rank, unit_moments = int64_t{layer.rank} * layer.moments;
  if (layer.batches < 1 || layer.inputs < 1 || layer.inputs > kMost || layer.batches > kMost) return std::nullopt;
  if (filters < 1 || filters > kMost || filters * layer.moments > kMost) return std::nullopt;
  Packed<Svdf::Params> packed;
  Svdf::Params& p = packed.params;
  p.state = static_cast<int32_t>(layer.state);
  p.batches = layer.batches, p.inputs = layer.inputs;
  p.units = layer.units, p.rank = layer.rank, p.moments = layer.moments;
  p.int16_state = layer.int16_state ? 1 : 0;
  p.state_zero_point = layer.state_zero_point;
  p.output_zero_point = layer.output_zero_point;
  p.output_mantissa = layer.to_output.mantissa, p.output_shift = layer.to_output.shift;

  std::vector<LaneChannel> channels;
  SumRange features;
  for (size_t f = 0; f < static_cast<size_t>(filters); ++f) {
    const auto inputs = static_cast<size_t>(layer.inputs);
    channels.push_back(
        MakeLaneChannel(std::span(layer.weights).subspan(f * inputs, inputs), 0, layer.input_zero_point));
    features.low = std::min(features.low, channels.back().sums.low);
    features.high = std::max(features.high, channels.back().sums.high);
  }
  const auto to_state = MakeGeneralRequantiser(layer.to_state.mantissa, layer.to_state.shift, features);
  if (!to_state) return std::nullopt;
  p.state_mantissa = to_state->mantissa, p.state_half = to_state->half, p.state_shifts = to_state->shifts;

  ConstantWriter constants;
  LaneChannel none;
  none.weights.assign(static_cast<size_t>(layer.inputs), 0);
  const auto at = [&](int32_t f) { return f < 0 ? &none : &channels[static_cast<size_t>(f)]; };
  const auto pairs = PairUp(0, static_cast<int32_t>(filters),
                            [&](int32_t first, int32_t second) { return CanPair(*at(first), *at(second)); });
  for (size_t i = 0; i < pairs.size(); i += 2) {
    const auto [a, b] = pairs[i];
    const auto [c, d] = pairs[i + 1];
    WriteFourSums(constants, {{at(a), at(b)}, {at(c), at(d)}});
    for (const int32_t filter : {a, b, c, d}) constants.Write(filter);
  }
  p.tiles = static_cast<int32_t>(pairs.size() / 2);
  for (int64_t u = 0; u < layer.units; ++u) {
    int32_t bias = layer.bias[static_cast<size_t>(u)];
    for (int64_t m = u * unit_moments; m < (u + 1) * unit_moments; ++m) {
      bias = WrapAdd(bias, WrapMultiply(-layer.state_zero_point, layer.time[static_cast<size_t>(m)]));
    }
    constants.Write(bias);
  }
  for (const int16_t weight : layer.time) {
    if (layer.int16_state) {
      constants.Write(weight);
    } else {
      constants.Write(static_cast<int8_t>(weight));
    }
  }
  packed.constants = constants.Take();
  packed.stack_bytes = 160;
  packed.lead_bytes = LeadBytes(
      layer.batches, int64_t{layer.batches} * layer.inputs, [&](int64_t b) { return (b + 1) * layer.inputs; },
      [&](int64_t b) { return (b + 1) * layer.units; });
  packed.cycles = PredictCycles(p);
  return packed;
}

}  // namespace thimble::steps
