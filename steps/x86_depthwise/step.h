// Depthwise convolution of int8 images for x86-64: 16 channels at a time, four rows of the filter in one instruction.
#ifndef THIMBLE_STEPS_X86_DEPTHWISE_STEP_H_
#define THIMBLE_STEPS_X86_DEPTHWISE_STEP_H_

#include "steps/step.h"
#include "steps/x86/level.h"

namespace thimble::steps {

/// y[i, j, c] = clamp(scale_c(bias[c] + sum over k, l of (x[i * stride + k * dilation - pad, ..., c] - zero point) *
///                    w[k, l, c]) + zero point), all int8, with TFLite's two roundings in scale_c.
///
///   input      x [H, W, C] int8, NHWC; beyond the image is its zero point
///   output     y [I, J, C] int8; may overlap the input as the packer says
///   scratch    DepthwiseGeometry::scratch_bytes; apart from everything else
///   constants  for each 16 channels an x86::BlockHeader and 64 bytes of weights for each quad
///
/// What meets in a quad: a channel's bytes of four rows of the image (of four columns where the filter has one row).
/// Each row of the output begins with laying out these quads for the whole row; all columns of the filter share them.
/// Of fewer than 16 channels, vectors hold those of several pixels.
struct X86Depthwise {
  static constexpr const char* kName = "x86_depthwise";
  static constexpr uint16_t kNumber = 61;

  struct Params {
    int32_t input, output, scratch, constants;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left;
    int32_t input_zero_point, output_zero_point;
    int32_t clamp_low, clamp_high;
  };
  static void Fields(auto&& visit, auto& params) {
    visit("input", params.input), visit("output", params.output);
    visit("scratch", params.scratch), visit("constants", params.constants);
    visit("input_height", params.input_height), visit("input_width", params.input_width);
    visit("input_channels", params.input_channels);
    visit("output_height", params.output_height), visit("output_width", params.output_width);
    visit("output_channels", params.output_channels);
    visit("kernel_height", params.kernel_height), visit("kernel_width", params.kernel_width);
    visit("stride_height", params.stride_height), visit("stride_width", params.stride_width);
    visit("dilation_height", params.dilation_height), visit("dilation_width", params.dilation_width);
    visit("pad_top", params.pad_top), visit("pad_left", params.pad_left);
    visit("input_zero_point", params.input_zero_point), visit("output_zero_point", params.output_zero_point);
    visit("clamp_low", params.clamp_low), visit("clamp_high", params.clamp_high);
  }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory) { RunAt(x86::BestLevel(), params, memory); }
  /// With the instructions of a level that the machine has.
  static void RunAt(x86::Level level, const Params& params, const Memory& memory);
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_X86_DEPTHWISE_STEP_H_
