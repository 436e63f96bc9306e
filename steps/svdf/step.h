// A filter over time of rank-reduced features, its weights in the order of use.
#ifndef THIMBLE_STEPS_SVDF_STEP_H_
#define THIMBLE_STEPS_SVDF_STEP_H_

#include "steps/step.h"

namespace thimble::steps {

/// y[b, u] = to_output(bias[u] + sum over the unit's filters and their moments of state * time) + output_zero_point
/// after the state has moved on by the features of x[b], as kernels/svdf computes it
///
///   input   [batches, inputs] int8
///   output  [batches, units] int8; may overlap the input as far as the packer says: a row's outputs are written when
///   it
///           has been read
///   state   [batches, units * rank, moments] int8, or int16, in the state; the newest moment last
///
/// Constants: for each tile of four filters FourSumsBytes and their four numbers as int32, -1 for none; int32 biases
/// [units]; time weights [units * rank, moments] like the state. Zero points are part of the biases.
struct Svdf {
  static constexpr const char* kName = "svdf";
  static constexpr uint16_t kNumber = 70;

  struct Params {
    int32_t input, output, state, constants;
    int32_t batches, inputs, units, rank, moments, tiles;
    int32_t int16_state;  ///< 1, or 0 for int8
    int32_t state_zero_point, output_zero_point;
    int32_t state_mantissa, state_half, state_shifts;  ///< GeneralRequantiser of features
    int32_t output_mantissa, output_shift;             ///< Multiplier
  };
  static void Fields(auto&& visit, auto& p) {
    visit("input", p.input), visit("output", p.output), visit("state", p.state), visit("constants", p.constants);
    visit("batches", p.batches), visit("inputs", p.inputs), visit("units", p.units), visit("rank", p.rank);
    visit("moments", p.moments), visit("tiles", p.tiles), visit("int16_state", p.int16_state);
    visit("state_zero_point", p.state_zero_point), visit("output_zero_point", p.output_zero_point);
    visit("state_mantissa", p.state_mantissa), visit("state_half", p.state_half);
    visit("state_shifts", p.state_shifts);
    visit("output_mantissa", p.output_mantissa), visit("output_shift", p.output_shift);
  }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_SVDF_STEP_H_
