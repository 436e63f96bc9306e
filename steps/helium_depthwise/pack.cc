#include "steps/helium_depthwise/pack.h"

#include "steps/helium_pack.h"

namespace thimble::steps {

std::optional<Packed<HeliumDepthwise::Params>> PackHeliumDepthwise(const Convolution& layer, Target target) {
  if (layer.depth_multiplier != 1 || layer.int16 || target != Target::kCortexM55 || !IsWalkable(layer)) {
    return std::nullopt;
  }
  const int64_t columns =
      int64_t{layer.output_width - 1} * layer.stride_width + int64_t{layer.kernel_width - 1} * layer.dilation_width + 1;
  const int64_t rows = int64_t{layer.kernel_height - 1} * layer.dilation_height + 1;
  if (columns > kMostExtent || layer.kernel_height > 16) return std::nullopt;
  ConstantWriter constants;
  const auto taps = static_cast<size_t>(layer.kernel_height * layer.kernel_width);
  const auto channels = static_cast<size_t>(layer.output_channels);
  for (size_t c = 0; c < channels; c += 4) {
    WriteHeliumChannels(layer, static_cast<int32_t>(c), constants);
    for (size_t tap = 0; tap < taps; ++tap) {
      for (size_t lane = c; lane < c + 4; ++lane) {
        constants.Write(lane < channels ? layer.weights[tap * channels + lane] : int8_t{0});
      }
    }
  }
  Packed<HeliumDepthwise::Params> packed;
  DescribeLayer(layer, packed.params);
  packed.params.any_left = *std::max_element(layer.shift.begin(), layer.shift.end()) > 0 ? 1 : 0;
  packed.constants = constants.Take();
  packed.scratch_bytes = rows * columns * layer.input_channels;
  // Before a row is written, all rows that its windows span are in scratch.
  const int64_t input_row_bytes = int64_t{layer.input_width} * layer.input_channels;
  const int64_t output_row_bytes = int64_t{layer.output_width} * layer.output_channels;
  packed.lead_bytes = LeadBytes(
      layer.output_height, layer.input_bytes(),
      [&](int64_t row) {
        return std::max<int64_t>(row * layer.stride_height - layer.pad_top + rows, 0) * input_row_bytes;
      },
      [&](int64_t row) { return (row + 1) * output_row_bytes; });
  // Instructions as counted in QEMU.
  const double fours = static_cast<double>((channels + 3) / 4), height = layer.output_height;
  const bool together = layer.kernel_width == 3 && layer.stride_width == 1 && layer.dilation_width == 1;
  const double width = layer.output_width;
  const double alone = together ? layer.output_width % 3 : width;
  packed.cycles = height * fours *
                      ((width - alone) / 3 * (static_cast<double>(layer.kernel_height) * 33 + 60) +
                       alone * (static_cast<double>(taps) * 5 + 45)) +
                  height * static_cast<double>(columns * layer.input_channels) / 4;
  return packed;
}

}  // namespace thimble::steps
