// A convolution or fully connected layer for Helium, which multiplies and adds up sixteen pairs of bytes at a time.
#ifndef THIMBLE_STEPS_HELIUM_CONVOLVE_STEP_H_
#define THIMBLE_STEPS_HELIUM_CONVOLVE_STEP_H_

#include "steps/step.h"

namespace thimble::steps {

/// y[i, j, o] = clamp(scale_o(bias[o] + sum x * w) + zero point), int8, NHWC, as steps/packing.h's Convolution has it.
///
/// Two pixels at a time meet four output channels at once: 6 loads and 8 multiply-accumulates for 128 products. A
/// pixel's window must lie in one piece. A pixel that is its own window stays where it is, unless vectors would
/// reach beyond the last one: then it is copied. Otherwise
/// scratch is a stripe of the padded input, as high as a kernel, column after column: the window of a pixel is as many
/// columns, and its neighbour's overlaps it. Rows of an odd number of pixels have two stripes in turn, for pairs of the
/// last pixel of one row and the first of the next. Where neither is possible, the windows of two pixels are gathered
/// in scratch, up to a multiple of 16 bytes each. The output may overlap what has been copied, or pairs before.
/// Constants: for each four output channels HeliumBias, sixteen weights of each channel in turn, in the order of the
/// window's bytes, and HeliumScale. Of eight channels the even ones come first, then the odd ones; four or fewer that
/// are left over are in order.
struct HeliumConvolve {
  static constexpr const char* kName = "helium_convolve";
  static constexpr uint16_t kNumber = 40;

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
    int32_t windows;   ///< how they come to lie in one piece: kHelium… below
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
    visit("windows", params.windows);
    visit("in_pairs", params.in_pairs);
  }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

/// Params::windows.
inline constexpr int32_t kHeliumGathered = 0, kHeliumStripe = 1, kHeliumTwoStripes = 2, kHeliumInPlace = 3;

/// Whether each pixel of the layer is its own window.
template <typename Params>
constexpr bool HasHeliumWindowsInPlace(const Params& p) {
  return p.kernel_height == 1 && p.kernel_width == 1 && p.stride_height == 1 && p.stride_width == 1 && p.pad_top == 0 &&
         p.pad_left == 0 && p.input_height == p.output_height && p.input_width == p.output_width;
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_HELIUM_CONVOLVE_STEP_H_
