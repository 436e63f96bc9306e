#include "steps/winograd/pack.h"

#include <cmath>
#include <optional>

#include "steps/pack_layer.h"
#include "steps/requantise.h"
#include "steps/winograd/layout.h"

namespace thimble::steps {
namespace {

using winograd::BlockBytes;
using winograd::Channel;
using winograd::Chunks;
using winograd::kTilesPerBlock;
using winograd::PairBytes;

bool Fits(const Convolution& layer, int32_t tile) {
  // One row of tiles of 4 x 4 with padding above and below is not worth its code.
  if (tile == 4 && layer.output_height == 4 && layer.pad_top == 1 && layer.input_height == 4) return false;
  const auto length = [&](int32_t in, int32_t out, int32_t pad) {
    return pad >= 0 && pad <= 1 && out >= tile && out + 2 - pad <= in + 1;
  };
  return !layer.depthwise() && !layer.int16 && layer.kernel_height == 3 && layer.kernel_width == 3 &&
         layer.stride_height == 1 && layer.stride_width == 1 && layer.dilation_height == 1 &&
         layer.dilation_width == 1 && layer.input_channels % 4 == 0 && layer.output_channels % 2 == 0 &&
         layer.clamp_low >= -128 && layer.clamp_high <= 127 &&
         length(layer.input_height, layer.output_height, layer.pad_top) &&
         length(layer.input_width, layer.output_width, layer.pad_left);
}

// The constants of each output, if no sum can leave the bits that there are for it.
std::optional<std::vector<Channel>> MakeChannels(const Convolution& layer, int32_t tile) {
  std::vector<Channel> channels;
  for (size_t o = 0; o < static_cast<size_t>(layer.output_channels); ++o) {
    SumRange sums{layer.bias[o], layer.bias[o]};
    int64_t weight_sum = 0;
    ForEachWeight(layer, static_cast<int32_t>(o), [&](int8_t weight) {
      const int32_t a = weight * (-128 - layer.input_zero_point), b = weight * (127 - layer.input_zero_point);
      sums.low += std::min(a, b);
      sums.high += std::max(a, b);
      weight_sum += weight;
    });
    if (!sums.Within(tile == 4 ? 26 : 30)) return std::nullopt;
    const auto requantiser = MakeRequantiser(layer.mantissa[o], layer.shift[o], layer.output_zero_point, sums);
    if (!requantiser) return std::nullopt;
    const int64_t zero_point = tile == 4 ? layer.input_zero_point + 128 : layer.input_zero_point;
    const int64_t bias = (layer.bias[o] - zero_point * weight_sum) * (tile == 4 ? 36 : 4);
    channels.push_back({static_cast<int32_t>(static_cast<uint64_t>(bias)), requantiser->mantissa, requantiser->half,
                        requantiser->shift});
  }
  return channels;
}

// [O / 2, C / 4, 2 outputs, 9, 4 channels], from [O, 9, C].
std::vector<int8_t> OrderWeights(const Convolution& layer) {
  std::vector<int8_t> ordered;
  const auto channels = static_cast<size_t>(layer.input_channels);
  for (size_t pair = 0; pair < static_cast<size_t>(layer.output_channels) / 2; ++pair) {
    for (size_t quad = 0; quad < channels / 4; ++quad) {
      for (size_t output = 2 * pair; output < 2 * pair + 2; ++output) {
        for (size_t tap = 0; tap < 9; ++tap) {
          for (size_t c = 4 * quad; c < 4 * quad + 4; ++c) {
            ordered.push_back(layer.weights[(output * 9 + tap) * channels + c]);
          }
        }
      }
    }
  }
  return ordered;
}

// Upper left corners of all tiles, in the order in which they are computed.
struct Corner {
  int32_t row, column;
};
std::vector<Corner> Corners(const Convolution& layer, int32_t tile) {
  std::vector<Corner> corners;
  for (int32_t i = 0; i < layer.output_height; i += tile) {
    for (int32_t j = 0; j < layer.output_width; j += tile) {
      corners.push_back({std::min(i, layer.output_height - tile), std::min(j, layer.output_width - tile)});
    }
  }
  return corners;
}

int64_t Lead(const Convolution& layer, int32_t tile, int32_t blocks) {
  const std::vector<Corner> corners = Corners(layer, tile);
  const auto in_group = static_cast<size_t>(blocks * kTilesPerBlock);
  // The lowest byte that tile t or a later one reads.
  std::vector<int64_t> read_from(corners.size() + 1, layer.input_bytes());
  for (size_t t = corners.size(); t-- > 0;) {
    const int64_t row = std::max<int32_t>(corners[t].row - layer.pad_top, 0);
    const int64_t column = std::max<int32_t>(corners[t].column - layer.pad_left, 0);
    read_from[t] = std::min(read_from[t + 1], (row * layer.input_width + column) * layer.input_channels);
  }
  const auto groups = static_cast<int64_t>((corners.size() + in_group - 1) / in_group);
  const auto end_of = [&](int64_t group) {
    return std::min((static_cast<size_t>(group) + 1) * in_group, corners.size());
  };
  return LeadBytes(
      groups, layer.input_bytes(), [&](int64_t group) { return read_from[end_of(group)]; },
      [&](int64_t group) {
        int64_t end = 0;
        for (size_t t = static_cast<size_t>(group) * in_group; t < end_of(group); ++t) {
          const int64_t pixel = int64_t{corners[t].row + tile - 1} * layer.output_width + corners[t].column + tile;
          end = std::max(end, pixel * layer.output_channels);
        }
        return end;
      });
}

// Counts what the loops of step.cc and cortex_m4.S do; the weights of the counts are measured (m4cycles).
double Cycles(const Convolution& layer, const Winograd::Params& params) {
  const std::vector<Corner> corners = Corners(layer, params.tile);
  const int32_t chunks = Chunks(layer.input_channels), quads = layer.input_channels / 4;
  const int32_t pairs = layer.output_channels / 2;
  const bool four = params.tile == 4;
  const double positions = winograd::Positions(params.tile);
  // Inputs, strip by strip: the columns that are read, then the rows of each tile.
  const double column = four ? 36.5 : 24.5, rows = four ? (chunks == 1 ? 224 : 270) : 86, half = four ? 58 : 125;
  double cycles = 400;
  int64_t strips = 0, columns = 0;
  for (size_t t = 0; t < corners.size(); ++t) {
    const bool begins = t % kTilesPerBlock == 0 || corners[t].row != corners[t - 1].row ||
                        corners[t].column != corners[t - 1].column + params.tile;
    strips += begins ? 1 : 0;
    columns += params.tile + (begins ? 2 : 0);
    const int32_t left = corners[t].column - layer.pad_left;
    columns -= (left < 0 ? 1 : 0) + (left + params.tile + 1 >= layer.input_width ? 1 : 0);
  }
  cycles += static_cast<double>(strips) * 220 +
            2 * quads *
                (static_cast<double>(columns) * column + static_cast<double>(corners.size()) * rows +
                 static_cast<double>(strips) * half);
  // Weights.
  const size_t whole_blocks = (corners.size() + kTilesPerBlock - 1) / kTilesPerBlock;
  const auto blocks = static_cast<double>(whole_blocks);
  const double groups = params.transform == Winograd::kOffline ? 0
                        : params.transform == Winograd::kOnce  ? 1
                                                               : std::ceil(blocks / params.blocks);
  cycles += groups * pairs * (60 + quads * 670.0);
  if (params.transform == Winograd::kOnce && layer.input_channels % winograd::kChannelsPerChunk != 0) {
    cycles += 0.9 * pairs * PairBytes(params.tile, layer.input_channels);
  }
  // Sums and outputs.
  const double calls = params.transform == Winograd::kPerPair ? pairs * blocks : blocks;
  const double position = chunks == 1 ? 139 : four && chunks == 2 ? 269 : 133 * chunks + 13;
  cycles += calls * 150 + pairs * blocks * (60 + positions * position) +
            layer.output_channels * static_cast<double>(corners.size()) * (four ? 332 : 93);
  if (params.clamp_low > -128 || params.clamp_high < 127) cycles += 2.5 * static_cast<double>(layer.output_bytes());
  return cycles;
}

}  // namespace

std::vector<Packed<Winograd::Params>> PackWinograd(const Convolution& layer, Target target) {
  std::vector<Packed<Winograd::Params>> candidates;
  if (target != Target::kCortexM4) return candidates;
  for (const int32_t tile : {4, 2}) {
    if (!Fits(layer, tile)) continue;
    const auto channels = MakeChannels(layer, tile);
    if (!channels) continue;
    const std::vector<int8_t> weights = OrderWeights(layer);
    const auto tiles = Corners(layer, tile).size();
    const auto pair_bytes = static_cast<size_t>(PairBytes(tile, layer.input_channels));
    const size_t pairs = channels->size() / 2;
    const auto add = [&](Winograd::Transform transform, int32_t blocks) {
      Packed<Winograd::Params>& packed = candidates.emplace_back();
      Winograd::Params& params = packed.params;
      params.input_height = layer.input_height;
      params.input_width = layer.input_width;
      params.input_channels = layer.input_channels;
      params.output_height = layer.output_height;
      params.output_width = layer.output_width;
      params.output_channels = layer.output_channels;
      params.pad_top = layer.pad_top;
      params.pad_left = layer.pad_left;
      params.pad_value = layer.input_zero_point;
      params.tile = tile;
      params.transform = transform;
      params.blocks = blocks;
      params.clamp_low = layer.clamp_low;
      params.clamp_high = layer.clamp_high;
      ConstantWriter writer;
      for (const Channel& channel : *channels) {
        for (const int32_t word : {channel.bias, channel.mantissa, channel.half, channel.shift}) writer.Write(word);
      }
      if (transform == Winograd::kOffline) {
        std::vector<int32_t> u(pair_bytes / sizeof(int32_t));
        for (size_t pair = 0; pair < pairs; ++pair) {
          winograd::TransformWeights(tile, weights.data() + pair * weights.size() / pairs, u.data(),
                                     layer.input_channels / 4);
          for (const int32_t word : u) writer.Write(word);
        }
      } else {
        for (const int8_t weight : weights) writer.Write(weight);
      }
      packed.constants = writer.Take();
      const size_t pairs_in_scratch = transform == Winograd::kOnce ? pairs : transform == Winograd::kPerPair ? 1 : 0;
      packed.scratch_bytes = int64_t{blocks} * BlockBytes(tile, layer.input_channels) +
                             static_cast<int64_t>(pairs_in_scratch * pair_bytes);
      packed.stack_bytes = tile == 4 ? 1630 : 990;  // mostly sums of one block and two outputs
      packed.lead_bytes = Lead(layer, tile, blocks);
      packed.cycles = Cycles(layer, params);
    };
    add(Winograd::kOffline, 1);
    if (tile == 2) continue;  // for little RAM; U in RAM is better spent on tiles of 4 x 4
    add(Winograd::kOnce, 1);
    // More blocks at a time where that means fewer transforms.
    int32_t fewest = std::numeric_limits<int32_t>::max();
    for (int32_t blocks = 1; blocks <= Winograd::kMostBlocks; ++blocks) {
      const auto at_once = static_cast<size_t>(blocks * kTilesPerBlock);
      const auto groups = static_cast<int32_t>((tiles + at_once - 1) / at_once);
      if (groups < fewest) add(Winograd::kPerPair, blocks);
      fewest = groups;
    }
  }
  return candidates;
}

}  // namespace thimble::steps
