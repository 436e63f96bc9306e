#include "steps/depthwise16/pack.h"

#include "steps/wide16_pack.h"

namespace thimble::steps {

std::optional<Packed<Depthwise16::Params>> PackDepthwise16(const Convolution& layer, Target /*target*/) {
  if (!layer.depthwise() || !layer.int16 || !IsWalkable(layer) || layer.depth_multiplier > kMostExtent ||
      layer.stride_height < 1 || layer.stride_width < 1) {
    return std::nullopt;
  }
  ConstantWriter constants;
  for (int32_t o = 0; o < layer.output_channels; ++o) {
    const auto channel = PackChannel16(layer, o);
    if (!channel) return std::nullopt;
    WriteChannel16(*channel, constants);
    ForEachWeight(layer, o, [&](int8_t w) { constants.Write(w); });
    constants.AlignTo(4);
  }
  Packed<Depthwise16::Params> packed;
  DescribeLayer(layer, packed.params);
  packed.params.wide = layer.wide_sums ? 1 : 0;
  packed.params.depth_multiplier = layer.depth_multiplier;
  packed.constants = constants.Take();
  const int64_t pixels = int64_t{layer.output_height} * layer.output_width;
  packed.lead_bytes = LeadBytes(
      pixels, layer.input_bytes(), [&](int64_t pixel) { return LowestRead(layer, pixel); },
      [&](int64_t pixel) { return (pixel + 1) * layer.output_channels * 2; });
  const double taps = static_cast<double>(layer.kernel_height) * layer.kernel_width;
  packed.cycles = static_cast<double>(pixels) * layer.output_channels * (taps * 8 + 60);
  return packed;
}

}  // namespace thimble::steps
