// The sum of two int8 tensors of the same shape.
#ifndef THIMBLE_STEPS_ADD_STEP_H_
#define THIMBLE_STEPS_ADD_STEP_H_

#include "steps/step.h"

namespace thimble::steps {

/// y[i] = clamp(scale_y(scale_a((a[i] - a zero point) << 20) + scale_b((b[i] - b zero point) << 20)) + zero point)
///
/// One of scale_a and scale_b is exactly 1/2, because both bring their operand to twice the larger scale: that operand
/// is `exact`, which costs one shift; the other is `scaled`. With equal scales both are exact. The output may take the
/// place of either operand. Source: TFLite reference kernels, ADD.
struct Add {
  static constexpr const char* kName = "add";
  static constexpr uint16_t kNumber = 11;

  struct Params {
    int32_t input, second, output;
    int32_t count;
    int32_t exact_is_second;  ///< 0: `input` is the exact operand
    int32_t exact_zero_point, scaled_zero_point;
    int32_t scaled_mantissa, scaled_half, scaled_shift;  ///< a Requantiser's; shift 0: both operands are exact
    int32_t mantissa, half, shift;                       ///< a Requantiser's
    int32_t clamp_low, clamp_high;
  };
  static void Fields(auto&& visit, auto& params) {
    visit("input", params.input);
    visit("second", params.second);
    visit("output", params.output);
    visit("count", params.count);
    visit("exact_is_second", params.exact_is_second);
    visit("exact_zero_point", params.exact_zero_point);
    visit("scaled_zero_point", params.scaled_zero_point);
    visit("scaled_mantissa", params.scaled_mantissa);
    visit("scaled_half", params.scaled_half);
    visit("scaled_shift", params.scaled_shift);
    visit("mantissa", params.mantissa);
    visit("half", params.half);
    visit("shift", params.shift);
    visit("clamp_low", params.clamp_low);
    visit("clamp_high", params.clamp_high);
  }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_ADD_STEP_H_
