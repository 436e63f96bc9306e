#include "steps/dense/step.h"

#include <cstring>

#include "steps/dense/tiles.h"

namespace thimble::steps {
namespace {

template <typename T>
T Load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Scales and stores the sums of a tile of 4, of those channels that there are.
void Finish(const Dense::Params& p, const int32_t (&sums)[4], const std::byte* constants, int8_t* outputs) {
  const auto* channel = reinterpret_cast<const DenseChannel*>(constants);
  for (const int32_t sum : sums) {
    if (channel->output >= 0) {
      const int32_t scaled = WrapAdd(Requantise(sum, channel->requantiser), p.output_zero_point);
      outputs[channel->output] = static_cast<int8_t>(Clamp(scaled, p.clamp_low, p.clamp_high));
    }
    ++channel;
  }
}

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)

static_assert(offsetof(Dense::Params, output_zero_point) == 28 && offsetof(Dense::Params, mantissa) == 48 &&
              offsetof(Dense::Params, step_of_4) == 76);
static_assert(sizeof(DenseChannel) == 16 && offsetof(DenseChannel, output) == 12);
extern "C" void thimble_dense_8(const Dense::Params* params, const std::byte* tiles, const int8_t* inputs,
                                int8_t* outputs, uint32_t last_word, const std::byte* end);
extern "C" void thimble_dense_4(const Dense::Params* params, const std::byte* tile, const int8_t* inputs, int32_t* sums,
                                uint32_t last_word, int8_t* outputs);

#else

// The sums of a tile's channels; returns where its weights end.
template <int32_t kChannels>
const std::byte* SumTile(const Dense::Params& p, const std::byte* tile, const int8_t* inputs, uint32_t last_word,
                         int32_t (&sums)[kChannels]) {
  constexpr int32_t kPairs = kChannels / 2;
  uint32_t both[kPairs], first[kPairs];
  std::memcpy(both, tile, sizeof both);
  std::memcpy(first, tile + sizeof both, sizeof first);
  tile += sizeof both + sizeof first;
  const auto quad = [&](uint32_t word) {
    for (int32_t odd = 0; odd < 2; ++odd) {
      for (int32_t pair = 0; pair < kPairs; ++pair) {
        for (int32_t lane = 0; lane < 2; ++lane, tile += 2) {
          // NOLINTNEXTLINE(bugprone-signed-char-misuse): a number, not a letter
          const int32_t x = static_cast<int8_t>(word >> (16 * lane + 8 * odd));
          const int32_t h = Load<int16_t>(tile);
          both[pair] += static_cast<uint32_t>(h * x);
          first[pair] += static_cast<uint32_t>(static_cast<int8_t>(h) * x);
        }
      }
    }
  };
  quad(last_word);
  for (int32_t i = 1; i < DenseQuads(p.inputs); ++i, inputs += 4) quad(Load<uint32_t>(inputs));
  for (int32_t pair = 0; pair < kPairs; ++pair) {
    sums[2 * pair] = static_cast<int32_t>(first[pair]);
    sums[2 * pair + 1] = static_cast<int32_t>(both[pair] - first[pair]) >> 8;
  }
  return tile;
}

void thimble_dense_8(const Dense::Params* params, const std::byte* tiles, const int8_t* inputs, int8_t* outputs,
                     uint32_t last_word, const std::byte* end) {
  while (tiles != end) {
    int32_t sums[8];
    tiles = SumTile(*params, tiles, inputs, last_word, sums);
    for (const int32_t sum : sums) {
      Requantiser requantiser = {params->mantissa, params->half, params->shift};
      if (requantiser.mantissa == 0) {
        requantiser = Load<Requantiser>(tiles);
        tiles += sizeof requantiser;
      }
      *outputs++ = Saturate8(Requantise(WrapShiftLeft(sum, 1), requantiser));
    }
  }
}

void thimble_dense_4(const Dense::Params* params, const std::byte* tile, const int8_t* inputs, int32_t* sums,
                     uint32_t last_word, int8_t* outputs) {
  int32_t of_channels[4];
  tile = SumTile(*params, tile, inputs, last_word, of_channels);
  if (sums != nullptr) {
    std::memcpy(sums, of_channels, sizeof of_channels);
  } else {
    Finish(*params, of_channels, tile, outputs);
  }
}

#endif

// The last four inputs; what does not exist is 0.
uint32_t LastWord(const Dense::Params& p, const int8_t* inputs) {
  const auto count = static_cast<uint32_t>(p.inputs);
  const uint32_t exist = (count - 1) % 4 + 1;
  const int8_t* last = inputs + (count - exist);
  if (exist == 4) return Load<uint32_t>(last);
  uint32_t word = 0;
  for (uint32_t i = exist; i-- > 0;) word = word << 8 | static_cast<uint8_t>(last[i]);
  return word;
}

// Not inlined: small layers have one segment, and calling what needs few registers is cheap.
[[gnu::noinline]] void RunSegments(const Dense::Params& p, const std::byte* tile, const int8_t* row, int8_t* outputs) {
  for (int32_t i = p.tiles_of_4; i > 0; --i) {
    int32_t sums[4] = {};
    const int8_t* inputs = row;
    for (int32_t segment = 0; segment < p.segments; ++segment, inputs += p.inputs) {
      int32_t of_segment[4];
      thimble_dense_4(&p, tile, inputs, of_segment, LastWord(p, inputs), outputs);
      tile += DenseSumBytes(DenseQuads(p.inputs), 4);
      for (int32_t channel = 0; channel < 4; ++channel) sums[channel] = WrapAdd(sums[channel], of_segment[channel]);
    }
    Finish(p, sums, tile, outputs);
    tile += 4 * sizeof(DenseChannel);
  }
}

}  // namespace

