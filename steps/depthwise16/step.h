// A depthwise convolution of int16 numbers with int8 weights.
#ifndef THIMBLE_STEPS_DEPTHWISE16_STEP_H_
#define THIMBLE_STEPS_DEPTHWISE16_STEP_H_

#include "steps/step.h"

namespace thimble::steps {

/// y[i, j, o] = clamp(scale_o(bias[o] + sum x * w)), int16 with zero points 0, NHWC, output o seeing input channel
/// o / depth_multiplier, as steps/packing.h's Convolution has it, where no sum can leave 32 bits.
///
/// Channel by channel at each pixel. The output may overlap pixels that no later window reads. Constants: for each
/// output channel a Channel16, then its weights up to a multiple of 4 bytes.
struct Depthwise16 {
  static constexpr const char* kName = "depthwise16";
  static constexpr uint16_t kNumber = 51;

  struct Params {
    int32_t input, output, constants;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left;
    int32_t clamp_low, clamp_high;
    int32_t wide;  ///< 1: scaled as 64-bit sums are (Convolution::wide_sums), 0: as 32-bit ones
    int32_t depth_multiplier;
  };
  static void Fields(auto&& visit, auto& params) {
    visit("input", params.input);
    visit("output", params.output);
    visit("constants", params.constants);
    visit("input_height", params.input_height);
    visit("input_width", params.input_width);
    visit("input_channels", params.input_channels);
    visit("output_height", params.output_height);
    visit("output_width", params.output_width);
    visit("output_channels", params.output_channels);
    visit("kernel_height", params.kernel_height);
    visit("kernel_width", params.kernel_width);
    visit("stride_height", params.stride_height);
    visit("stride_width", params.stride_width);
    visit("dilation_height", params.dilation_height);
    visit("dilation_width", params.dilation_width);
    visit("pad_top", params.pad_top);
    visit("pad_left", params.pad_left);
    visit("clamp_low", params.clamp_low);
    visit("clamp_high", params.clamp_high);
    visit("wide", params.wide);
    visit("depth_multiplier", params.depth_multiplier);
  }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_DEPTHWISE16_STEP_H_
