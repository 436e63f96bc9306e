// What the packers of the x86-64 steps share (host only).
#ifndef THIMBLE_STEPS_X86_BLOCKS_H_
#define THIMBLE_STEPS_X86_BLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "steps/packing.h"
#include "steps/x86/layout.h"

namespace thimble::steps::x86 {

/// Whether the steps can do such a layer at all: int8, and within what their checks accept.
bool IsPossible(const Convolution& layer);

/// The layer with height and width exchanged if it is one column: a row is computed many pixels at a time.
Convolution AsRow(const Convolution& layer);

/// Weights being packed: blocks of 16 channels that begin with zeroed headers.
class Blocks {
 public:
  Blocks(int32_t channels, int64_t block_bytes);

  /// The weight for byte `k` of quad `quad` in this lane of all, counted through the blocks.
  int8_t& Weight(int32_t lane, int64_t quad, int32_t k);
  /// What a lane needs to be channel `channel` of `layer`. False: its sums may be too large to be scaled exactly.
  bool SetChannel(int32_t lane, const Convolution& layer, int32_t channel);

  std::vector<std::byte> Take() { return std::move(bytes_); }

 private:
  std::byte* Block(int32_t lane) { return bytes_.data() + lane / kBlock * block_bytes_; }

  int64_t block_bytes_;
  std::vector<std::byte> bytes_;
};

/// The parameters that both steps name alike. Where operands lie is filled in when memory is planned.
template <typename Params>
Params ParamsOf(const Convolution& layer) {
  Params params{};
  params.input_height = layer.input_height, params.input_width = layer.input_width;
  params.input_channels = layer.input_channels;
  params.output_height = layer.output_height, params.output_width = layer.output_width;
  params.output_channels = layer.output_channels;
  params.kernel_height = layer.kernel_height, params.kernel_width = layer.kernel_width;
  params.stride_height = layer.stride_height, params.stride_width = layer.stride_width;
  params.dilation_height = layer.dilation_height, params.dilation_width = layer.dilation_width;
  params.pad_top = layer.pad_top, params.pad_left = layer.pad_left;
  params.input_zero_point = layer.input_zero_point, params.output_zero_point = layer.output_zero_point;
  params.clamp_low = layer.clamp_low, params.clamp_high = layer.clamp_high;
  return params;
}

}  // namespace thimble::steps::x86

#endif  // THIMBLE_STEPS_X86_BLOCKS_H_
