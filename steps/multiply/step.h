// The product of two int8 tensors of the same shape, element by element.
#ifndef THIMBLE_STEPS_MULTIPLY_STEP_H_
#define THIMBLE_STEPS_MULTIPLY_STEP_H_

#include "steps/step.h"

namespace thimble::steps {

/// y[i] = clamp(scale((a[i] - a zero point) * (b[i] - b zero point)) + zero point)
///
/// The output may take the place of either operand. Source: TFLite reference kernels, MUL.
struct Multiply {
  static constexpr const char* kName = "multiply";
  static constexpr uint16_t kNumber = 12;

  struct Params {
    int32_t input, second, output;
    int32_t count;
    int32_t input_zero_point, second_zero_point;
    int32_t mantissa, half, shift;  ///< a Requantiser's
    int32_t clamp_low, clamp_high;
  };
  static void Fields(auto&& visit, auto& params) {
    visit("input", params.input);
    visit("second", params.second);
    visit("output", params.output);
    visit("count", params.count);
    visit("input_zero_point", params.input_zero_point);
    visit("second_zero_point", params.second_zero_point);
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

#endif  // THIMBLE_STEPS_MULTIPLY_STEP_H_
