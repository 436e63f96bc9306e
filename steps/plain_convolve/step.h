// A convolution or fully connected layer in plain C++, for cores that multiply one pair of numbers at a time.
#ifndef THIMBLE_STEPS_PLAIN_CONVOLVE_STEP_H_
#define THIMBLE_STEPS_PLAIN_CONVOLVE_STEP_H_

#include "steps/step.h"

namespace thimble::steps {

/// y[i, j, o] = clamp(scale_o(bias[o] + sum x * w) + zero point), int8, NHWC, as steps/packing.h's Convolution has it.
///
/// Two pixels at a time: their windows are gathered into scratch as bytes from 0 (x + 128), one pixel beside the other,
/// so that a weight is loaded once for both and all loads have constant offsets; that leaves the eight low registers of
/// Armv6-M enough. A single pixel takes two output channels at a time instead. The output may overlap what has been
/// gathered. Constants: for each output channel a PlainChannel, then its weights + 128 in the order of the window, up
/// to a multiple of 4.
struct PlainConvolve {
  static constexpr const char* kName = "plain_convolve";
  static constexpr uint16_t kNumber = 30;

  struct Params {
    int32_t input, output, scratch, constants;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left;
    int32_t pad_value;          ///< the input's zero point
    int32_t output_zero_point;  ///< added before the clamp
    int32_t clamp_low, clamp_high;
  };
  static void Fields(auto&& visit, auto& params) {
    visit("input", params.input);
    visit("output", params.output);
    visit("scratch", params.scratch);
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
    visit("pad_value", params.pad_value);
    visit("output_zero_point", params.output_zero_point);
    visit("clamp_low", params.clamp_low);
    visit("clamp_high", params.clamp_high);
  }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_PLAIN_CONVOLVE_STEP_H_
