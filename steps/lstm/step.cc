#include "steps/lstm/step.h"

#include <cstring>

#include "kernels/fixed_functions.h"
#include "steps/four_sums/scaled.h"
#include "steps/four_sums/sums.h"

namespace thimble::steps {
namespace {

enum Gate { kInput, kForget, kUpdate, kOutput, kGates };

/// One moment: `h` of the one before and `c`, which changes, give the new h.
void RunMoment(const Lstm::Params& p, const std::byte* constants, const int8_t* x, const int8_t* h, int16_t* c,
               int8_t* y) {
  const auto& scales = *reinterpret_cast<const LstmScales*>(constants);
  constants += sizeof(LstmScales);
  const InputRow rows[] = {MakeInputRow(x, p.inputs), MakeInputRow(h, p.cells)};
  for (int32_t i = p.cells; i > 0; --i, ++c, ++y) {
    int32_t sums[2 * kGates];
    constants = FourSums(constants, rows, sums);
    // In the units that the tables take.
    const auto thirds = [&](Gate gate) {
      const LstmScales::Gate& of = scales.gates[gate];
      return 3 * Saturated<int16_t>(Saturated<int16_t>(Scaled(sums[gate], of.of_inputs)) +
                                    Saturated<int16_t>(Scaled(sums[kGates + gate], of.of_hidden)));
    };
    const int32_t kept = kernels::Logistic16(thirds(kForget)) * *c;
    const int32_t added = kernels::Logistic16(thirds(kInput)) * kernels::Tanh16(thirds(kUpdate));
    const int32_t both =
        Saturated<int16_t>(Scaled(kept, scales.forget)) + Saturated<int16_t>(Scaled(added, scales.update));
    const int32_t cell = Clamp(both, p.cell_low, p.cell_high);
    *c = static_cast<int16_t>(cell);
    const int32_t cell_thirds = WrapAdd(WrapMultiply(cell, p.cell_factor), p.cell_half) >> (p.cell_shift & 31);
    *y = static_cast<int8_t>(
        Saturated<int8_t>(Scaled(kernels::Tanh16(cell_thirds) * kernels::Logistic16(thirds(kOutput)), scales.output)));
  }
}

}  // namespace

bool Lstm::Check(const Params& p, const std::byte*, const Extents& extents) {
  constexpr int32_t kMost = 1 << 20;
  for (const int32_t count : {p.batches, p.moments, p.inputs, p.cells}) {
    if (count < 1 || count > kMost) return false;
  }
  const int64_t rows = int64_t{p.batches} * p.moments, states = int64_t{p.batches} * p.cells;
  if (rows > kMost) return false;
  const int64_t cell_bytes = FourSumsBytes(QuadsOf(int64_t{p.inputs})) + FourSumsBytes(QuadsOf(int64_t{p.cells}));
  return p.cell_low >= INT16_MIN && p.cell_low <= p.cell_high && p.cell_high <= INT16_MAX &&
         Within(extents.frame_bytes, p.input, rows * p.inputs) &&
         Within(extents.frame_bytes, p.output, rows * p.cells) && Within(extents.state_bytes, p.hidden_state, states) &&
         Within(extents.state_bytes, p.cell_state, states, sizeof(int16_t), alignof(int16_t)) &&
         Within(extents.constants_bytes, p.constants, int64_t{sizeof(LstmScales)} + p.cells * cell_bytes, 1,
                alignof(LstmScales));
}

void Lstm::Run(const Params& p, const Memory& memory) {
  const std::byte* constants = memory.constants + p.constants;
  const auto* x = reinterpret_cast<const int8_t*>(memory.frame + p.input);
  auto* y = reinterpret_cast<int8_t*>(memory.frame + p.output);
  auto* hidden = reinterpret_cast<int8_t*>(memory.state + p.hidden_state);
  auto* c = reinterpret_cast<int16_t*>(memory.state + p.cell_state);
  for (int32_t b = 0; b < p.batches; ++b) {
    // Every cell sees the h of the moment before: the state's, then the output's.
    const int8_t* h = hidden;
    for (int32_t t = 0; t < p.moments; ++t) {
      RunMoment(p, constants, x, h, c, y);
      h = y;
      x += p.inputs;
      y += p.cells;
    }
    std::memmove(hidden, h, static_cast<size_t>(p.cells));
    hidden += p.cells;
    c += p.cells;
  }
}

}  // namespace thimble::steps
