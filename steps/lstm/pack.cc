#include "steps/lstm/pack.h"

#include <cstring>

#include "steps/four_sums/channels.h"
#include "steps/four_sums/sums.h"

namespace thimble::steps {
namespace {

constexpr size_t kGates = 4;

/// False: two gates of a cell cannot share lanes.
bool WriteCell(ConstantWriter& constants, const LaneChannel (&gates)[kGates]) {
  if (!CanPair(gates[0], gates[1]) || !CanPair(gates[2], gates[3])) return false;
  WriteFourSums(constants, {{&gates[0], &gates[1]}, {&gates[2], &gates[3]}});
  return true;
}

/// What all cells' sums of a gate lie within.
void Widen(SumRange& range, const LaneChannel& channel) {
  range.low = std::min(range.low, channel.sums.low);
  range.high = std::max(range.high, channel.sums.high);
}

/// Measured with the cycle counter on layers of 1 to 257 inputs and 3 to 128 cells: within 2 %.
double PredictCycles(const Lstm::Params& p) {
  const double cell = kFourSumsCallCycles + FourSumsRowCycles(p.inputs) + FourSumsRowCycles(p.cells) + 296;
  return 80 + static_cast<double>(p.batches) * p.moments * (110 + p.cells * cell);
}

}  // namespace

std::optional<Packed<Lstm::Params>> PackLstm(const Recurrence& layer, Target target) {
  if (target != Target::kCortexM4 && target != Target::kCortexM55) return std::nullopt;
  constexpr int32_t kMost = 1 << 15;
  for (const int64_t count : {int64_t{layer.batches} * layer.moments, int64_t{layer.inputs}, int64_t{layer.cells}}) {
    if (count < 1 || count > kMost) return std::nullopt;
  }
  Packed<Lstm::Params> packed;
  Lstm::Params& p = packed.params;
  p.hidden_state = static_cast<int32_t>(layer.hidden_state);
  p.cell_state = static_cast<int32_t>(layer.cell_state);
  p.batches = layer.batches, p.moments = layer.moments, p.inputs = layer.inputs, p.cells = layer.cells;
  p.cell_low = layer.cell_low, p.cell_high = layer.cell_high;
  // The tables count in thirds of 2^-12. A cell has 16 bits.
  if (layer.cell_shift > 14 || layer.cell_shift < -30) return std::nullopt;
  p.cell_factor = 3 << std::max(layer.cell_shift, 0);
  p.cell_half = layer.cell_shift < 0 ? 1 << (-layer.cell_shift - 1) : 0;
  p.cell_shift = std::max(-layer.cell_shift, 0);

  ConstantWriter cells;
  SumRange of_inputs[kGates], of_hidden[kGates];
  for (int32_t cell = 0; cell < layer.cells; ++cell) {
    LaneChannel from_x[kGates], from_h[kGates];
    for (size_t g = 0; g < kGates; ++g) {
      const Recurrence::Gate& gate = layer.gates[g];
      const auto row = [cell](const std::vector<int8_t>& matrix, int32_t columns) {
        return std::span(matrix).subspan(static_cast<size_t>(cell) * static_cast<size_t>(columns),
                                         static_cast<size_t>(columns));
      };
      const int32_t bias = gate.bias[static_cast<size_t>(cell)];
      from_x[g] = MakeLaneChannel(row(gate.weights, layer.inputs), bias, layer.input_zero_point);
      from_h[g] = MakeLaneChannel(row(gate.recurrent, layer.cells), 0, layer.hidden_zero_point);
      Widen(of_inputs[g], from_x[g]);
      Widen(of_hidden[g], from_h[g]);
    }
    if (!WriteCell(cells, from_x) || !WriteCell(cells, from_h)) return std::nullopt;
  }

  LstmScales scales;
  for (size_t g = 0; g < kGates; ++g) {
    const Multiplier x = layer.gates[g].of_inputs, h = layer.gates[g].of_hidden;
    const auto x_requantiser = MakeGeneralRequantiser(x.mantissa, x.shift, of_inputs[g]);
    const auto h_requantiser = MakeGeneralRequantiser(h.mantissa, h.shift, of_hidden[g]);
    if (!x_requantiser || !h_requantiser) return std::nullopt;
    scales.gates[g] = {*x_requantiser, *h_requantiser};
  }
  // A logistic is at least 0 and below 2^15, what it is multiplied with an int16.
  constexpr SumRange kProducts = {-(int64_t{1} << 30) + 1, (int64_t{1} << 30) - 1};
  const auto forget = MakeRequantiser(layer.forget.mantissa, layer.forget.shift, 0, kProducts);
  const auto update = MakeRequantiser(layer.update.mantissa, layer.update.shift, 0, kProducts);
  const auto output = MakeRequantiser(layer.output.mantissa, layer.output.shift, layer.hidden_zero_point, kProducts);
  if (!forget || !update || !output) return std::nullopt;
  scales.forget = *forget, scales.update = *update, scales.output = *output;

  static_assert(std::is_trivially_copyable_v<LstmScales> && sizeof(LstmScales) % sizeof(int32_t) == 0);
  packed.constants.resize(sizeof scales);
  std::memcpy(packed.constants.data(), &scales, sizeof scales);
  const std::vector<std::byte> sums = cells.Take();
  packed.constants.insert(packed.constants.end(), sums.begin(), sums.end());
  packed.stack_bytes = 230;

  const int64_t rows = int64_t{layer.batches} * layer.moments;
  packed.lead_bytes = LeadBytes(
      rows, rows * layer.inputs, [&](int64_t row) { return row * layer.inputs; },
      [&](int64_t row) { return (row + 1) * layer.cells; });
  packed.cycles = PredictCycles(p);
  return packed;
}

}  // namespace thimble::steps
