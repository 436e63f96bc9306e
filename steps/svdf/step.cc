#include "steps/svdf/step.h"

#include <cstring>

#include "steps/four_sums/scaled.h"
#include "steps/four_sums/sums.h"

namespace thimble::steps {
namespace {

constexpr int32_t kTile = 4;

template <typename Int>
constexpr Int TileBytes(Int quads) {
  return FourSumsBytes(quads) + kTile * static_cast<int32_t>(sizeof(int32_t));
}

uint32_t Word(const void* from) {
  uint32_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

/// Every element takes the place of the one before it.
template <typename State>
[[gnu::noinline]] void Advance(State* state, int32_t count) {
  auto* to = reinterpret_cast<std::byte*>(state);
  const std::byte* from = to + sizeof(State);
  auto bytes = static_cast<int32_t>(sizeof(State)) * (count - 1);
  for (; bytes >= 16; bytes -= 16, from += 16, to += 16) {
    const uint32_t a = Word(from), b = Word(from + 4), c = Word(from + 8), d = Word(from + 12);
    std::memcpy(to, &a, sizeof a), std::memcpy(to + 4, &b, sizeof b);
    std::memcpy(to + 8, &c, sizeof c), std::memcpy(to + 12, &d, sizeof d);
  }
  for (; bytes > 0; --bytes) *to++ = *from++;
}

#if defined(__ARM_FEATURE_DSP)

int32_t AddProducts(int32_t sum, uint32_t state, uint32_t time, const int16_t*) { return __smlad(state, time, sum); }

int32_t AddProducts(int32_t sum, uint32_t state, uint32_t time, const int8_t*) {
  uint32_t odd_state, odd_time;
  asm("sxtb16 %0, %1, ror #8" : "=r"(odd_state) : "r"(state));  // the compiler would rotate first
  asm("sxtb16 %0, %1, ror #8" : "=r"(odd_time) : "r"(time));
  return __smlad(odd_state, odd_time, __smlad(__sxtb16(state), __sxtb16(time), sum));
}

#endif

/// sum + state . time, wrapping.
template <typename State>
int32_t Dot(int32_t sum, const State* state, const State* time, int32_t count) {
#if defined(__ARM_FEATURE_DSP)
  constexpr int32_t kInWord = 4 / sizeof(State);
  for (; count >= 2 * kInWord; count -= 2 * kInWord, state += 2 * kInWord, time += 2 * kInWord) {
    const uint32_t first = Word(state), second = Word(state + kInWord);
    const uint32_t first_time = Word(time), second_time = Word(time + kInWord);
    sum = AddProducts(sum, first, first_time, state);
    sum = AddProducts(sum, second, second_time, state);
  }
#endif
  for (; count > 0; --count) sum = WrapAdd(sum, int32_t{*state++} * *time++);
  return sum;
}

/// The sums of a tile become the newest moments of these filters.
template <typename State>
[[gnu::noinline]] void SetNewest(const Svdf::Params& p, const int32_t* filters, const int32_t (&sums)[kTile],
                                 State* state) {
  const GeneralRequantiser to_state = {p.state_mantissa, p.state_half, p.state_shifts};
  const int32_t moments = p.moments, zero_point = p.state_zero_point;
  for (const int32_t sum : sums) {
    const int32_t filter = *filters++;
    if (filter < 0) continue;
    state[(filter + 1) * moments - 1] =
        static_cast<State>(Saturated<State>(WrapAdd(Scaled(sum, to_state), zero_point)));
  }
}

/// All units' outputs for a state that has moved on. `bias` is followed by the time weights.
template <typename State>
[[gnu::noinline]] void WriteOutputs(const Svdf::Params& p, const State* state, const int32_t* bias, int8_t* y) {
  const auto* time = reinterpret_cast<const State*>(bias + p.units);
  const Multiplier to_output = {p.output_mantissa, p.output_shift};
  const int32_t zero_point = p.output_zero_point, unit_moments = p.rank * p.moments;
  for (int8_t* const end = y + p.units; y != end; state += unit_moments, time += unit_moments) {
    const int32_t scaled = Scale(Dot(*bias++, state, time, unit_moments), to_output);
    *y++ = static_cast<int8_t>(Saturated<int8_t>(WrapAdd(scaled, zero_point)));
  }
}

template <typename State>
void RunAs(const Svdf::Params& p, const Memory& memory) {
  const auto* x = reinterpret_cast<const int8_t*>(memory.frame + p.input);
  auto* y = reinterpret_cast<int8_t*>(memory.frame + p.output);
  auto* state = reinterpret_cast<State*>(memory.state + p.state);
  const int32_t moments = p.units * p.rank * p.moments;
  for (int32_t b = 0; b < p.batches; ++b) {
    Advance(state, moments);
    const InputRow rows[] = {MakeInputRow(x, p.inputs)};
    const std::byte* constants = memory.constants + p.constants;
    for (int32_t tile = 0; tile < p.tiles; ++tile) {
      int32_t sums[kTile];
      constants = FourSums(constants, rows, sums);
      SetNewest(p, reinterpret_cast<const int32_t*>(constants), sums, state);
      constants += sizeof sums;
    }
    WriteOutputs(p, state, reinterpret_cast<const int32_t*>(constants), y);
    state += moments;
    y += p.units;
    x += p.inputs;
  }
}

}  // namespace

bool Svdf::Check(const Params& p, const std::byte* constants, const Extents& extents) {
  constexpr int32_t kMost = 1 << 20;
  for (const int32_t count : {p.batches, p.inputs, p.units, p.rank, p.moments}) {
    if (count < 1 || count > kMost) return false;
  }
  if (p.tiles < 0 || p.tiles > kMost || p.int16_state < 0 || p.int16_state > 1) return false;
  if (p.output_shift < -31 || p.output_shift > 30) return false;
  const int64_t filters = int64_t{p.units} * p.rank;
  if (filters > kMost || filters * p.moments > kMost) return false;
  const uint32_t element_bytes = p.int16_state != 0 ? sizeof(int16_t) : sizeof(int8_t);
  const int64_t tile_bytes = TileBytes(QuadsOf(int64_t{p.inputs}));
  const int64_t bytes = p.tiles * tile_bytes + p.units * int64_t{sizeof(int32_t)} + filters * p.moments * element_bytes;
  if (!Within(extents.frame_bytes, p.input, int64_t{p.batches} * p.inputs) ||
      !Within(extents.frame_bytes, p.output, int64_t{p.batches} * p.units) ||
      !Within(extents.state_bytes, p.state, p.batches * filters * p.moments, element_bytes, element_bytes) ||
      !Within(extents.constants_bytes, p.constants, bytes, 1, alignof(int32_t))) {
    return false;
  }
  const std::byte* tile = constants + p.constants;
  for (int32_t i = 0; i < p.tiles; ++i) {
    tile += tile_bytes;
    for (int32_t k = 1; k <= kTile; ++k) {
      if (static_cast<int32_t>(Word(tile - 4 * k)) >= filters) return false;
    }
  }
  return true;
}

void Svdf::Run(const Params& p, const Memory& memory) {
  if (p.int16_state != 0) {
    RunAs<int16_t>(p, memory);
  } else {
    RunAs<int8_t>(p, memory);
  }
}

}  // namespace thimble::steps
