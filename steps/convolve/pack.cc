#include "steps/convolve/pack.h"

#include <cmath>

#include "steps/convolve/window.h"
#include "steps/lane_packing.h"
#include "steps/pack_layer.h"

namespace thimble::steps {
namespace {

LaneChannel ChannelOf(const Convolution& layer, const WindowShape& shape, int32_t output) {
  std::vector<int8_t> weights(static_cast<size_t>(2 * shape.pairs), 0);
  const int32_t elements = shape.columns * layer.input_channels;
  int32_t i = 0;
  ForEachWeight(layer, output, [&](int8_t weight) {
    weights[size_t(shape.Lane(i / elements, i % elements))] = weight;
    ++i;
  });
  return MakeLaneChannel(layer, output, std::move(weights));
}

void WriteSums(ConstantWriter& constants, const LanePair& ab, const LanePair& cd) {
  const size_t lanes = ab.first->weights.size();
  for (size_t i = 0; i < lanes; i += 2) {
    constants.Write(ab.Lanes(i, i + 1)), constants.Write(cd.Lanes(i, i + 1));
    if (i > 0) continue;
    constants.Write(ab.BothBias()), constants.Write(cd.BothBias());
    constants.Write(ab.FirstBias()), constants.Write(cd.FirstBias());
  }
}

void WriteCommon(ConstantWriter& constants, const Convolution& layer, std::span<const LaneChannel> channels) {
  WriteSums(constants, {&channels[0], &channels[1]}, {&channels[2], &channels[3]});
  for (const LaneChannel& channel : channels) {
    const auto requantiser =
        MakeRequantiser(channel.mantissa, channel.shift, layer.output_zero_point, channel.sums).value();
    constants.Write(requantiser.mantissa), constants.Write(requantiser.half), constants.Write(requantiser.shift);
  }
}

std::optional<ReluRequantiser> ReluRequantiserOf(const Convolution& layer, const LaneChannel& channel) {
  if (layer.clamp_low > -128 || layer.clamp_high < 127) return std::nullopt;
  return MakeReluRequantiser(channel.mantissa, channel.shift, layer.output_zero_point, channel.sums);
}

/// The common tiles of a layer, as many as there are, and which channels they leave to general ones.
struct CommonTiles {
  int32_t count = 0;
  std::vector<int32_t> left;
};

CommonTiles WriteCommonTiles(ConstantWriter& constants, const Convolution& layer,
                             std::span<const LaneChannel> channels) {
  CommonTiles tiles;
  std::span<const LaneChannel> rest = channels;
  for (; rest.size() >= kTileChannels && IsCommon(layer, rest.first(kTileChannels));
       rest = rest.subspan(kTileChannels)) {
    WriteCommon(constants, layer, rest.first(kTileChannels));
    ++tiles.count;
  }
  for (const LaneChannel& channel : rest) tiles.left.push_back(channel.output);
  return tiles;
}

/// The same behind a ReLU. In the place of a channel that is left there is one without weights.
CommonTiles WriteReluTiles(ConstantWriter& constants, const Convolution& layer, std::span<const LaneChannel> channels,
                           const LaneChannel& none) {
  CommonTiles tiles{static_cast<int32_t>(channels.size()) / kTileChannels, {}};
  const auto whole = static_cast<size_t>(tiles.count) * kTileChannels;
  for (size_t first = 0; first < whole; first += kTileChannels) {
    const LaneChannel* of_tile[kTileChannels];
    ReluRequantiser requantisers[kTileChannels] = {};
    for (size_t i = 0; i < kTileChannels; ++i) {
      const LaneChannel& channel = channels[first + i];
      const auto requantiser = ReluRequantiserOf(layer, channel);
      const bool is_taken = requantiser && (i % 2 == 0 || CanPair(*of_tile[i - 1], channel));
      of_tile[i] = is_taken ? &channel : &none;
      if (is_taken) requantisers[i] = *requantiser;
      if (!is_taken) tiles.left.push_back(channel.output);
    }
    WriteSums(constants, {of_tile[0], of_tile[1]}, {of_tile[2], of_tile[3]});
    for (const ReluRequantiser& requantiser : requantisers) {
      constants.Write(requantiser.multiplier), constants.Write(requantiser.addend);
    }
  }
  for (const LaneChannel& channel : channels.subspan(whole)) tiles.left.push_back(channel.output);
  return tiles;
}

/// False if a channel cannot be scaled exactly.
bool WriteGeneral(ConstantWriter& constants, const LanePair& ab, const LanePair& cd, int32_t first_output) {
  WriteSums(constants, ab, cd);
  for (const LaneChannel* channel : {ab.first, ab.second, cd.first, cd.second}) {
    const auto requantiser = MakeGeneralRequantiser(channel->mantissa, channel->shift, channel->sums);
    if (!requantiser) return false;
    constants.Write(requantiser->mantissa), constants.Write(requantiser->half), constants.Write(requantiser->shifts);
    // What stands for no channel is overwritten by the tile's first, which is written last.
    constants.Write((channel->output < 0 ? ab.first->output : channel->output) - first_output);
  }
  return true;
}

/// How the walk over the output goes, as step.cc takes it.
struct WalkCounts {
  int64_t runs = 0;          ///< of pairs of pixels whose windows lie within the image, horizontally
  int64_t inside = 0;        ///< pairs in them
  int64_t at_the_edge = 0;   ///< other pairs
  int64_t clipped_rows = 0;  ///< rows of the output whose windows reach beyond the image above or below
};

WalkCounts CountWalk(const Convolve::Params& p, const WindowShape& shape) {
  WalkCounts counts;
  const int64_t room = int64_t{p.input_width} - (p.kernel_width - 1) * p.dilation_width - 1 + p.pad_left;
  const int64_t first = (p.pad_left + p.stride_width - 1) / p.stride_width;
  const int64_t end = room < 0 ? 0 : std::min<int64_t>(room / p.stride_width + 1, p.output_width);
  for (int64_t row = 0; row < p.output_height; ++row) {
    const int64_t top = row * p.stride_height - p.pad_top;
    if (top < 0 || top + int64_t{p.kernel_height - 1} * p.dilation_height >= p.input_height) ++counts.clipped_rows;
  }
  int64_t i = 0, j = 0;
  while (i < p.output_height) {
    const int64_t pairs = j < first || shape.segments_per_row > 1 ? 0 : (end - j) / 2;
    if (pairs > 0) ++counts.runs;
    (pairs > 0 ? counts.inside : counts.at_the_edge) += std::max<int64_t>(pairs, 1);
    j += 2 * std::max<int64_t>(pairs, 1);
    if (j >= p.output_width) j -= p.output_width, ++i;
  }
  return counts;
}

/// Measured with the cycle counter on 30 layers of kernels from 1 x 1 to 10 x 8: within 5 % of all. What a pair of
/// inputs (15), a word (12) and a tile cost can be read from cortex_m4.S; the rest is the code around.
double PredictCycles(const Convolve::Params& p, const WindowShape& shape, bool relu) {
  const auto looped = static_cast<double>(shape.pairs - 1);
  const bool is_long = !relu || looped > 16;
  const double common_tile = (relu ? 75 : 100) + 15 * looped + (is_long ? 4 * std::ceil(looped / 16) : 0);
  const double general_tile = 225 + 15 * looped + 4 * std::ceil(looped / 4);
  const double window = shape.segments * (13 + 24 * (shape.words / 2) + 13 * (shape.words % 2) + 10 * shape.tail);
  // Two shapes have their own loops.
  const bool single_row = shape.segments == 1 && shape.words % 2 == 0 && shape.tail == 0;
  const bool three_of_nine = shape.segments == 3 && shape.words == 2 && shape.tail == 1;
  const double gather = single_row ? 37 + 27 * (shape.words / 2) : three_of_nine ? 129 : 61 + window;

  const WalkCounts walk = CountWalk(p, shape);
  const auto inside = static_cast<double>(walk.inside), at_the_edge = static_cast<double>(walk.at_the_edge);
  double cycles = 100 + (inside + at_the_edge) * (p.common_tiles * common_tile + p.general_tiles * general_tile);
  cycles += 395 * static_cast<double>(walk.runs) + gather * inside;
  if (!is_long) cycles -= 7 * inside;
  // Dilated windows are gathered without the fast loop.
  cycles += (575 + 42 * shape.segments + (shape.segments_per_row > 1 ? 3 : 1) * window) * at_the_edge;
  return cycles + 50 * shape.pairs * static_cast<double>(walk.clipped_rows);
}

std::optional<Packed<Convolve::Params>> PackTiles(const Convolution& layer, Target target, bool relu) {
  if (target != Target::kCortexM4 && target != Target::kCortexM55) return std::nullopt;
  if (!IsWalkable(layer) || layer.int16 || layer.depthwise()) return std::nullopt;
  Packed<Convolve::Params> packed;
  Convolve::Params& p = packed.params;
  DescribeLayer(layer, p);
  if (layer.kernel_height == 1) p.dilation_height = 1;
  if (layer.kernel_width == 1) p.dilation_width = 1;
  if (layer.kernel_height == 1 && layer.kernel_width == 1 && layer.stride_height == 1 && layer.stride_width == 1 &&
      layer.input_height == layer.output_height && layer.input_width == layer.output_width) {  // all pixels are alike
    p.input_width *= p.input_height, p.output_width *= p.output_height;
    p.input_height = p.output_height = 1;
  }
  if (p.input_width == 1 && p.kernel_width == 1 && p.output_width == 1 && p.pad_left == 0) {  // a column is a row
    std::swap(p.input_height, p.input_width), std::swap(p.output_height, p.output_width);
    std::swap(p.kernel_height, p.kernel_width), std::swap(p.stride_height, p.stride_width);
    std::swap(p.dilation_height, p.dilation_width), std::swap(p.pad_top, p.pad_left);
  }
  const WindowShape shape(p);

  std::vector<LaneChannel> channels;
  for (int32_t o = 0; o < layer.output_channels; ++o) channels.push_back(ChannelOf(layer, shape, o));
  ConstantWriter constants;
  LaneChannel none;
  none.weights.assign(static_cast<size_t>(2 * shape.pairs), 0);
  const CommonTiles common =
      relu ? WriteReluTiles(constants, layer, channels, none) : WriteCommonTiles(constants, layer, channels);
  p.common_tiles = common.count;
  const std::vector<int32_t>& left = common.left;
  if (relu && 2 * static_cast<int32_t>(left.size()) > layer.output_channels) return std::nullopt;
  const auto at = [&](int32_t i) { return i < 0 ? &none : &channels[size_t(left[size_t(i)])]; };
  const auto pairs = PairUp(0, static_cast<int32_t>(left.size()),
                            [&](int32_t first, int32_t second) { return CanPair(*at(first), *at(second)); });
  for (size_t i = 0; i < pairs.size(); i += 2) {
    const LanePair ab = {at(pairs[i].first), at(pairs[i].second)};
    const LanePair cd = {at(pairs[i + 1].first), at(pairs[i + 1].second)};
    if (!WriteGeneral(constants, ab, cd, p.common_tiles * kTileChannels)) return std::nullopt;
    ++p.general_tiles;
  }
  packed.constants = constants.Take();

  packed.scratch_bytes = shape.ScratchBytes();
  packed.stack_bytes = 240;
  const int64_t pixels = int64_t{p.output_height} * p.output_width;
  const auto end_of = [&](int64_t unit) { return std::min(2 * unit + 2, pixels); };
  packed.lead_bytes =
      LeadBytes((pixels + 1) / 2, layer.input_bytes(), [&](int64_t unit) { return LowestRead(layer, end_of(unit)); },
                [&](int64_t unit) { return end_of(unit) * p.output_channels; });
  packed.cycles = PredictCycles(p, shape, relu);
  return packed;
}

}  // namespace

std::optional<Packed<Convolve::Params>> PackConvolve(const Convolution& layer, Target target) {
  return PackTiles(layer, target, false);
}

std::optional<Packed<Convolve::Params>> PackReluTiles(const Convolution& layer, Target target) {
  return PackTiles(layer, target, true);
}

}  // namespace thimble::steps
