// Scores become probabilities, row by row, int8.
#ifndef THIMBLE_STEPS_SOFTMAX_STEP_H_
#define THIMBLE_STEPS_SOFTMAX_STEP_H_

#include "steps/step.h"

namespace thimble::steps {

/// y[r, i] = exp(beta * x[r, i]) / sum_k exp(beta * x[r, k]), int8 to int8 with scale 1/256 and zero point -128
///
/// The exponential depends on nothing but how far a score is below its row's largest, 0 to 255, so it is a table.
/// Constants: `entries` int32 in units of 2^-31, none of them negative; what is further below counts as 0. The output
/// may take the input's place. Source of the arithmetic: kernels/softmax.
struct Softmax {
  static constexpr const char* kName = "softmax";
  static constexpr uint16_t kNumber = 14;

  struct Params {
    int32_t input, output, constants;
    int32_t rows, columns;
    int32_t entries;
  };
  static void Fields(auto&& visit, auto& params) {
    visit("input", params.input);
    visit("output", params.output);
    visit("constants", params.constants);
    visit("rows", params.rows);
    visit("columns", params.columns);
    visit("entries", params.entries);
  }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_SOFTMAX_STEP_H_
