// A dense layer: a row of int8 inputs times weights that stream from flash once.
#ifndef THIMBLE_STEPS_DENSE_STEP_H_
#define THIMBLE_STEPS_DENSE_STEP_H_

#include "steps/step.h"

namespace thimble::steps {

/// y[r, o] = clamp(scale_o(bias[o] + sum_i x[r, i] * w[o, i]) + output_zero_point), bit for bit as TFLite's reference
/// kernel has it.
///
///   input   [rows, segments * inputs] int8
///   output  [rows, outputs] int8; may overlap the input as far as the packer says, for a tile of channels is written
///           when it has read its row
///
/// Constants: `tiles_of_8` times 8 output channels in order, then `tiles_of_4` times at most 4, as cortex_m4.S
/// describes. Tiles of 4 take what those of 8 cannot (a rest, shifts to the left, clamps within int8, weights of -128
/// in bad company) and end in mantissa, half, shifts (GeneralRequantiser) and number of each channel, -1 for none.
struct Dense {
  static constexpr const char* kName = "dense";
  static constexpr uint16_t kNumber = 2;

  struct Params {
    int32_t input, output, constants;
    int32_t rows, segments, inputs, outputs;
    int32_t output_zero_point, clamp_low, clamp_high;
    int32_t tiles_of_8, tiles_of_4;
    int32_t mantissa, half, shift;  ///< Requantiser of all tiles of 8; each channel has its own if mantissa is 0
    int32_t first_quads, inputs_first, inputs_end, step_of_8, step_of_4;  ///< DenseLoopOf(inputs), ready for the loops
  };
  static void Fields(auto&& visit, auto& p) {
    visit("input", p.input), visit("output", p.output), visit("constants", p.constants);
    visit("rows", p.rows), visit("segments", p.segments), visit("inputs", p.inputs), visit("outputs", p.outputs);
    visit("output_zero_point", p.output_zero_point);
    visit("clamp_low", p.clamp_low), visit("clamp_high", p.clamp_high);
    visit("tiles_of_8", p.tiles_of_8), visit("tiles_of_4", p.tiles_of_4);
    visit("mantissa", p.mantissa), visit("half", p.half), visit("shift", p.shift);
    visit("first_quads", p.first_quads), visit("inputs_first", p.inputs_first), visit("inputs_end", p.inputs_end);
    visit("step_of_8", p.step_of_8), visit("step_of_4", p.step_of_4);
  }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_DENSE_STEP_H_
