#include "steps/winograd/step.h"

#include <cstring>

#include "steps/clamp.h"
#include "steps/requantise.h"
#include "steps/winograd/layout.h"

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)
#define THIMBLE_WINOGRAD_ASSEMBLY 1

extern "C" {
void WinogradPairs(thimble::steps::winograd::Job* job);
void WinogradInput2(const thimble::steps::winograd::Strip* strip);
void WinogradInput4(const thimble::steps::winograd::Strip* strip);
void WinogradWeights4(const int8_t* weights, int32_t* u, int32_t quads);
}
#endif

namespace thimble::steps {
namespace winograd {
namespace {

#ifndef THIMBLE_WINOGRAD_ASSEMBLY
// For machines without the assembly: the same numbers by the definition.

constexpr int32_t kInput2[] = {1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 1, 0, 0, 1, 0, -1};
constexpr int32_t kInput4[] = {4, 0,  -5, 0, 1, 0, 0, -4, -4, 1,  1, 0, 0, 4, -4, -1, 1, 0,
                               0, -2, -1, 2, 1, 0, 0, 2,  -1, -2, 1, 0, 0, 4, 0,  -5, 0, 1};
constexpr int32_t kOutput2[] = {1, 1, 1, 0, 0, 1, -1, -1};
constexpr int32_t kOutput4[] = {2, -4, -4, 1, 1, 0, 0, -2, 2, 1, -1, 0, 0, -1, -1, 1, 1, 0, 0, -1, 1, 2, -2, 2};
// Output [i][j] is 2^(e[i] + e[j]) times the sum, and for tiles of 4 x 4 9 times as much again.
constexpr int32_t kExponent2[] = {1, 1}, kExponent4[] = {3, 2, 1, 1};
constexpr uint32_t kNinth = 0x38e38e39;  // modulo 2^32

// Whether this is column or row `at` of `last` + 1 beyond an edge.
constexpr bool Beyond(int32_t at, int32_t last, bool first_missing, bool last_missing) {
  return (at == 0 && first_missing) || (at == last && last_missing);
}

// [side, side] inputs of one channel, as they are transformed.
template <int32_t kSize>
void Gather(const Strip& strip, int32_t tile, int32_t channel, int32_t* x) {
  constexpr int32_t kSide = kSize + 2, kOrigin = kSize == 4 ? 128 : 0;
  const int32_t columns = kSize * strip.tiles + 2;
  const int32_t pad = static_cast<int8_t>(strip.pad & 0xff) & (kSize == 4 ? 0xff : -1);
  for (int32_t i = 0; i < kSide; ++i) {
    for (int32_t j = 0; j < kSide; ++j) {
      const int32_t column = kSize * tile + j;
      const bool beyond = Beyond(i, kSide - 1, (strip.edges & kAbove) != 0, (strip.edges & kBelow) != 0) ||
                          Beyond(column, columns - 1, (strip.edges & kLeft) != 0, (strip.edges & kRight) != 0);
      *x++ = beyond ? pad : strip.input[i * strip.row_bytes + column * strip.pixel_bytes + channel] + kOrigin;
    }
  }
}

template <int32_t kSize>
void TransformByDefinition(const Strip& strip) {
  constexpr int32_t kSide = kSize + 2;
  const int32_t* rows = kSize == 2 ? kInput2 : kInput4;
  for (int32_t tile = 0; tile < strip.tiles; ++tile) {
    for (int32_t c = 0; c < 4 * strip.quads; ++c) {
      int32_t x[36];
      Gather<kSize>(strip, tile, c, x);
      // Channels c and c + 2 of four share a word.
      const int32_t pair = c / 4 * 2 + c % 2, lane = c % 4 / 2;
      for (int32_t p = 0; p < kSide * kSide; ++p) {
        int32_t sum = 0;
        for (int32_t q = 0; q < kSide * kSide; ++q) {
          sum += rows[p / kSide * kSide + q / kSide] * rows[p % kSide * kSide + q % kSide] * x[q];
        }
        const auto v = static_cast<int16_t>(sum);
        auto* to = reinterpret_cast<std::byte*>(strip.v) + p * strip.position_bytes + pair * 16 + tile * 4 + lane * 2;
        std::memcpy(to, &v, sizeof v);
      }
    }
  }
}

// `sums` begin with the last position's: [positions][4 tiles][2 outputs].
template <int32_t kSize>
void Store(const int32_t* sums, const Job& job) {
  constexpr int32_t kSide = kSize + 2, kLast = kSide * kSide - 1;
  const int32_t* rows = kSize == 2 ? kOutput2 : kOutput4;
  const int32_t* exponent = kSize == 2 ? kExponent2 : kExponent4;
  for (int32_t output = 0; output < 2; ++output) {
    const Channel channel = job.table[output];
    for (int32_t tile = 0; tile < job.tiles; ++tile) {
      int8_t* y = job.output + job.offsets[tile] + output;
      for (int32_t i = 0; i < kSize; ++i) {
        for (int32_t j = 0; j < kSize; ++j) {
          uint32_t sum = 0;
          for (int32_t p = 0; p <= kLast; ++p) {
            const uint32_t bias = p == kSide + 1 ? static_cast<uint32_t>(channel.bias) : 0;
            sum += static_cast<uint32_t>(rows[i * kSide + p / kSide] * rows[j * kSide + p % kSide]) *
                   (static_cast<uint32_t>(sums[(kLast - p) * 8 + 2 * tile + output]) + bias);
          }
          const auto scaled = static_cast<int32_t>(kSize == 4 ? sum * kNinth : sum);
          *y = Saturate8(Requantise(scaled >> (exponent[i] + exponent[j] - 1),
                                    Requantiser{channel.mantissa, channel.half, channel.shift}));
          y += j < kSize - 1 ? job.pixel_bytes : job.row_end_bytes;
        }
      }
    }
  }
}

int32_t LaneProducts(int32_t a, int32_t b, int32_t sum) {
  const int32_t low = static_cast<int16_t>(a) * static_cast<int16_t>(b);
  return WrapAdd(WrapAdd(sum, low), (a >> 16) * (b >> 16));
}

void Pairs(Job& job) {
  const int32_t positions = Positions(job.tile), pairs_of_channels = job.chunks * 8;
  for (; job.pairs > 0; --job.pairs) {
    int32_t sums[36 * 8] = {};
    for (int32_t p = 0; p < positions; ++p) {
      for (int32_t which = 0; which < 8; ++which) {
        int32_t sum = 0;
        for (int32_t k = 0; k < pairs_of_channels; ++k) {
          const int32_t u = job.u[(k / 8 * positions + p) * 16 + k % 8 * 2 + which % 2];
          sum = LaneProducts(u, job.v[(p * pairs_of_channels + k) * kTilesPerBlock + which / 2], sum);
        }
        sums[(positions - 1 - p) * 8 + which] = sum;
      }
    }
    job.tile == 2 ? Store<2>(sums, job) : Store<4>(sums, job);
    job.u += job.chunks * positions * 16;
    job.table += 2;
    job.output += 2;
  }
}
#endif

void TransformInput(int32_t tile, const Strip& strip) {
#ifdef THIMBLE_WINOGRAD_ASSEMBLY
  tile == 2 ? WinogradInput2(&strip) : WinogradInput4(&strip);
#else
  tile == 2 ? TransformByDefinition<2>(strip) : TransformByDefinition<4>(strip);
#endif
}

void TransformWeights4(const int8_t* weights, std::byte* u, int32_t quads) {
#ifdef THIMBLE_WINOGRAD_ASSEMBLY
  WinogradWeights4(weights, reinterpret_cast<int32_t*>(u), quads);
#else
  TransformWeights(4, weights, reinterpret_cast<int32_t*>(u), quads);
#endif
}

void RunPairs(Job& job) {
#ifdef THIMBLE_WINOGRAD_ASSEMBLY
  WinogradPairs(&job);
#else
  Pairs(job);
#endif
}

// What the transforms of a layer's blocks have in common.
struct Layer {
  const Winograd::Params& params;
  const int8_t* input;
  int32_t position_bytes;

