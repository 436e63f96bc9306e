#include "steps/helium_convolve/pack.h"

#include "steps/helium_pack.h"

namespace thimble::steps {

namespace {

/// The weights of output `o` in the order of its window's bytes: as they lie in the model, or column after column.
std::vector<int8_t> WeightsOf(const Convolution& layer, int32_t o, bool by_column) {
  std::vector<int8_t> weights;
  if (o < layer.output_channels) ForEachWeight(layer, o, [&](int8_t w) { weights.push_back(w); });
  if (!by_column || weights.empty()) return weights;
  std::vector<int8_t> turned;
  for (int32_t l = 0; l < layer.kernel_width; ++l) {
    for (int32_t k = 0; k < layer.kernel_height; ++k) {
      const auto from = weights.begin() + (k * layer.kernel_width + l) * layer.input_channels;
      turned.insert(turned.end(), from, from + layer.input_channels);
    }
  }
  return turned;
}

}  // namespace

std::optional<Packed<HeliumConvolve::Params>> PackHeliumConvolve(const Convolution& layer, Target target) {
  if (layer.depthwise() || layer.int16 || target != Target::kCortexM55 || !IsWalkable(layer)) return std::nullopt;
  const int64_t taps = int64_t{layer.kernel_height} * layer.kernel_width * layer.input_channels;
  const int64_t blocks = (taps + 15) / 16;
  const int64_t pixels = int64_t{layer.output_height} * layer.output_width;
  const int64_t column_bytes = int64_t{layer.kernel_height} * layer.input_channels;
  const int64_t columns = int64_t{layer.output_width - 1} * layer.stride_width + layer.kernel_width;
  const bool in_place = HasHeliumWindowsInPlace(layer);
  const bool in_stripes = !in_place && layer.output_width > 1 && layer.stride_width >= 1 && layer.dilation_width == 1 &&
                          columns * column_bytes <= 1 << 16;
  Packed<HeliumConvolve::Params> packed;
  DescribeLayer(layer, packed.params);
  packed.params.any_left = *std::max_element(layer.shift.begin(), layer.shift.end()) > 0 ? 1 : 0;
  packed.params.windows = in_place                      ? kHeliumInPlace
                          : !in_stripes                 ? kHeliumGathered
                          : layer.output_width % 2 == 0 ? kHeliumStripe
                                                        : kHeliumTwoStripes;
  packed.params.in_pairs = IsFarFromWrapping(layer) ? 1 : 0;
  ConstantWriter constants;
  ForEachHeliumFour(0, layer.output_channels, [&](int32_t, int32_t first, int32_t, int32_t apart) {
    WriteHeliumBias(layer, first, apart, constants);
    std::vector<int8_t> weights[4];
    for (int32_t lane = 0; lane < 4; ++lane) {
      weights[lane] = WeightsOf(layer, first + lane * apart, in_stripes);
      weights[lane].resize(static_cast<size_t>(blocks) * 16);
    }
    for (size_t block = 0; block < static_cast<size_t>(blocks); ++block) {
      for (const std::vector<int8_t>& channel : weights) {
        for (size_t k = 0; k < 16; ++k) constants.Write(channel[block * 16 + k]);
      }
    }
    WriteHeliumScale(layer, first, apart, constants);
  });
  packed.constants = constants.Take();
  const int64_t stripe_bytes = (columns * column_bytes + 30) / 16 * 16;
  if (!in_place || taps % 16 != 0)
    packed.scratch_bytes = in_stripes ? packed.params.windows * stripe_bytes : 2 * blocks * 16;
  // Before a pair is written, the windows of both pixels have been copied, and with stripes those of their whole rows.
  const auto still_read = [&](int64_t pair) {
    const int64_t next = 2 * pair + 2, width = layer.output_width;
    return LowestRead(layer, in_place ? 2 * pair : in_stripes ? (next - 1) / width * width + width : next);
  };
  packed.lead_bytes = LeadBytes((pixels + 1) / 2, layer.input_bytes(), still_read,
                                [&](int64_t pair) { return std::min(2 * pair + 2, pixels) * layer.output_channels; });
  // Instructions as counted in QEMU: multiplying and storing, copying.
  const double count = static_cast<double>(pixels), length = static_cast<double>(blocks);
  const double rounds = static_cast<double>((blocks + 3) / 4), width = layer.output_width;
  const double lower = layer.clamp_low == layer.output_zero_point ? 0 : 6;
  const double eights = packed.params.in_pairs != 0 ? layer.output_channels / 8 : 0;
  const double fours = static_cast<double>((layer.output_channels + 3) / 4);
  const double alone = length * 11 + 60, left_over = (fours - 2 * eights) * (alone + 35);
  const double together = eights * (length * 14 + rounds * 2 + 24 + lower) + left_over;
  double copy = layer.output_channels % 8 != 0 ? 35 : 10;  // of a pixel
  if (in_stripes) {
    const int32_t channels = layer.input_channels, columns_at_once = std::max(16 / channels, 1);
    const double vectors = channels < 16 ? (layer.input_width + columns_at_once - 1) / columns_at_once
                                         : layer.input_width * ((channels + 15) / 16);
    const double row = 20 + vectors * (channels < 16 ? 33 : channels % 16 == 0 ? 5 : 15);
    copy = 10 + (layer.output_width % 2 == 0 ? 100 : 200) / width + layer.kernel_height * row / width;
  } else if (!in_place) {
    copy = layer.kernel_height * 14.0 + static_cast<double>(taps) / 16 * 6 + 75;
  }
  const bool has_odd_one = pixels % 2 != 0;
  packed.cycles = pixels == 1 ? 560 + fours * alone
                              : 300 + count * (together + copy) + (has_odd_one ? fours * alone - together : 0);
  return packed;
}

}  // namespace thimble::steps