bool Dense::Check(const Params& p, const std::byte* constants, const Extents& extents) {
  constexpr int32_t kMost = 1 << 20;
  for (const int32_t count : {p.rows, p.segments, p.inputs, p.outputs}) {
    if (count < 1 || count > kMost) return false;
  }
  if (int64_t{p.rows} * p.segments > kMost) return false;
  if (!Within(extents.frame_bytes, p.input, int64_t{p.rows} * p.segments * p.inputs)) return false;
  if (!Within(extents.frame_bytes, p.output, int64_t{p.rows} * p.outputs)) return false;
  if (DenseLoop{p.first_quads, p.inputs_first, p.inputs_end, p.step_of_8, p.step_of_4} != DenseLoopOf(p.inputs)) {
    return false;
  }
  if (p.tiles_of_8 < 0 || p.tiles_of_8 > p.outputs / 8 || p.tiles_of_4 < 0 || p.tiles_of_4 > kMost) return false;
  if (p.tiles_of_8 > 0 && p.segments > 1) return false;
  const int64_t quads = DenseQuads(int64_t{p.inputs});
  const int64_t bytes_of_8 = p.tiles_of_8 * DenseTileOf8Bytes(quads, p.mantissa != 0);
  const int64_t bytes = bytes_of_8 + p.tiles_of_4 * DenseTileOf4Bytes(quads, p.segments);
  if (!Within(extents.constants_bytes, p.constants, bytes, 1, 4)) return false;
  const std::byte* tile = constants + p.constants + bytes_of_8;
  for (int32_t i = 0; i < p.tiles_of_4; ++i) {
    tile += DenseTileOf4Bytes(quads, p.segments);
    for (int32_t channel = 1; channel <= 4; ++channel) {
      if (Load<DenseChannel>(tile - channel * int32_t{sizeof(DenseChannel)}).output >= p.outputs) return false;
    }
  }
  return true;
}

void Dense::Run(const Params& p, const Memory& memory) {
  const auto* inputs = reinterpret_cast<const int8_t*>(memory.frame + p.input);
  auto* outputs = reinterpret_cast<int8_t*>(memory.frame + p.output);
  int32_t rows = p.rows;
  do {
    const std::byte* tiles = memory.constants + p.constants;
    if (p.segments > 1) {
      RunSegments(p, tiles, inputs, outputs);
    } else {
      const uint32_t last_word = LastWord(p, inputs);
      if (p.tiles_of_8 > 0) {
        const std::byte* end = tiles + p.tiles_of_8 * DenseTileOf8Bytes(DenseQuads(p.inputs), p.mantissa != 0);
        thimble_dense_8(&p, tiles, inputs, outputs, last_word, end);
        tiles = end;
      }
      for (int32_t i = p.tiles_of_4; i > 0; --i, tiles += DenseTileOf4Bytes(DenseQuads(p.inputs), 1)) {
        thimble_dense_4(&p, tiles, inputs, nullptr, last_word, outputs);
      }
    }
    inputs += p.segments * p.inputs;
    outputs += p.outputs;
  } while (--rows > 0);
}

}  // namespace thimble::steps