  // V of up to four tiles, and where their outputs are.
  void TransformBlock(int32_t first, int32_t count, std::byte* v, int32_t* offsets) const;
};

void Layer::TransformBlock(int32_t first, int32_t count, std::byte* v, int32_t* offsets) const {
  const int32_t tile = params.tile;
  const int32_t across = (params.output_width + tile - 1) / tile;
  const int32_t bottom = params.output_height - tile, right = params.output_width - tile;
  const uint32_t pad = tile == 4 ? static_cast<uint32_t>(params.pad_value + 128) * 0x10001
                                 : static_cast<uint32_t>(params.pad_value & 0xff) * 0x1010101;
  int32_t row = first / across, column = first % across;
  for (int32_t t = 0; t < count;) {
    // As many tiles as lie side by side.
    const int32_t y = Clamp(row * tile, 0, bottom), x = Clamp(column * tile, 0, right);
    int32_t tiles = 0, last = x;
    while (t + tiles < count && column < across) {
      const int32_t next = Clamp(column * tile, 0, right);
      if (tiles > 0 && next != last + tile) break;
      last = next;
      offsets[t + tiles] = (y * params.output_width + next) * params.output_channels;
      ++tiles;
      ++column;
    }
    if (column == across) column = 0, ++row;
    const int32_t upper = y - params.pad_top, left = x - params.pad_left;
    const int32_t edges = (left < 0 ? kLeft : 0) |
                          (last - params.pad_left + tile + 1 >= params.input_width ? kRight : 0) |
                          (upper < 0 ? kAbove : 0) | (upper + tile + 1 >= params.input_height ? kBelow : 0);
    // The corner may lie before the input, which pointers must not.
    const auto corner = reinterpret_cast<uintptr_t>(input) +
                        static_cast<uintptr_t>(intptr_t{upper * params.input_width + left} * params.input_channels);
    TransformInput(tile, {reinterpret_cast<const int8_t*>(corner), params.input_width * params.input_channels,
                          params.input_channels, reinterpret_cast<int32_t*>(v) + t, tiles, edges, pad, position_bytes,
                          params.input_channels / 4});
    t += tiles;
  }
}

}  // namespace

void TransformWeights(int32_t tile, const int8_t* weights, int32_t* to, int32_t quads) {
  constexpr int32_t kRows2[4][3] = {{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 2}};
  constexpr int32_t kRows4[6][3] = {{3, 0, 0}, {1, 1, 1}, {1, -1, 1}, {1, 2, 4}, {1, -2, 4}, {0, 0, 3}};
  const int32_t(*rows)[3] = tile == 2 ? kRows2 : kRows4;
  const int32_t side = tile + 2;
  for (int32_t c = 0; c < 4 * quads; ++c) {
    for (int32_t output = 0; output < 2; ++output) {
      const int8_t* w = weights + (c / 4 * 2 + output) * 36 + c % 4;
      const int32_t pair = c / 4 * 2 + c % 2, lane = c % 4 / 2;
      for (int32_t p = 0; p < side * side; ++p) {
        int32_t sum = 0;
        for (int32_t k = 0; k < 3; ++k) {
          for (int32_t l = 0; l < 3; ++l) sum += rows[p / side][k] * rows[p % side][l] * w[(3 * k + l) * 4];
        }
        const auto u = static_cast<int16_t>(sum);
        std::byte* at = reinterpret_cast<std::byte*>(to) + (pair / 8 * side * side + p) * 64;
        std::memcpy(at + pair % 8 * 8 + output * 4 + lane * 2, &u, sizeof u);
      }
    }
  }
}

}  // namespace winograd

using winograd::BlockBytes;
using winograd::Channel;
using winograd::Chunks;
using winograd::kTilesPerBlock;
using winograd::PairBytes;
using winograd::PairWeightBytes;
using winograd::Positions;

bool Winograd::Check(const Params& p, const std::byte* constants, const Extents& extents) {
  constexpr int32_t kMostChannels = 4096, kMostPixels = 16384;
  if (p.tile != 2 && p.tile != 4) return false;
  if (p.tile == 2 && p.transform != kOffline) return false;
  if (p.transform < kOffline || p.transform > kPerPair || p.blocks < 1 || p.blocks > kMostBlocks) return false;
  if (p.input_channels < 4 || p.input_channels > kMostChannels || p.input_channels % 4 != 0) return false;
  if (p.output_channels < 2 || p.output_channels > kMostChannels || p.output_channels % 2 != 0) return false;
  if (p.pad_top < 0 || p.pad_top > 1 || p.pad_left < 0 || p.pad_left > 1) return false;
  if (p.pad_value < -128 || p.pad_value > 127) return false;
  if (p.clamp_low < -128 || p.clamp_high > 127 || p.clamp_low > p.clamp_high) return false;
  // At most one row and one column beyond the image on each side.
  const auto length = [&](int32_t in, int32_t out, int32_t pad) {
    return in >= 1 && in <= kMostPixels && out >= p.tile && out <= kMostPixels && out + 2 - pad <= in + 1;
  };
  if (!length(p.input_height, p.output_height, p.pad_top) || !length(p.input_width, p.output_width, p.pad_left)) {
    return false;
  }
  // The assembly knows strips with padding above or below.
  if (p.tile == 4 && p.pad_top == 1 && p.output_height == 4 && p.input_height == 4) return false;
  const int64_t pairs = p.output_channels / 2;
  const int64_t u_bytes = pairs * PairBytes(p.tile, p.input_channels);
  const int64_t v_bytes = int64_t{p.blocks} * BlockBytes(p.tile, p.input_channels);
  const int64_t scratch_bytes = v_bytes + (p.transform == kOnce      ? u_bytes
                                           : p.transform == kPerPair ? PairBytes(p.tile, p.input_channels)
                                                                     : 0);
  const int64_t constant_bytes = int64_t{p.output_channels} * int64_t{sizeof(Channel)} +
                                 (p.transform == kOffline ? u_bytes : pairs * PairWeightBytes(p.input_channels));
  const int64_t input_bytes = int64_t{p.input_height} * p.input_width * p.input_channels;
  const int64_t output_bytes = int64_t{p.output_height} * p.output_width * p.output_channels;
  return constants != nullptr && Within(extents.frame_bytes, p.input, input_bytes, 1, 4) &&
         Within(extents.frame_bytes, p.output, output_bytes) &&
         Within(extents.frame_bytes, p.scratch, scratch_bytes, 1, 16) &&
         Within(extents.constants_bytes, p.constants, constant_bytes, 1, 16);
}

void Winograd::Run(const Params& p, const Memory& memory) {
  const std::byte* constants = memory.constants + p.constants;
  std::byte* scratch = memory.frame + p.scratch;
  auto* output = reinterpret_cast<int8_t*>(memory.frame + p.output);
  const int32_t chunks = Chunks(p.input_channels), positions = Positions(p.tile);
  const int32_t block_bytes = BlockBytes(p.tile, p.input_channels), pair_bytes = PairBytes(p.tile, p.input_channels);
  const int32_t pairs = p.output_channels / 2, quads = p.input_channels / 4;
  const auto* table = reinterpret_cast<const Channel*>(constants);
  const auto* weights = reinterpret_cast<const int8_t*>(table + p.output_channels);
  std::byte* u = scratch + p.blocks * block_bytes;

  const winograd::Layer layer{p, reinterpret_cast<const int8_t*>(memory.frame + p.input), chunks * 128};
  winograd::Job job{};
  job.position_bytes = layer.position_bytes;
  job.u_jump = (positions - 1) * 64;
  job.u_back = -(chunks - 1) * positions * 64;
  job.chunks = chunks;
  job.tile = p.tile;
  job.pixel_bytes = p.output_channels;
  job.row_end_bytes = (p.output_width - p.tile + 1) * p.output_channels;

  if (p.transform != kOffline && p.input_channels % winograd::kChannelsPerChunk != 0) {
    std::memset(u, 0, static_cast<size_t>(pair_bytes) * static_cast<size_t>(p.transform == kOnce ? pairs : 1));
  }
  if (p.transform == kOnce) {
    for (int32_t pair = 0; pair < pairs; ++pair) {
      winograd::TransformWeights4(weights + pair * PairWeightBytes(p.input_channels), u + pair * pair_bytes, quads);
    }
  }
  const auto* all_u =
      p.transform == kOffline ? reinterpret_cast<const int32_t*>(weights) : reinterpret_cast<int32_t*>(u);

  const int32_t across = (p.output_width + p.tile - 1) / p.tile, down = (p.output_height + p.tile - 1) / p.tile;
  int32_t offsets[kMostBlocks * kTilesPerBlock];
  for (int32_t first = 0; first < across * down; first += p.blocks * kTilesPerBlock) {
    const int32_t left = across * down - first;
    const int32_t tiles = left < p.blocks * kTilesPerBlock ? left : p.blocks * kTilesPerBlock;
    const auto in_block = [&](int32_t t) { return tiles - t < kTilesPerBlock ? tiles - t : kTilesPerBlock; };
    for (int32_t t = 0; t < tiles; t += kTilesPerBlock) {
      layer.TransformBlock(first + t, in_block(t), scratch + t / kTilesPerBlock * block_bytes, offsets + t);
    }
    const int32_t pairs_at_once = p.transform == kPerPair ? 1 : pairs;
    for (int32_t pair = 0; pair < pairs; pair += pairs_at_once) {
      if (p.transform == kPerPair) {
        winograd::TransformWeights4(weights + pair * PairWeightBytes(p.input_channels), u, quads);
      }
      for (int32_t t = 0; t < tiles; t += kTilesPerBlock) {
        job.u = all_u;
        job.v = reinterpret_cast<const int32_t*>(scratch + t / kTilesPerBlock * block_bytes);
        job.v_end = job.v + block_bytes / 4;
        job.table = table + 2 * pair;
        job.pairs = pairs_at_once;
        job.output = output + 2 * pair;
        job.tiles = in_block(t);
        job.offsets = offsets + t;
        winograd::RunPairs(job);
      }
    }
  }
  ClampInPlace(output, p.output_height * p.output_width * p.output_channels, p.clamp_low, p.clamp_high);
}

}  // namespace thimble::steps
