#include "steps/convolve16/pack.h"

#include "steps/wide16_pack.h"

namespace thimble::steps {

std::optional<Packed<Convolve16::Params>> PackConvolve16(const Convolution& layer, Target /*target*/) {
  if (layer.depthwise() || !layer.int16 || !IsWalkable(layer)) return std::nullopt;
  ConstantWriter constants;
  std::vector<int8_t> weights;
  for (int32_t o = 0; o < layer.output_channels; ++o) {
    const auto channel = PackChannel16(layer, o);
    if (!channel) return std::nullopt;
    WriteChannel16(*channel, constants);
    weights.clear();
    ForEachWeight(layer, o, [&](int8_t w) { weights.push_back(w); });
    weights.resize((weights.size() + 3) / 4 * 4);
    for (size_t at = 0; at < weights.size(); at += 4) {
      for (const size_t tap : {0, 2, 1, 3}) constants.Write(weights[at + tap]);
    }
  }
  Packed<Convolve16::Params> packed;
  DescribeLayer(layer, packed.params);
  packed.params.wide = layer.wide_sums ? 1 : 0;
  packed.constants = constants.Take();
  const int64_t taps = (int64_t{layer.kernel_height} * layer.kernel_width * layer.input_channels + 3) / 4 * 4;
  const int64_t pixels = int64_t{layer.output_height} * layer.output_width;
  packed.scratch_bytes = 4 * taps;
  packed.lead_bytes =
      LeadBytes((pixels + 1) / 2, layer.input_bytes(), [&](int64_t pair) { return LowestRead(layer, 2 * pair + 2); },
                [&](int64_t pair) { return std::min(2 * pair + 2, pixels) * layer.output_channels * 2; });
  const double outputs = static_cast<double>(pixels) * layer.output_channels;
  packed.cycles = static_cast<double>(taps) * outputs * 1.35 + static_cast<double>(taps * pixels) * 2 + outputs * 35;
  return packed;
}

}  // namespace thimble::steps
