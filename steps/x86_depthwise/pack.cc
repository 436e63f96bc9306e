#include "steps/x86_depthwise/pack.h"

#include "steps/x86/blocks.h"
#include "steps/x86_depthwise/geometry.h"

namespace thimble::steps {
namespace {

// Fitted to the time-stamp counter (2.6 GHz) of a Zen 5 with AVX-512 VNNI, within 15 % for the layers of
// xnnpack_benchmark.cc: a call, what becomes of 16 sums, their products, and laying out quads.
double CyclesOf(const Convolution& layer, const x86::DepthwiseGeometry& geometry) {
  const int64_t blocks = (layer.input_channels + x86::kBlock - 1) / x86::kBlock;
  const int64_t vectors = (layer.output_width + geometry.pixels - 1) / geometry.pixels * blocks;
  const double laid_out = double(geometry.groups * geometry.columns) * layer.input_channels / 64;
  return 200 + layer.output_height *
                   (double(vectors) * (2.95 + 0.63 * double(geometry.groups * geometry.taps)) + 3.5 * laid_out);
}

}  // namespace

std::optional<Packed<X86Depthwise::Params>> PackX86Depthwise(const Convolution& layer, Target target) {
  if (target != Target::kX86 || !x86::IsPossible(layer) || layer.depth_multiplier != 1) return std::nullopt;
  const Convolution row = x86::AsRow(layer);
  const auto params = x86::ParamsOf<X86Depthwise::Params>(row);
  const x86::DepthwiseGeometry geometry(params);
  if (geometry.scratch_bytes() >= x86::kTooLarge) return std::nullopt;

  const int32_t channels = row.input_channels;
  const int32_t lanes = channels * static_cast<int32_t>(geometry.pixels);
  x86::Blocks blocks(lanes, geometry.block_bytes);
  for (int32_t lane = 0; lane < lanes; ++lane) {
    const int32_t channel = lane % channels;
    if (!blocks.SetChannel(lane, row, channel)) return std::nullopt;
    for (int32_t k = 0; k < row.kernel_height; ++k) {
      for (int32_t l = 0; l < row.kernel_width; ++l) {
        const int64_t quad = geometry.sideways ? l / x86::kQuad : int64_t{k / x86::kQuad} * row.kernel_width + l;
        const size_t tap = static_cast<size_t>(k) * static_cast<size_t>(row.kernel_width) + static_cast<size_t>(l);
        blocks.Weight(lane, quad, (geometry.sideways ? l : k) % x86::kQuad) =
            row.weights[tap * static_cast<size_t>(channels) + static_cast<size_t>(channel)];
      }
    }
  }

  Packed<X86Depthwise::Params> packed;
  packed.params = params;
  packed.constants = blocks.Take();
  packed.scratch_bytes = geometry.scratch_bytes();
  packed.stack_bytes = 256;
  // Every row of the output has its quads in scratch before it is written.
  packed.lead_bytes = LeadBytes(
      row.output_height, row.input_bytes(),
      [&](int64_t i) {
        const int64_t next_top = std::max<int64_t>((i + 1) * row.stride_height - row.pad_top, 0);
        return i + 1 == row.output_height ? row.input_bytes() : next_top * row.input_width * row.input_channels;
      },
      [&](int64_t i) { return (i + 1) * row.output_width * row.output_channels; });
  packed.cycles = CyclesOf(row, geometry);
  return packed;
}

}  // namespace thimble::steps
