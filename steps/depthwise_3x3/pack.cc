#include "steps/depthwise_3x3/pack.h"

#include "steps/depthwise/pack.h"

namespace thimble::steps {
namespace {

/// A record's numbers, kRightShift or kRelu.
struct Channel {
  int32_t factor = 0;  ///< of weights and bias
  int32_t multiplier = 0, addend = 0, shift = 0;
};

/// What comes out of a channel that gives one number whatever it sees, if it is one; unused channels often have
/// multipliers that kRelu could not do.
std::optional<int32_t> ConstantSum(const Convolution& layer, Multiplier multiplier, SumRange sums) {
  if (!sums.Within(32)) return std::nullopt;
  const int32_t low = Scale(static_cast<int32_t>(sums.low), multiplier);
  if (low != Scale(static_cast<int32_t>(sums.high), multiplier)) return std::nullopt;
  return Clamp(WrapAdd(low, layer.output_zero_point), -128, 127);
}

/// With sum * mantissa / 2^(31 + shift) rounded to the nearest, once, halves up: what TFLite's two roundings come to
/// where the result is not negative, and negative ones are stored as the zero point. The sum is scaled by
/// 2^(kDepthwise3x3CommonShift + 1 - shift), at least 4, so that everything added is a multiple of 2^32.
std::optional<Channel> ReluChannel(const Convolution& layer, int32_t o) {
  const Multiplier multiplier{layer.mantissa[size_t(o)], layer.shift[size_t(o)]};
  const SumRange sums = ChannelSums(layer, o);
  if (const auto constant = ConstantSum(layer, multiplier, sums)) {
    return Channel{0, 0, *constant * (1 << kDepthwise3x3CommonShift), 0};
  }
  const int32_t bits = kDepthwise3x3CommonShift + 1 + multiplier.shift;
  if (multiplier.mantissa < 0 || bits < 2 || bits > 8 || !sums.Within(32 - bits)) return std::nullopt;
  const int32_t half = (1 << (bits - 2)) + (1 << (kDepthwise3x3CommonShift - 1));
  return Channel{1 << bits, multiplier.mantissa, half + layer.output_zero_point * (1 << kDepthwise3x3CommonShift), 0};
}

std::optional<Channel> RightShiftChannel(const Convolution& layer, int32_t o) {
  const auto requantiser = MakeRequantiser(layer.mantissa[size_t(o)], layer.shift[size_t(o)], layer.output_zero_point,
                                           ChannelSums(layer, o));
  if (!requantiser) return std::nullopt;
  return Channel{2, requantiser->mantissa, requantiser->half, requantiser->shift};
}

std::optional<std::vector<std::byte>> PackRecords(const Convolution& layer, DepthwiseScale scale) {
  ConstantWriter constants;
  const bool relu = scale == DepthwiseScale::kRelu;
  for (int32_t o = 0; o < layer.output_channels; ++o) {
    const auto channel = relu ? ReluChannel(layer, o) : RightShiftChannel(layer, o);
    if (!channel) return std::nullopt;
    const auto weights = ChannelWeights(layer, o);
    for (size_t row = 0; row < 9; row += 3) {
      constants.Write(WeightPair(weights[row], weights[row + 1], channel->factor));
      constants.Write(WeightPair(weights[row + 1], weights[row + 2], channel->factor));
    }
    constants.Write(static_cast<int32_t>(FoldedBias(layer, o) * channel->factor));
    constants.Write(channel->multiplier);
    constants.Write(channel->addend);
    if (!relu) constants.Write(channel->shift);
  }
  return constants.Take();
}

/// Cycles of cortex_m4.S for `rows` rows of a few columns.
double ColumnsCycles(int32_t stride, int32_t outputs, bool relu, int32_t rows) {
  const int32_t words = stride == 1 ? (outputs + 3) / 2 : outputs + 1;
  const int32_t at_once = outputs == 5 ? 2 : 3;
  const int32_t loads = words + (words + at_once - 1) / at_once;
  const int32_t scale = relu ? 2 * outputs : 4 * outputs + (outputs == 5 ? 3 : 1);
  const bool twice = relu && outputs >= 4;
  return 20 + rows * (3 * (loads + 2 * outputs) + scale + 2 * outputs + (twice ? 9.5 : 12)) + (twice ? 5 : 0);
}

}  // namespace

std::optional<Packed<Depthwise3x3::Params>> PackDepthwise3x3(const Convolution& layer, Target target) {
  const int32_t stride = layer.stride_width;
  DepthwiseParams params{};
  if (target != Target::kCortexM4 || !DescribeSlabs(layer, params) || layer.kernel_height != 3 ||
      layer.kernel_width != 3 || layer.dilation_height != 1 || layer.dilation_width != 1 || stride > 2 ||
      layer.stride_height != stride || layer.output_width < 2 || layer.clamp_low != -128 || layer.clamp_high != 127) {
    return std::nullopt;
  }
  std::optional<std::vector<std::byte>> constants;
  DepthwiseScale scale = DepthwiseScale::kRelu;
  if (layer.output_zero_point == -128) constants = PackRecords(layer, scale);
  if (!constants) {
    scale = DepthwiseScale::kRightShift;
    constants = PackRecords(layer, scale);
    if (!constants) return std::nullopt;
  }
  params.scale = static_cast<int32_t>(scale);
  params.slab_rows = kDepthwise3x3SlabRows[stride - 1];
  params.slab_words = ((layer.output_width - 1) * stride + 3 + 1) / 2;
  auto packed = FinishSlabs(params, *std::move(constants));
  const bool relu = scale == DepthwiseScale::kRelu;
  const int32_t rest = layer.output_width % 4 == 1 ? 5 : layer.output_width % 4;
  const int32_t quads = (layer.output_width - rest) / 4;
  for (int32_t row = 0; row < layer.output_height; row += params.OutputRows()) {
    const int32_t rows = std::min(params.OutputRows(), layer.output_height - row);
    const double slab = 38 + quads * ColumnsCycles(stride, 4, relu, rows) +
                        (rest > 0 ? ColumnsCycles(stride, rest, relu, rows) : 0) +
                        (layer.depth_multiplier > 1 ? 80 : 0);
    packed.cycles += layer.output_channels * slab;
  }
  return packed;
}

}  // namespace thimble::steps
