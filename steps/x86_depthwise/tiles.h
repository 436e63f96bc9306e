// The loops of x86_depthwise, over any lanes (x86/plain_lanes.h says what these are): included after them by one file
// for each kind.
#ifndef THIMBLE_STEPS_X86_DEPTHWISE_TILES_H_
#define THIMBLE_STEPS_X86_DEPTHWISE_TILES_H_

#include <cstring>
#include <utility>

#include "steps/x86_depthwise/geometry.h"

namespace thimble::steps::x86 {

/// A row of the output and what it is computed from.
struct DepthwiseRow {
  const std::byte* quads;
  int64_t groups, group_bytes;
  int64_t taps, tap_bytes;
  int64_t vector_step;  ///< bytes of quads from a vector to the next
  const std::byte* blocks;
  int64_t block_bytes;
  int64_t output_step;  ///< bytes of the output from a vector to the next, all of them its own
  Stored stored;
};

/// kVectors vectors next to each other. As in x86_convolve/tiles.h, lists of indices stand for loops over the sums.
template <typename Lanes, int kVectors>
struct DepthwiseTile {
  using Sums = typename Lanes::Sums;

  template <int... kVector>
  static THIMBLE_X86_INLINE void AddQuads(const DepthwiseRow& row, const std::byte* quads, const std::byte* weights,
                                          Sums* sums, std::integer_sequence<int, kVector...> /*indices*/) {
    ((sums[kVector] =
          Lanes::Dot(sums[kVector], Lanes::LoadQuads(quads + kVector * row.vector_step), Lanes::LoadWeights(weights))),
     ...);
  }
  template <int... kVector>
  static THIMBLE_X86_INLINE void SetToBias(const std::byte* block, Sums* sums,
                                           std::integer_sequence<int, kVector...> /*indices*/) {
    ((sums[kVector] = Lanes::Bias(block)), ...);
  }
  template <int... kVector>
  static THIMBLE_X86_INLINE void ScaleAndStore(const DepthwiseRow& row, const std::byte* block, int8_t* to,
                                               int32_t count, int32_t last_count, Sums* sums,
                                               std::integer_sequence<int, kVector...> /*indices*/) {
    ((sums[kVector] = Lanes::Scaled(sums[kVector], Lanes::LoadChannels(block))), ...);
    (Lanes::template Store<1>(to + kVector * row.output_step, sums + kVector, row.stored,
                              kVector + 1 < kVectors ? count : last_count),
     ...);
  }

