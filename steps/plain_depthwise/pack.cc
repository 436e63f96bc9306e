#include "steps/plain_depthwise/pack.h"

#include "steps/plain_pack.h"

namespace thimble::steps {

std::optional<Packed<PlainDepthwise::Params>> PackPlainDepthwise(const Convolution& layer, Target target) {
  if (!layer.depthwise() || layer.int16 || target != Target::kCortexM0 || !IsWalkable(layer) ||
      layer.depth_multiplier > kMostExtent)
    return std::nullopt;
  ConstantWriter constants;
  for (int32_t o = 0; o < layer.output_channels; ++o) {
    const auto channel = PackPlainChannel(layer, o);
    if (!channel) return std::nullopt;
    WritePlainChannel(*channel, constants);
    ForEachWeight(layer, o, [&](int8_t w) { constants.Write(w); });
    constants.AlignTo(4);
  }
  Packed<PlainDepthwise::Params> packed;
  DescribeLayer(layer, packed.params);
  packed.params.depth_multiplier = layer.depth_multiplier;
  packed.constants = constants.Take();
  const int64_t pixels = int64_t{layer.output_height} * layer.output_width;
  // While a pixel is written, its own window is still read.
  packed.lead_bytes = LeadBytes(
      pixels, layer.input_bytes(), [&](int64_t pixel) { return LowestRead(layer, pixel); },
      [&](int64_t pixel) { return (pixel + 1) * layer.output_channels; });
  const double taps = static_cast<double>(layer.kernel_height) * layer.kernel_width;
  packed.cycles = static_cast<double>(pixels) * layer.output_channels * (taps * 8 + 70);
  return packed;
}

}  // namespace thimble::steps
