#include "steps/dense/pack.h"

#include <algorithm>
#include <cmath>

#include "steps/dense/tiles.h"
#include "steps/lane_packing.h"
#include "steps/pack_layer.h"

namespace thimble::steps {
namespace {

/// Biases, then weights by fours, the last first.
void WriteSums(ConstantWriter& constants, std::span<const LanePair> pairs) {
  for (const LanePair& pair : pairs) constants.Write(pair.BothBias());
  for (const LanePair& pair : pairs) constants.Write(pair.FirstBias());
  const auto quads = static_cast<size_t>(DenseQuads(static_cast<int64_t>(pairs[0].first->weights.size())));
  for (size_t i = 0; i < quads; ++i) {
    const size_t quad = (i + quads - 1) % quads;
    for (const size_t odd : {0, 1}) {
      for (const LanePair& pair : pairs) constants.Write(pair.Lanes(4 * quad + odd, 4 * quad + odd + 2));
    }
  }
}

std::vector<Requantiser> RequantisersOf(const Convolution& layer, std::span<const LaneChannel> channels) {
  std::vector<Requantiser> requantisers;
  for (const LaneChannel& channel : channels) {
    requantisers.push_back(
        MakeRequantiser(channel.mantissa, channel.shift, layer.output_zero_point, channel.sums).value());
  }
  return requantisers;
}

bool AreAlike(const Requantiser& a, const Requantiser& b) {
  return a.mantissa == b.mantissa && a.half == b.half && a.shift == b.shift;
}

void WriteTileOf8(ConstantWriter& constants, const Dense::Params& params, std::span<const LaneChannel> channels,
                  std::span<const Requantiser> requantisers) {
  const LanePair pairs[] = {{&channels[0], &channels[1]},
                            {&channels[2], &channels[3]},
                            {&channels[4], &channels[5]},
                            {&channels[6], &channels[7]}};
  WriteSums(constants, pairs);
  if (params.mantissa != 0) return;
  for (const Requantiser& requantiser : requantisers) {
    constants.Write(requantiser.mantissa), constants.Write(requantiser.half), constants.Write(requantiser.shift);
  }
}

/// The part of a channel that sees segment `segment` of `segments`.
LaneChannel Segment(const Convolution& layer, const LaneChannel& channel, int32_t segment, int32_t segments) {
  if (channel.output < 0 || segments == 1) return channel;
  const auto count = static_cast<int64_t>(channel.weights.size()) / segments;
  const auto begin = channel.weights.begin() + segment * count;
  LaneChannel part = MakeLaneChannel(layer, channel.output, {begin, begin + count});
  if (segment > 0) {
    const int64_t bias = layer.bias[size_t(channel.output)];
    part.bias -= bias, part.sums.low -= bias, part.sums.high -= bias;
  }
  return part;
}

/// All channels from `first` on, in pairs of which each segment fits its lanes.
struct TilesOf4 {
  int32_t segments = 1;
  std::vector<std::pair<int32_t, int32_t>> pairs;
};

TilesOf4 PlanTilesOf4(const Convolution& layer, std::span<const LaneChannel> channels, int32_t first,
                      int32_t segments) {
  const auto can_pair = [&](int32_t a, int32_t b) {
    for (int32_t segment = 0; segment < segments; ++segment) {
      if (!CanPair(Segment(layer, channels[size_t(a)], segment, segments),
                   Segment(layer, channels[size_t(b)], segment, segments))) {
        return false;
      }
    }
    return true;
  };
  return {segments, PairUp(first, static_cast<int32_t>(channels.size()), can_pair)};
}

/// False if a channel cannot be scaled exactly.
bool WriteTilesOf4(ConstantWriter& constants, const Convolution& layer, std::span<const LaneChannel> channels,
                   const TilesOf4& tiles) {
  LaneChannel none;
  none.weights.assign(channels[0].weights.size() / static_cast<size_t>(tiles.segments), 0);
  const auto at = [&](int32_t i) -> const LaneChannel& { return i < 0 ? none : channels[size_t(i)]; };
  for (size_t i = 0; i < tiles.pairs.size(); i += 2) {
    const int32_t four[] = {tiles.pairs[i].first, tiles.pairs[i].second, tiles.pairs[i + 1].first,
                            tiles.pairs[i + 1].second};
    for (int32_t segment = 0; segment < tiles.segments; ++segment) {
      std::vector<LaneChannel> parts;
      for (const int32_t channel : four) parts.push_back(Segment(layer, at(channel), segment, tiles.segments));
      const LanePair pairs[] = {{&parts[0], &parts[1]}, {&parts[2], &parts[3]}};
      WriteSums(constants, pairs);
    }
    for (const int32_t index : four) {
      const LaneChannel& channel = at(index);
      const auto requantiser = MakeGeneralRequantiser(channel.mantissa, channel.shift, channel.sums);
      if (!requantiser) return false;
      constants.Write(requantiser->mantissa), constants.Write(requantiser->half), constants.Write(requantiser->shifts);
      constants.Write(channel.output);
    }
  }
  return true;
}

/// Measured with the cycle counter on layers of 1 to 4,000 inputs: within 5 %. What four inputs of a tile cost (39, 20)
/// and the tile itself can be read from cortex_m4.S; the rest is the code around.
double PredictCycles(const Dense::Params& p) {
  const double quads = DenseQuads(p.inputs);
  const double blocks = std::ceil((quads - 1) / 4);
  const double tile_of_8 = (p.mantissa != 0 ? 88 : 118) + 39 * quads + 4 * blocks;
  const double segment = 95 + 20 * quads + 4 * blocks;
  const double channels = p.outputs - 8 * p.tiles_of_8;
  const double of_4 = p.segments == 1 ? p.tiles_of_4 * (21 + segment) + 15 * channels
                                      : p.tiles_of_4 * (70 + p.segments * (30 + segment)) + 50 * channels;
  return p.rows * (92 + (p.tiles_of_8 > 0 ? 65 + p.tiles_of_8 * tile_of_8 : 0) + of_4);
}

}  // namespace

std::optional<Packed<Dense::Params>> PackDense(const Convolution& layer, Target target) {
  if (target != Target::kCortexM4 && target != Target::kCortexM55) return std::nullopt;
  if (!IsWalkable(layer) || layer.int16 || layer.depthwise()) return std::nullopt;
  if (layer.pad_top != 0 || layer.pad_left != 0) return std::nullopt;
  const bool whole = layer.output_height == 1 && layer.output_width == 1 && layer.kernel_height == layer.input_height &&
                     layer.kernel_width == layer.input_width &&
                     (layer.kernel_height == 1 || layer.dilation_height == 1) &&
                     (layer.kernel_width == 1 || layer.dilation_width == 1);
  const bool pixelwise = layer.kernel_height == 1 && layer.kernel_width == 1 && layer.stride_height == 1 &&
                         layer.stride_width == 1 && layer.output_height == layer.input_height &&
                         layer.output_width == layer.input_width;
  if (!whole && !pixelwise) return std::nullopt;
  Packed<Dense::Params> packed;
  Dense::Params& p = packed.params;
  p.rows = layer.output_height * layer.output_width;
  p.inputs = static_cast<int32_t>(layer.input_bytes()) / p.rows;
  p.outputs = layer.output_channels;
  p.output_zero_point = layer.output_zero_point;
  p.clamp_low = layer.clamp_low, p.clamp_high = layer.clamp_high;

  std::vector<LaneChannel> channels;
  for (int32_t o = 0; o < layer.output_channels; ++o) {
    std::vector<int8_t> weights;
    ForEachWeight(layer, o, [&](int8_t weight) { weights.push_back(weight); });
    channels.push_back(MakeLaneChannel(layer, o, std::move(weights)));
  }
  const std::span<const LaneChannel> all = channels;
  size_t common = 0;
  while (all.size() - common >= 8 && IsCommon(layer, all.subspan(common, 8))) common += 8;
  const std::vector<Requantiser> requantisers = RequantisersOf(layer, all.first(common));
  if (std::all_of(requantisers.begin(), requantisers.end(),
                  [&](const Requantiser& requantiser) { return AreAlike(requantiser, requantisers[0]); }) &&
      common > 0) {
    p.mantissa = requantisers[0].mantissa, p.half = requantisers[0].half, p.shift = requantisers[0].shift;
  }
  p.tiles_of_8 = static_cast<int32_t>(common / 8);
  ConstantWriter constants;
  for (size_t i = 0; i < common; i += 8) {
    WriteTileOf8(constants, p, all.subspan(i, 8), std::span(requantisers).subspan(i, 8));
  }
  TilesOf4 tiles = PlanTilesOf4(layer, all, static_cast<int32_t>(common), 1);
  for (int32_t segments = 2; common == 0 && segments <= 16 && p.inputs % (4 * segments) == 0; segments *= 2) {
    TilesOf4 shorter = PlanTilesOf4(layer, all, 0, segments);
    if (shorter.pairs.size() < tiles.pairs.size()) tiles = std::move(shorter);
  }
  if (!WriteTilesOf4(constants, layer, all, tiles)) return std::nullopt;
  p.tiles_of_4 = static_cast<int32_t>(tiles.pairs.size() / 2);
  p.segments = tiles.segments;
  p.inputs /= tiles.segments;
  const DenseLoop loop = DenseLoopOf(p.inputs);
  p.first_quads = loop.first_quads, p.inputs_first = loop.inputs_first, p.inputs_end = loop.inputs_end;
  p.step_of_8 = loop.step_of_8, p.step_of_4 = loop.step_of_4;
  packed.constants = constants.Take();
  packed.stack_bytes = 170;

  // Tiles of 8, then those of 4 as one: how far they have written is not worth telling.
  const int64_t units = p.tiles_of_8 + (p.tiles_of_4 > 0 ? 1 : 0);
  const int64_t tiles_of_4 = p.tiles_of_4;
  packed.lead_bytes = LeadBytes(
      p.rows * units, layer.input_bytes(),
      [&](int64_t unit) {
        const bool row_is_read = unit % units == units - 1 && tiles_of_4 <= 1;
        return (unit / units + (row_is_read ? 1 : 0)) * p.segments * p.inputs;
      },
      [&](int64_t unit) {
        const bool last = unit % units == units - 1;
        return unit / units * p.outputs + (last ? p.outputs : (unit % units + 1) * 8);
      });
  packed.cycles = PredictCycles(p);
  return packed;
}

}  // namespace thimble::steps
