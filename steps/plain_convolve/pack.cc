#include "steps/plain_convolve/pack.h"

#include "steps/plain_pack.h"

namespace thimble::steps {

std::optional<Packed<PlainConvolve::Params>> PackPlainConvolve(const Convolution& layer, Target target) {
  if (layer.depthwise() || layer.int16 || target != Target::kCortexM0 || !IsWalkable(layer)) return std::nullopt;
  ConstantWriter constants;
  for (int32_t o = 0; o < layer.output_channels; ++o) {
    auto channel = PackPlainChannel(layer, o);
    if (!channel) return std::nullopt;
    // Windows count from -128, weights too: both are taken back out of the bias.
    int64_t weight_sum = 0;
    ForEachWeight(layer, o, [&](int64_t w) { weight_sum += w; });
    channel->bias = static_cast<int32_t>(static_cast<uint32_t>(channel->bias - 128 * weight_sum));
    WritePlainChannel(*channel, constants);
    ForEachWeight(layer, o, [&](int32_t w) { constants.Write(static_cast<uint8_t>(w + 128)); });
    while (constants.size() % 4 != 0) constants.Write(uint8_t{128});
  }
  const int64_t taps = (int64_t{layer.kernel_height} * layer.kernel_width * layer.input_channels + 3) / 4 * 4;
  const int64_t pixels = int64_t{layer.output_height} * layer.output_width;
  Packed<PlainConvolve::Params> packed;
  DescribeLayer(layer, packed.params);
  packed.constants = constants.Take();
  packed.scratch_bytes = 2 * taps;
  packed.lead_bytes =
      LeadBytes((pixels + 1) / 2, layer.input_bytes(), [&](int64_t pair) { return LowestRead(layer, 2 * pair + 2); },
                [&](int64_t pair) { return std::min(2 * pair + 2, pixels) * layer.output_channels; });
  // Instructions of a Cortex-M0 as counted in QEMU: multiplying, gathering, finishing a number.
  const double outputs = static_cast<double>(pixels) * layer.output_channels;
  packed.cycles = static_cast<double>(taps) * outputs * (pixels == 1 ? 4.3 : 4.0) +
                  static_cast<double>(taps * pixels) * 12 + outputs * 60;
  return packed;
}

}  // namespace thimble::steps