  /// All blocks of the vectors from `first` on; `to` is where the row's output begins, `last_count` how many bytes the
  /// last of these vectors has.
  static THIMBLE_X86_TARGET THIMBLE_X86_KEEP_SUMS void Run(const DepthwiseRow& shared, int64_t first,
                                                           int32_t last_count, int8_t* to) {
    constexpr std::make_integer_sequence<int, kVectors> kEach{};
    const DepthwiseRow row = shared;  // which stores of bytes might change, for all that compilers know
    const std::byte* block = row.blocks;
    const std::byte* quads_of_block = row.quads + first * row.vector_step;
    to += first * row.output_step;
    for (auto count = static_cast<int32_t>(row.output_step); count > 0; count -= kBlock, last_count -= kBlock) {
      Sums sums[kVectors];
      SetToBias(block, sums, kEach);
      const std::byte* weights = block + kHeaderBytes;
      const std::byte* quads_of_group = quads_of_block;
      for (int64_t group = 0; group < row.groups; ++group) {
        const std::byte* quads = quads_of_group;
        for (int64_t tap = 0; tap < row.taps; ++tap) {
          AddQuads(row, quads, weights, sums, kEach);
          quads += row.tap_bytes;
          weights += kQuadBytes;
        }
        quads_of_group += row.group_bytes;
      }
      ScaleAndStore(row, block, to, count, last_count, sums, kEach);
      block += row.block_bytes;
      quads_of_block += kQuadBytes;
      to += kBlock;
    }
  }
};

using DepthwiseTileFunction = void (*)(const DepthwiseRow& row, int64_t first, int32_t last_count, int8_t* to);

template <typename Lanes, int kVectors = 1>
DepthwiseTileFunction FindDepthwiseTile(int64_t vectors) {
  if (vectors == kVectors) return &DepthwiseTile<Lanes, kVectors>::Run;
  if constexpr (kVectors < kMostPixels && kVectors < Lanes::kSums) {
    return FindDepthwiseTile<Lanes, kVectors + 1>(vectors);
  }
  return nullptr;
}

template <typename Lanes>
THIMBLE_X86_TARGET void Depthwise(const X86Depthwise::Params& p, const Memory& memory) {
  const DepthwiseGeometry geometry(p);
  const auto* const input = reinterpret_cast<const int8_t*>(memory.frame + p.input);
  auto* const output = reinterpret_cast<int8_t*>(memory.frame + p.output);
  std::byte* const scratch = ToLine(memory.frame + p.scratch);
  auto* const border = reinterpret_cast<int8_t*>(scratch);
  std::byte* const quads = scratch + geometry.row_bytes;
  const int64_t depth = p.input_channels;
  const int64_t input_row_bytes = p.input_width * depth;

  // Columns beyond the image, and lanes that no weight meets, stay what they are now. In quads bytes are 128 more.
  std::memset(border, p.input_zero_point, static_cast<size_t>(geometry.row_bytes));
  std::memset(quads, p.input_zero_point + 128, static_cast<size_t>(geometry.groups * geometry.group_bytes));
  const int64_t inside = (geometry.sideways ? geometry.row_columns : geometry.columns) - p.pad_left;
  const int64_t inside_bytes = (inside < p.input_width ? inside : p.input_width) * depth;

  const int64_t vectors = (p.output_width + geometry.pixels - 1) / geometry.pixels;
  const int64_t rest = (p.output_width - (vectors - 1) * geometry.pixels) * depth;  // bytes of a row's last vector
  constexpr int64_t kMost = Lanes::kSums < kMostPixels ? Lanes::kSums : kMostPixels;
  const DepthwiseRow row = {
      .quads = quads,
      .groups = geometry.groups,
      .group_bytes = geometry.group_bytes,
      .taps = geometry.taps,
      .tap_bytes = geometry.tap_columns * depth * kQuad,
      .vector_step = geometry.pixels * p.stride_width * depth * kQuad,
      .blocks = memory.constants + p.constants,
      .block_bytes = geometry.block_bytes,
      .output_step = geometry.pixels * depth,
      .stored = {p.output_zero_point, p.clamp_low, p.clamp_high},
  };

  for (int64_t i = 0; i < p.output_height; ++i) {
    const int64_t top = i * p.stride_height - p.pad_top;
    if (geometry.sideways) {
      const bool is_inside = top >= 0 && top < p.input_height;
      if (!is_inside) {
        std::memset(border, p.input_zero_point, static_cast<size_t>(geometry.row_bytes));
      } else if (inside_bytes > 0) {
        std::memcpy(border + p.pad_left * depth, input + top * input_row_bytes, static_cast<size_t>(inside_bytes));
      }
      const int64_t step = p.dilation_width * depth;
      const int8_t* const sources[kQuad] = {border, border + step, border + 2 * step, border + 3 * step};
      Lanes::Interleave(sources, static_cast<int32_t>(geometry.columns * depth), quads);
    } else if (inside_bytes > 0) {
      for (int64_t group = 0; group < geometry.groups; ++group) {
        const int8_t* sources[kQuad];
        for (int64_t k = 0; k < kQuad; ++k) {
          const int64_t tap = group * kQuad + k, r = top + tap * p.dilation_height;
          const bool is_inside = tap < p.kernel_height && r >= 0 && r < p.input_height;
          sources[k] = is_inside ? input + r * input_row_bytes : border;
        }
        Lanes::Interleave(sources, static_cast<int32_t>(inside_bytes),
                          quads + group * geometry.group_bytes + p.pad_left * depth * kQuad);
      }
    }

    int8_t* const to = output + i * p.output_width * depth;
    for (int64_t first = 0, tiles = (vectors + kMost - 1) / kMost; tiles > 0; --tiles) {
      const int64_t count = (vectors - first + tiles - 1) / tiles;  // tiles of about the same size
      const auto last_count = static_cast<int32_t>(tiles == 1 ? rest : row.output_step);
      FindDepthwiseTile<Lanes>(count)(row, first, last_count, to);
      first += count;
    }
  }
}

}  // namespace thimble::steps::x86

#endif  // THIMBLE_STEPS_X86_DEPTHWISE_TILES_H_
