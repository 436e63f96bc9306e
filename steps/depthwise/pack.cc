#include "steps/depthwise/pack.h"

#include <algorithm>

namespace thimble::steps {
namespace {

/// The taps that the left and the right pixel of a word meet, -1 for none.
struct Word {
  int32_t left = -1, right = -1;
};

/// The words of a filter on windows that begin at the left (0) or right (1) pixel of a word.
std::vector<Word> FilterWords(const DepthwiseParams& params, int32_t side) {
  const int32_t in_row = DepthwiseSide(params, side).words;
  std::vector<Word> words(size_t(in_row) * size_t(params.kernel_height));
  for (int32_t k = 0; in_row > 0 && k < params.kernel_height; ++k) {
    for (int32_t l = 0; l < params.kernel_width; ++l) {
      const int32_t x = side + l * params.dilation_width;
      Word& word = words[size_t(k * in_row + x / 2)];
      (x % 2 == 0 ? word.left : word.right) = k * params.kernel_width + l;
    }
  }
  return words;
}

/// Multiplier, addend, shift.
std::optional<std::array<int32_t, 3>> Requantisation(const Convolution& layer, int32_t o, DepthwiseScale scale) {
  const int32_t mantissa = layer.mantissa[size_t(o)], shift = layer.shift[size_t(o)];
  const SumRange sums = ChannelSums(layer, o);
  if (scale == DepthwiseScale::kRightShift) {
    const auto requantiser = MakeRequantiser(mantissa, shift, layer.output_zero_point, sums);
    if (!requantiser) return std::nullopt;
    return std::array{requantiser->mantissa, requantiser->half, requantiser->shift};
  }
  const auto requantiser = MakeGeneralRequantiser(mantissa, shift, sums);
  if (!requantiser) return std::nullopt;
  return std::array{requantiser->mantissa, requantiser->half, requantiser->shifts};
}

std::optional<std::vector<std::byte>> PackConstants(const Convolution& layer, const DepthwiseParams& params,
                                                    DepthwiseScale scale) {
  const std::vector<Word> sides[] = {FilterWords(params, 0), FilterWords(params, 1)};
  ConstantWriter constants;
  const int32_t factor = scale == DepthwiseScale::kRightShift ? 2 : 1;
  for (int32_t o = 0; o < layer.output_channels; ++o) {
    const auto requantisation = Requantisation(layer, o, scale);
    if (!requantisation) return std::nullopt;
    constants.Write(static_cast<int32_t>(FoldedBias(layer, o) * factor));
    for (const int32_t word : *requantisation) constants.Write(word);
    const auto weights = ChannelWeights(layer, o);
    const auto weight = [&](int32_t tap) { return tap < 0 ? 0 : weights[size_t(tap)]; };
    if (IsDepthwiseRow(params)) {
      for (size_t i = 0; i < sides[1].size(); ++i) {
        for (const auto& side : sides) {
          const Word word = i < side.size() ? side[i] : Word{};
          constants.Write(WeightPair(weight(word.left), weight(word.right), factor));
        }
      }
      continue;
    }
    for (const auto& side : sides) {
      for (const Word& word : side) constants.Write(WeightPair(weight(word.left), weight(word.right), factor));
    }
  }
  return constants.Take();
}

/// Rows of input that a slab of `output_rows` rows of output sees.
int32_t SlabRows(const DepthwiseParams& params, int32_t output_rows) {
  return (output_rows - 1) * params.stride_height + params.SpanRows();
}

}  // namespace

bool DescribeSlabs(const Convolution& layer, DepthwiseParams& params) {
  constexpr int32_t kMost = 1 << 15;
  const int32_t lengths[] = {layer.input_height, layer.input_width,     layer.output_channels, layer.output_height,
                             layer.output_width, layer.kernel_height,   layer.kernel_width,    layer.stride_height,
                             layer.stride_width, layer.dilation_height, layer.dilation_width,  layer.pad_top + 1,
                             layer.pad_left + 1};
  if (!layer.depthwise() || layer.int16 || layer.input_channels * layer.depth_multiplier != layer.output_channels ||
      *std::min_element(std::begin(lengths), std::end(lengths)) < 1 ||
      *std::max_element(std::begin(lengths), std::end(lengths)) > kMost) {
    return false;
  }
  params.input_height = layer.input_height;
  params.input_width = layer.input_width;
  params.input_channels = layer.input_channels;
  params.output_height = layer.output_height;
  params.output_width = layer.output_width;
  params.multiplier = layer.depth_multiplier;
  params.kernel_height = layer.kernel_height;
  params.kernel_width = layer.kernel_width;
  params.stride_height = layer.stride_height;
  params.stride_width = layer.stride_width;
  params.dilation_height = layer.dilation_height;
  params.dilation_width = layer.dilation_width;
  params.pad_top = layer.pad_top;
  params.pad_left = layer.pad_left;
  params.padding = layer.input_zero_point;
  params.zero_point = layer.output_zero_point;
  params.clamp_low = layer.clamp_low;
  params.clamp_high = layer.clamp_high;
  return true;
}

std::vector<int32_t> ChannelWeights(const Convolution& layer, int32_t o) {
  const size_t taps = size_t(layer.kernel_height) * size_t(layer.kernel_width);
  std::vector<int32_t> weights;
  for (size_t tap = 0; tap < taps; ++tap) {
    weights.push_back(layer.weights[tap * size_t(layer.output_channels) + size_t(o)]);
  }
  return weights;
}

int64_t FoldedBias(const Convolution& layer, int32_t o) {
  int64_t sum = 0;
  for (const int32_t weight : ChannelWeights(layer, o)) sum += weight;
  return layer.bias[size_t(o)] - layer.input_zero_point * sum;
}

SumRange ChannelSums(const Convolution& layer, int32_t o) {
  const int64_t bias = FoldedBias(layer, o);
  SumRange sums{bias, bias};
  for (const int32_t weight : ChannelWeights(layer, o)) {
    sums.low += weight * (weight > 0 ? -128 : 127);
    sums.high += weight * (weight > 0 ? 127 : -128);
  }
  return sums;
}

uint32_t WeightPair(int32_t left, int32_t right, int32_t factor) {
  return (static_cast<uint32_t>(left * factor) & 0xffff) | static_cast<uint32_t>(right * factor) << 16;
}

Packed<DepthwiseParams> FinishSlabs(const DepthwiseParams& params, std::vector<std::byte> constants) {
  Packed<DepthwiseParams> packed;
  packed.params = params;
  packed.constants = std::move(constants);
  packed.scratch_bytes = int64_t{params.slab_words} * params.PairBytes();
  packed.stack_bytes = 250;
  // Cycles of split.S for a row of pixels, and of PadRows and CarryRows.
  const int32_t channels = params.input_channels;
  const int32_t columns = std::clamp<int32_t>(2 * params.slab_words - params.pad_left, 0, params.input_width);
  const int32_t head = columns > 0 ? params.pad_left % 2 : 0;
  const int32_t pairs = (columns - head) / 2;
  const double unaligned = channels % 4 == 0 ? 0 : channels % 2 == 0 ? 0.5 : 1.25;
  const int32_t split_words = 16 + 15 * head + pairs / 2 * 31 + pairs % 2 * 15 + (columns - head) % 2 * 15;
  const double split = channels < kSlabLanes ? 20.0 * columns * channels : split_words + columns * unaligned;
  const auto pad = [&](int32_t rows) { return rows > 0 ? 30 + params.slab_words * (12.0 + 9 * rows) : 0; };
  double cycles = 0;
  // Every four channels go over the whole image, so an output pixel may take the place of the input pixel with the same
  // number: what is written there belongs to channels that have been read. It has, if slabs run ahead of outputs.
  bool ahead = params.multiplier == 1;
  int32_t filled = 0;
  for (int32_t row = 0; row < params.output_height; row += params.OutputRows()) {
    const int32_t rows = std::min(params.OutputRows(), params.output_height - row);
    const int32_t needed = (rows - 1) * params.stride_height + params.SpanRows();
    const int32_t top = row * params.stride_height - params.pad_top;
    ahead = ahead && (top + needed >= params.input_height ||
                      int64_t{top + needed} * params.input_width >= int64_t{row + rows} * params.output_width);
    const int32_t kept = row > 0 ? std::max<int32_t>(filled - params.OutputRows() * params.stride_height, 0) : 0;
    const int32_t begin = std::max(kept, std::min(-top, needed));
    const int32_t end = std::max(begin, std::min(params.input_height - top, needed));
    cycles += 350 + (end - begin) * split;
    if (kept > 0) cycles += 20 + params.slab_words * (6.0 + 13 * kept);
    if (params.output_height > params.OutputRows()) cycles += pad(begin - kept) + pad(needed - end);
    filled = needed;
  }
  const int32_t groups = (channels + kSlabLanes - 1) / kSlabLanes;
  packed.cycles = 150 + pad(params.slab_rows) + groups * cycles;
  if (ahead) packed.lead_bytes = 0;
  packed.same_place = ahead;
  return packed;
}

std::optional<Packed<Depthwise::Params>> PackDepthwise(const Convolution& layer, Target target) {
  // A column of pixels is a row of them: what runs along rows is fast.
  if (layer.input_width == 1 && layer.kernel_width == 1 && layer.output_width == 1 && layer.pad_left == 0 &&
      layer.input_height > 1) {
    Convolution row = layer;
    std::swap(row.input_height, row.input_width);
    std::swap(row.kernel_height, row.kernel_width);
    std::swap(row.stride_height, row.stride_width);
    std::swap(row.dilation_height, row.dilation_width);
    std::swap(row.output_height, row.output_width);
    std::swap(row.pad_top, row.pad_left);
    return PackDepthwise(row, target);
  }
  DepthwiseParams params{};
  if (target != Target::kCortexM4 || !DescribeSlabs(layer, params)) return std::nullopt;
  const DepthwiseSide left(params, 0), right(params, 1);
  if (int64_t{layer.kernel_height} * (left.words + right.words) * layer.output_channels > 1 << 22) return std::nullopt;
  std::optional<std::vector<std::byte>> constants;
  for (const DepthwiseScale scale : {DepthwiseScale::kRightShift, DepthwiseScale::kGeneral}) {
    if (scale == DepthwiseScale::kRightShift && (layer.clamp_low != -128 || layer.clamp_high != 127)) continue;
    params.scale = static_cast<int32_t>(scale);
    params.slab_rows = 1;
    const int64_t slab_words =
        IsDepthwiseRow(params) ? DepthwiseRowSlabWords(params) : std::max(left.SlabWords(), right.SlabWords());
    if (slab_words > 1 << 15) return std::nullopt;
    params.slab_words = static_cast<int32_t>(slab_words);
    // As many rows as fit into a few kilobytes, for each slab costs some time; at least one.
    constexpr int32_t kSlabBytes = 3072;
    int32_t output_rows = 1;
    while (!IsDepthwiseRow(params) && output_rows < layer.output_height &&
           SlabRows(params, output_rows + 1) * params.slab_words * kSlabWordBytes <= kSlabBytes) {
      ++output_rows;
    }
    params.slab_rows = SlabRows(params, output_rows);
    constants = PackConstants(layer, params, scale);
    if (constants) break;
  }
  if (!constants) return std::nullopt;
  auto packed = FinishSlabs(params, *std::move(constants));
  // Cycles of cortex_m4.S, and where it does not apply of RunLane, whose outputs cost more, too.
  const bool general = params.scale == static_cast<int32_t>(DepthwiseScale::kGeneral);
  const bool fast = !general && left.between_words == 1;
  const double step = fast ? 10 : 20, filter_row = fast ? 21 : 25, output_row = fast ? 22 : 40;
  const double four = fast ? 40 : general ? 330 : 230;
  if (IsDepthwiseRow(params)) {
    const int32_t sixes = (layer.output_width + 5) / 6;
    const int32_t row = 40 + sixes * (60 + 12 * DepthwiseRowWords(params));
    packed.cycles += int64_t{layer.output_channels} * layer.output_height * row;
    return packed;
  }
  const int32_t slabs = (layer.output_height - 1) / params.OutputRows() + 1;
  for (const DepthwiseSide& side : {left, right}) {
    if (side.columns == 0) continue;
    const int32_t fours = (side.columns + 3) / 4;
    const double row = fours * (four + layer.kernel_height * (filter_row + step * side.words)) + output_row;
    packed.cycles +=
        layer.output_channels * (layer.output_height * row + (layer.depth_multiplier > 1 ? 130 : 43) * slabs);
  }
  return packed;
}

}  // namespace thimble::steps
