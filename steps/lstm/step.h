// A layer of LSTM cells over int8 sequences, its weights in the order of use.
#ifndef THIMBLE_STEPS_LSTM_STEP_H_
#define THIMBLE_STEPS_LSTM_STEP_H_

#include "steps/requantise.h"
#include "steps/step.h"

namespace thimble::steps {

/// y[b, t] = h after moment t, from x[b, t] and the h and c of the moment before, as
/// kernels/unidirectional_sequence_lstm computes them
///
///   input         [batches, moments, inputs] int8
///   output        [batches, moments, cells] int8; may overlap the input as far as the packer says: a moment's outputs
///                 are written while its inputs are read
///   hidden_state  [batches, cells] int8, in the state: h of the last moment
///   cell_state    [batches, cells] int16, in the state: c
///
/// Constants: LstmScales, then for each cell the FourSumsBytes of its input, forget, update and output gate over x with
/// their biases, then those over h. Zero points are part of the biases.
struct Lstm {
  static constexpr const char* kName = "lstm";
  static constexpr uint16_t kNumber = 71;

  struct Params {
    int32_t input, output, hidden_state, cell_state, constants;
    int32_t batches, moments, inputs, cells;
    int32_t cell_low, cell_high;                 ///< of c
    int32_t cell_factor, cell_half, cell_shift;  ///< (c * factor + half) >> shift is c in units of 1/12288
  };
  static void Fields(auto&& visit, auto& p) {
    visit("input", p.input), visit("output", p.output);
    visit("hidden_state", p.hidden_state), visit("cell_state", p.cell_state), visit("constants", p.constants);
    visit("batches", p.batches), visit("moments", p.moments), visit("inputs", p.inputs), visit("cells", p.cells);
    visit("cell_low", p.cell_low), visit("cell_high", p.cell_high);
    visit("cell_factor", p.cell_factor), visit("cell_half", p.cell_half), visit("cell_shift", p.cell_shift);
  }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

/// What stands in front of the constants.
struct LstmScales {
  struct Gate {
    GeneralRequantiser of_inputs, of_hidden;  ///< sums to units of 2^-12
  };
  Gate gates[4];                       ///< input, forget, update, output
  Requantiser forget, update, output;  ///< of the products that become c, c and h; the last with h's zero point
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_LSTM_STEP_H_
