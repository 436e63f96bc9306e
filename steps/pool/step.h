// Maxima and means of windows of int8 images.
#ifndef THIMBLE_STEPS_POOL_STEP_H_
#define THIMBLE_STEPS_POOL_STEP_H_

#include "steps/step.h"

namespace thimble::steps {

/// y[i, j, c] = clamp(maximum, average or scaled sum of x[…, c] over the window's pixels inside the image)
///
///   input   x  [H, W, C]  int8
///   output  y  [I, J, C]  int8; may overlap the input as Packed::lead_bytes says
///
/// Windows one after the other, each four channels after four channels: what is written is only ever behind what is
/// read. Source: TFLite 8-bit quantisation specification, MAX_POOL_2D, AVERAGE_POOL_2D; TFLite reference kernels, MEAN.
struct Pool {
  static constexpr const char* kName = "pool";
  static constexpr uint16_t kNumber = 22;

  struct Params {
    int32_t input, output;
    int32_t kind;  ///< Pooling::Kind
    int32_t input_height, input_width, channels;
    int32_t output_height, output_width;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t pad_top, pad_left;
    int32_t clamp_low, clamp_high;
    int32_t input_zero_point, output_zero_point;  ///< this and the next for kMean
    int32_t mantissa, shift;
  };
  static void Fields(auto&& visit, auto& p) {
    visit("input", p.input);
    visit("output", p.output);
    visit("kind", p.kind);
    visit("input_height", p.input_height);
    visit("input_width", p.input_width);
    visit("channels", p.channels);
    visit("output_height", p.output_height);
    visit("output_width", p.output_width);
    visit("kernel_height", p.kernel_height);
    visit("kernel_width", p.kernel_width);
    visit("stride_height", p.stride_height);
    visit("stride_width", p.stride_width);
    visit("pad_top", p.pad_top);
    visit("pad_left", p.pad_left);
    visit("clamp_low", p.clamp_low);
    visit("clamp_high", p.clamp_high);
    visit("input_zero_point", p.input_zero_point);
    visit("output_zero_point", p.output_zero_point);
    visit("mantissa", p.mantissa);
    visit("shift", p.shift);
  }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

/// Params::kind.
inline constexpr int32_t kPoolMaximum = 0, kPoolAverage = 1, kPoolMean = 2;

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_POOL_STEP_H_
