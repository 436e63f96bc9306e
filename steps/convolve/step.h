// Any int8 convolution: windows are gathered for two pixels at a time, then four channels at a time take both.
#ifndef THIMBLE_STEPS_CONVOLVE_STEP_H_
#define THIMBLE_STEPS_CONVOLVE_STEP_H_

#include "steps/step.h"

namespace thimble::steps {

/// y[i, j, o] = clamp(scale_o(bias[o] + sum_{k, l, c} x[i * stride + k * dilation - pad, …, c] * w[o, k, l, c]) +
/// output_zero_point), bit for bit as TFLite's reference kernel has it; Convolution in steps/packing.h says more.
///
///   input    [H, W, C] int8, outside of which x is pad_value
///   output   [H', W', O] int8; may overlap the input as far as the packer says, for two pixels are written when their
///            windows have been read
///   scratch  the windows of two pixels as int16: about 4 bytes for every weight of one output channel
///
/// Constants: for `common_tiles` times 4 output channels in order, then for `general_tiles` times at most 4, what
/// cortex_m4.S describes. Input zero points are folded into the biases. General tiles take what the common ones cannot:
/// shifts to the left, clamps within int8, channels that are not a multiple of 4, weights of -128 in bad company; they
/// may also overwrite single channels of common tiles.
struct Convolve {
  static constexpr const char* kName = "convolve";
  static constexpr uint16_t kNumber = 1;

  struct Params {
    int32_t input, output, scratch, constants;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width;
    int32_t pad_top, pad_left;
    int32_t pad_value, output_zero_point, clamp_low, clamp_high;  ///< pad_value is the input's zero point
    int32_t common_tiles, general_tiles;
  };
  static void Fields(auto&& visit, auto& p) {
    visit("input", p.input), visit("output", p.output), visit("scratch", p.scratch), visit("constants", p.constants);
    visit("input_height", p.input_height), visit("input_width", p.input_width);
    visit("input_channels", p.input_channels), visit("output_height", p.output_height);
    visit("output_width", p.output_width), visit("output_channels", p.output_channels);
    visit("kernel_height", p.kernel_height), visit("kernel_width", p.kernel_width);
    visit("stride_height", p.stride_height), visit("stride_width", p.stride_width);
    visit("dilation_height", p.dilation_height), visit("dilation_width", p.dilation_width);
    visit("pad_top", p.pad_top), visit("pad_left", p.pad_left);
    visit("pad_value", p.pad_value), visit("output_zero_point", p.output_zero_point);
    visit("clamp_low", p.clamp_low), visit("clamp_high", p.clamp_high);
    visit("common_tiles", p.common_tiles), visit("general_tiles", p.general_tiles);
  }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_CONVOLVE_STEP_H_
