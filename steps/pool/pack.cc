#include "steps/pool/pack.h"

#include <bit>

namespace thimble::steps {
namespace {

/// Where the first byte of output pixel `pixel`'s window is.
int64_t WindowByte(const Pooling& layer, int64_t pixel) {
  const int64_t row = pixel / layer.output_width * layer.stride_height - layer.pad_top;
  const int64_t column = pixel % layer.output_width * layer.stride_width - layer.pad_left;
  return (std::max<int64_t>(row, 0) * layer.input_width + std::max<int64_t>(column, 0)) * layer.channels;
}

}  // namespace

Multiplier WithDivisor(Multiplier multiplier, int32_t pixels) {
  const int32_t bits = std::bit_width(static_cast<uint32_t>(pixels)) - 1;
  const int32_t shift = std::min(bits, 31 + multiplier.shift);
  return {static_cast<int32_t>((int64_t{multiplier.mantissa} << shift) / pixels), multiplier.shift - shift};
}

std::optional<Packed<Pool::Params>> PackPool(const Pooling& layer, Target target) {
  (void)target;  // there is one form, whose loops use the core's instructions where it has them
  Packed<Pool::Params> packed;
  packed.params = {0,
                   0,
                   static_cast<int32_t>(layer.kind),
                   layer.input_height,
                   layer.input_width,
                   layer.channels,
                   layer.output_height,
                   layer.output_width,
                   layer.kernel_height,
                   layer.kernel_width,
                   layer.stride_height,
                   layer.stride_width,
                   layer.pad_top,
                   layer.pad_left,
                   layer.clamp_low,
                   layer.clamp_high,
                   layer.input_zero_point,
                   layer.output_zero_point,
                   layer.multiplier.mantissa,
                   layer.multiplier.shift};
  if (!Pool::Check(packed.params, nullptr, {UINT32_MAX, UINT32_MAX, 0})) return std::nullopt;
  const int64_t pixels = int64_t{layer.output_height} * layer.output_width;
  const int64_t input_bytes = int64_t{layer.input_height} * layer.input_width * layer.channels;
  // Later windows begin where the next one begins, or the first one of the next row. While a window is at work its
  // channels from the next ones on are still read.
  const int32_t groups = (layer.channels + 3) / 4;
  packed.lead_bytes = LeadBytes(
      pixels * groups, input_bytes,
      [&](int64_t unit) {
        const int64_t pixel = unit / groups, channel = (unit % groups + 1) * 4;
        int64_t from = input_bytes;
        if (channel < layer.channels) from = WindowByte(layer, pixel) + channel;
        if (pixel + 1 < pixels) from = std::min(from, WindowByte(layer, pixel + 1));
        const int64_t next_row = (pixel / layer.output_width + 1) * layer.output_width;
        if (next_row < pixels) from = std::min(from, WindowByte(layer, next_row));
        return from;
      },
      [&](int64_t unit) {
        return unit / groups * layer.channels + std::min<int64_t>((unit % groups + 1) * 4, layer.channels);
      });
  const double pixel = layer.kind == Pooling::Kind::kMaximum ? 8 : 9;
  const double group = layer.kind == Pooling::Kind::kMaximum ? 30 : layer.kind == Pooling::Kind::kAverage ? 232 : 340;
  const double kernel_rows = std::min(layer.kernel_height, layer.input_height);
  const double kernel_columns = std::min(layer.kernel_width, layer.input_width);
  const double window = group + (layer.kernel_width < layer.input_width ? kernel_rows : 1) * 17 +
                        kernel_rows * kernel_columns * (pixel + (layer.channels % 4 == 0 ? 0 : 1));
  packed.cycles = static_cast<double>(pixels) * (75 + groups * window);
  return packed;
}

}  // namespace thimble::steps
