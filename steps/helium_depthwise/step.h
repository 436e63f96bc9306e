// A depthwise convolution for Helium, which multiplies and adds up sixteen pairs of bytes at a time.
#ifndef THIMBLE_STEPS_HELIUM_DEPTHWISE_STEP_H_
#define THIMBLE_STEPS_HELIUM_DEPTHWISE_STEP_H_

#include "steps/step.h"

namespace thimble::steps {

/// y[i, j, c] = clamp(scale_c(bias[c] + sum x * w) + zero point), int8, NHWC, one output for each input channel, as
/// steps/packing.h's Convolution has it.
///
/// Scratch is a stripe of the padded input, each input row of which is copied there once, so that no window has a
/// border and the output may take the input's place: words of four rows of a column and channel. So one load gathers 4
/// x 4 of a window, and one instruction multiplies and adds them up; windows of up to 16 x 16 take several. Two pixels
/// with the same weights are computed together. Constants: for each four channels HeliumBias, for each 4 x 4 of a
/// window sixteen weights of each channel in turn, column after column, and HeliumScale. Of eight channels the even
/// ones come first, then the odd ones; four or fewer that are left over are in order.
struct HeliumDepthwise {
  static constexpr const char* kName = "helium_depthwise";
  static constexpr uint16_t kNumber = 41;

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
    int32_t any_left;  ///< 1: some multiplier shifts to the left
    int32_t in_pairs;  ///< 1: nothing shifts to the left, and no scaled output is near the ends of int32
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
    visit("any_left", params.any_left);
    visit("in_pairs", params.in_pairs);
  }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_HELIUM_DEPTHWISE_STEP_H_
