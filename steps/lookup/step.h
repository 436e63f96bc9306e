// Any function from int8 to int8, as a table.
#ifndef THIMBLE_STEPS_LOOKUP_STEP_H_
#define THIMBLE_STEPS_LOOKUP_STEP_H_

#include "steps/step.h"

namespace thimble::steps {

/// y[i] = table[x[i]]: LOGISTIC, TANH, the RELU family, HARD_SWISH, QUANTIZE from int8 to int8, ADD of a constant, …
///
/// Constants: 256 bytes, the function of 0 to 127, then of -128 to -1. The output may take the input's place.
struct Lookup {
  static constexpr const char* kName = "lookup";
  static constexpr uint16_t kNumber = 13;

  struct Params {
    int32_t input, output, constants;
    int32_t count;
  };
  static void Fields(auto&& visit, auto& params) {
    visit("input", params.input);
    visit("output", params.output);
    visit("constants", params.constants);
    visit("count", params.count);
  }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_LOOKUP_STEP_H_
