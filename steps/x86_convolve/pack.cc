#include "steps/x86_convolve/pack.h"

#include "steps/x86/blocks.h"
#include "steps/x86_convolve/geometry.h"

namespace thimble::steps {
namespace {

// A depthwise layer in which every output sees all channels costs as many times more as there are channels.
constexpr int32_t kMostDepthwiseChannels = 4;

int64_t LeadBytesOf(const Convolution& layer, const x86::ConvolveGeometry& geometry) {
  const int64_t in_pixel = layer.input_channels, in_row = layer.input_width * in_pixel;
  const int64_t out_pixel = layer.output_channels, out_row = layer.output_width * out_pixel;
  if (geometry.flat) {
    // A tile's own pixels are read until its last block is done.
    const int64_t pixels = int64_t{layer.output_height} * layer.output_width;
    return LeadBytes(
        pixels, layer.input_bytes(), [&](int64_t pixel) { return pixel * in_pixel; },
        [&](int64_t pixel) { return std::min(pixel + x86::kMostPixels, pixels) * out_pixel; });
  }
  // Copied rows are in scratch before a row of the output begins; others are read until it is done.
  return LeadBytes(
      layer.output_height, layer.input_bytes(),
      [&](int64_t i) {
        const int64_t top = i * layer.stride_height - layer.pad_top;
        return std::max<int64_t>(top + (geometry.copied ? geometry.slots : 0), 0) * in_row;
      },
      [&](int64_t i) { return (i + 1) * out_row; });
}

// Fitted to the time-stamp counter (2.6 GHz) of a Zen 5 with AVX-512 VNNI, within 15 % for the layers of
// xnnpack_benchmark.cc: a call, rows, quads of pixels, their products, what becomes of 16 sums, copies, and weights
// that do not stay in the first cache.
double CyclesOf(const Convolution& layer, const x86::ConvolveGeometry& geometry) {
  const int32_t blocks = (layer.output_channels + x86::kBlock - 1) / x86::kBlock;
  const double pixels = double(layer.output_height) * layer.output_width;
  const double quads = double(layer.kernel_height) * double(geometry.segments * geometry.quads);
  const double rows = geometry.flat ? 0 : layer.output_height;
  const double copied_bytes = geometry.copied ? double(layer.input_bytes()) : 0;
  const double far_bytes = std::max(blocks * double(geometry.block_bytes) - 32768, 0.0);
  return 40 + 18 * rows + pixels * (0.17 * quads + blocks * (0.28 * quads + 3.4)) + copied_bytes / 40 + far_bytes / 58;
}

}  // namespace

std::optional<Packed<X86Convolve::Params>> PackX86Convolve(const Convolution& layer, Target target) {
  if (target != Target::kX86 || !x86::IsPossible(layer)) return std::nullopt;
  if (layer.depthwise() && layer.input_channels > kMostDepthwiseChannels) return std::nullopt;
  const Convolution row = x86::AsRow(layer);
  const auto params = x86::ParamsOf<X86Convolve::Params>(row);
  const x86::ConvolveGeometry geometry(params);
  if (geometry.scratch_bytes() >= x86::kTooLarge) return std::nullopt;

  x86::Blocks blocks(row.output_channels, geometry.block_bytes);
  const int32_t channels = row.input_channels;
  for (int32_t o = 0; o < row.output_channels; ++o) {
    if (!blocks.SetChannel(o, row, o)) return std::nullopt;
    for (int32_t k = 0; k < row.kernel_height; ++k) {
      for (int32_t l = 0; l < row.kernel_width; ++l) {
        const int64_t segment = geometry.segments == 1 ? k : int64_t{k} * row.kernel_width + l;
        const int64_t first = geometry.segments == 1 ? int64_t{l} * channels : 0;  // byte of the segment
        const size_t tap = static_cast<size_t>(k) * static_cast<size_t>(row.kernel_width) + static_cast<size_t>(l);
        const size_t taps = static_cast<size_t>(row.kernel_height) * static_cast<size_t>(row.kernel_width);
        for (int32_t c = 0; c < channels; ++c) {
          size_t from = (static_cast<size_t>(o) * taps + tap) * static_cast<size_t>(channels) + static_cast<size_t>(c);
          if (row.depthwise()) {
            if (o / row.depth_multiplier != c) continue;
            from = tap * static_cast<size_t>(row.output_channels) + static_cast<size_t>(o);
          }
          const int64_t byte = first + c;
          blocks.Weight(o, segment * geometry.quads + byte / x86::kQuad, static_cast<int32_t>(byte % x86::kQuad)) =
              row.weights[from];
        }
      }
    }
  }

  Packed<X86Convolve::Params> packed;
  packed.params = params;
  packed.constants = blocks.Take();
  packed.scratch_bytes = geometry.scratch_bytes();
  packed.stack_bytes = 256;
  packed.lead_bytes = LeadBytesOf(row, geometry);
  packed.cycles = CyclesOf(row, geometry);
  return packed;
}

}  // namespace thimble::steps
