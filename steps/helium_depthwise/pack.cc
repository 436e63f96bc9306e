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
  if (columns > kMostExtent || rows > 16 || layer.kernel_width > 16) return std::nullopt;
  const auto floors = static_cast<int32_t>((rows + 3) / 4);
  ConstantWriter constants;
  /// Of channel `c`, row `row` of the words of a window, of which the last `rows` are the kernel's, and column
  /// `column`.
  const auto weight = [&](int32_t c, int32_t row, int32_t column) {
    row -= 4 * floors - static_cast<int32_t>(rows);
    const bool is_tap = row >= 0 && row % layer.dilation_height == 0 && column < layer.kernel_width;
    const int32_t tap = row / layer.dilation_height * layer.kernel_width + column;
    return is_tap ? layer.weights[static_cast<size_t>(tap * layer.output_channels + c)] : int8_t{0};
  };
  ForEachHeliumFour(0, layer.output_channels, [&](int32_t, int32_t first, int32_t count, int32_t apart) {
    WriteHeliumBias(layer, first, apart, constants);
    for (int32_t column = 0; column < layer.kernel_width; column += 4) {
      for (int32_t floor = floors - 1; floor >= 0; --floor) {  // the newest rows first
        for (int32_t lane = 0; lane < 4; ++lane) {
          for (int32_t i = 0; i < 16; ++i) {
            constants.Write(lane < count ? weight(first + lane * apart, floor * 4 + i % 4, column + i / 4) : int8_t{0});
          }
        }
      }
    }
    WriteHeliumScale(layer, first, apart, constants);
  });
  Packed<HeliumDepthwise::Params> packed;
  DescribeLayer(layer, packed.params);
  packed.params.any_left = *std::max_element(layer.shift.begin(), layer.shift.end()) > 0 ? 1 : 0;
  packed.params.in_pairs = IsFarFromWrapping(layer) ? 1 : 0;
  packed.constants = constants.Take();
  const int64_t stripe_bytes = floors * (columns * layer.input_channels + 16) * 4;
  packed.scratch_bytes = stripe_bytes;
  // Before a row is written, all rows that its windows span are in scratch.
  const int64_t input_row_bytes = int64_t{layer.input_width} * layer.input_channels;
  const int64_t output_row_bytes = int64_t{layer.output_width} * layer.output_channels;
  packed.lead_bytes = LeadBytes(
      layer.output_height, layer.input_bytes(),
      [&](int64_t row) {
        return std::max<int64_t>(row * layer.stride_height - layer.pad_top + rows, 0) * input_row_bytes;
      },
      [&](int64_t row) { return (row + 1) * output_row_bytes; });
  // Instructions as counted in QEMU: multiplying and storing, pushing rows.
  const double patches = floors * ((layer.kernel_width + 3) / 4), width = layer.output_width;
  const double eights = packed.params.in_pairs != 0 && patches == 1 ? layer.output_channels / 8 : 0;
  const double fours = static_cast<double>((layer.output_channels + 3) / 4) - 2 * eights;
  const double lower = layer.clamp_low == layer.output_zero_point ? 0 : 12;
  const double pairs = (layer.output_width + 1) / 2;
  const double together =
      eights > 0 ? pairs * (eights * (78 + lower) + 17) + (layer.output_width % 2 == 0 ? 120 : 200) : 0;
  const double row = together + width * fours * (200 + 80 * patches);
  const double vectors = static_cast<double>(layer.input_width) * layer.input_channels / 16;
  const double pushed = vectors * (floors == 1 ? 10 : 8 + 12 * floors) + 70;
  packed.cycles =
      layer.output_height * (row + std::min<double>(layer.stride_height, static_cast<double>(rows)) * pushed);
  return packed;
}

}  // namespace thimble::steps
