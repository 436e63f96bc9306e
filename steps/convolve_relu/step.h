// An int8 convolution behind a ReLU: the step "convolve" with fewer operations for every output.
#ifndef THIMBLE_STEPS_CONVOLVE_RELU_STEP_H_
#define THIMBLE_STEPS_CONVOLVE_RELU_STEP_H_

#include "steps/convolve/step.h"

namespace thimble::steps {

/// Convolve whose outputs saturate at their zero point, -128, so that the common tiles, of which there is
/// at least one, take a single rounding (ReluRequantiser). Everything else is as it is there.
struct ConvolveRelu {
  static constexpr const char* kName = "convolve_relu";
  static constexpr uint16_t kNumber = 3;

  using Params = Convolve::Params;
  static void Fields(auto&& visit, auto& p) { Convolve::Fields(visit, p); }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_CONVOLVE_RELU_STEP_H_
