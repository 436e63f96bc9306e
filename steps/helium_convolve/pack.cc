#include "steps/helium_convolve/pack.h"

#include "steps/helium_pack.h"

namespace thimble::steps {

std::optional<Packed<HeliumConvolve::Params>> PackHeliumConvolve(const Convolution& layer, Target target) {
  if (layer.depthwise() || layer.int16 || target != Target::kCortexM55 || !IsWalkable(layer)) return std::nullopt;
  const int64_t taps = int64_t{layer.kernel_height} * layer.kernel_width * layer.input_channels;
  const int64_t blocks = (taps + 15) / 16;
  ConstantWriter constants;
  std::vector<int8_t> weights[4];
  for (int32_t o = 0; o < layer.output_channels; o += 4) {
    WriteHeliumChannels(layer, o, constants);
    for (int32_t lane = 0; lane < 4; ++lane) {
      weights[lane].clear();
      if (o + lane < layer.output_channels) {
        ForEachWeight(layer, o + lane, [&](int8_t w) { weights[lane].push_back(w); });
      }
      weights[lane].resize(static_cast<size_t>(blocks) * 16);
    }
    for (size_t block = 0; block < static_cast<size_t>(blocks); ++block) {
      for (const std::vector<int8_t>& channel : weights) {
        for (size_t k = 0; k < 16; ++k) constants.Write(channel[block * 16 + k]);
      }
    }
  }
  Packed<HeliumConvolve::Params> packed;
  DescribeLayer(layer, packed.params);
  packed.params.any_left = *std::max_element(layer.shift.begin(), layer.shift.end()) > 0 ? 1 : 0;
  packed.constants = constants.Take();
  packed.scratch_bytes = 2 * blocks * 16;
  const int64_t pixels = int64_t{layer.output_height} * layer.output_width;
  packed.lead_bytes =
      LeadBytes((pixels + 1) / 2, layer.input_bytes(), [&](int64_t pair) { return LowestRead(layer, 2 * pair + 2); },
                [&](int64_t pair) { return std::min(2 * pair + 2, pixels) * layer.output_channels; });
  // Instructions as counted in QEMU: multiplying, storing, gathering.
  const double fours = static_cast<double>((layer.output_channels + 3) / 4);
  const double runs = static_cast<double>(layer.kernel_height) * 12 + static_cast<double>(taps) / 16 * 6;
  packed.cycles = pixels == 1 ? fours * (static_cast<double>(blocks) * 10 + 45) + runs
                              : static_cast<double>(pixels) * (fours * (static_cast<double>(blocks) * 8 + 50) + runs);
  return packed;
}

}  // namespace thimble::steps
