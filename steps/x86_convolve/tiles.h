// The loops of x86_convolve, over any lanes (x86/plain_lanes.h says what these are): included after them by one file
// for each kind.
#ifndef THIMBLE_STEPS_X86_CONVOLVE_TILES_H_
#define THIMBLE_STEPS_X86_CONVOLVE_TILES_H_

#include <cstring>
#include <utility>

#include "steps/x86_convolve/geometry.h"

namespace thimble::steps::x86 {

/// A row of pixels of the output and what it is computed from.
struct PixelRow {
  const int8_t* const* rows;  ///< for each row of the filter, where the first pixel's part begins
  int64_t row_count;
  int64_t segments, segment_step;  ///< runs of bytes in each of them
  int64_t quads;                   ///< of a run
  int64_t pixel_step;              ///< bytes of the input from a pixel to the next
  const std::byte* blocks;
  int64_t block_bytes;
  int32_t channels;  ///< of the output
  Stored stored;
};

/// kPixels pixels times kBlocks blocks. Every weight that is loaded meets kPixels pixels, every quad of a pixel
/// kBlocks x 16 channels; with few of both there are kPhases sums for each, so that one need not wait for the other.
template <typename Lanes, int kBlocks, int kPixels>
struct ConvolveTile {
  using Sums = typename Lanes::Sums;
  static constexpr int kSums = kBlocks * kPixels;
  static constexpr int kPhases = kSums * 2 > Lanes::kPhases ? 1 : Lanes::kPhases / kSums;

  // What looks like loops over the sums are lists of their indices: only arrays whose indices are all known early are
  // kept in registers. Sum i is of block i % kBlocks, pixel i / kBlocks % kPixels and phase i / kSums.
  template <int... kSum>
  static THIMBLE_X86_INLINE void AddQuads(const PixelRow& row, const int8_t* x, const std::byte* weights, Sums* sums,
                                          std::integer_sequence<int, kSum...> /*indices*/) {
    ((sums[kSum] =
          Lanes::Dot(sums[kSum], Lanes::LoadPixel(x + kSum / kSums * kQuad + kSum / kBlocks % kPixels * row.pixel_step),
                     Lanes::LoadWeights(weights + kSum / kSums * kQuadBytes + kSum % kBlocks * row.block_bytes))),
     ...);
  }
  template <int... kSum>
  static THIMBLE_X86_INLINE void SetToBias(const PixelRow& row, const std::byte* header, Sums* sums,
                                           std::integer_sequence<int, kSum...> /*indices*/) {
    ((sums[kSum] = kSum < kSums ? Lanes::Bias(header + kSum % kBlocks * row.block_bytes) : Lanes::Zero()), ...);
  }
  template <int... kSum>
  static THIMBLE_X86_INLINE void AddPhases([[maybe_unused]] Sums* sums,
                                           std::integer_sequence<int, kSum...> /*indices*/) {
    ((sums[kSum % kSums] = Lanes::Add(sums[kSum % kSums], sums[kSum + kSums])), ...);
  }
  template <int... kSum>
  static THIMBLE_X86_INLINE void Scale(const PixelRow& row, const std::byte* header, Sums* sums,
                                       std::integer_sequence<int, kSum...> /*indices*/) {
    ((sums[kSum] = Lanes::Scaled(sums[kSum], Lanes::LoadChannels(header + kSum % kBlocks * row.block_bytes))), ...);
  }
  template <int... kPixel>
  static THIMBLE_X86_INLINE void Store(const PixelRow& row, int8_t* to, int32_t count, const Sums* sums,
                                       std::integer_sequence<int, kPixel...> /*indices*/) {
    (Lanes::template Store<kBlocks>(to + kPixel * row.channels, sums + kPixel * kBlocks, row.stored, count), ...);
  }

  /// Of the pixels from `first` on and the blocks from `first_block` on; `to` is where the row's output begins.
  static THIMBLE_X86_TARGET THIMBLE_X86_KEEP_SUMS void Run(const PixelRow& shared, int64_t first, int64_t first_block,
                                                           int8_t* to) {
    constexpr std::make_integer_sequence<int, kSums> kEach{};
    constexpr std::make_integer_sequence<int, kSums * kPhases> kEachPhase{};
    const PixelRow row = shared;  // which stores of bytes might change, for all that compilers know
    const std::byte* const header = row.blocks + first_block * row.block_bytes;
    const std::byte* weights = header + kHeaderBytes;
    Sums sums[kSums * kPhases];
    SetToBias(row, header, sums, kEachPhase);
    for (int64_t r = 0; r < row.row_count; ++r) {
      for (int64_t segment = 0; segment < row.segments; ++segment) {
        const int8_t* x = row.rows[r] + first * row.pixel_step + segment * row.segment_step;
        int64_t quad = 0;
        if constexpr (kPhases > 1) {
          for (; quad + kPhases <= row.quads; quad += kPhases) {
            AddQuads(row, x, weights, sums, kEachPhase);
            x += kPhases * kQuad;
            weights += kPhases * kQuadBytes;
          }
        }
        for (; quad < row.quads; ++quad) {
          AddQuads(row, x, weights, sums, kEach);
          x += kQuad;
          weights += kQuadBytes;
        }
      }
    }
    AddPhases(sums, std::make_integer_sequence<int, kSums*(kPhases - 1)>());
    Scale(row, header, sums, kEach);
    const auto channel = static_cast<int32_t>(first_block * kBlock);
    Store(row, to + first * row.channels + channel, row.channels - channel, sums,
          std::make_integer_sequence<int, kPixels>());
  }
};

using ConvolveTileFunction = void (*)(const PixelRow& row, int64_t first, int64_t first_block, int8_t* to);

/// The tile of so many blocks and pixels, found among those that fit the registers.
template <typename Lanes, int kBlocks = 1, int kPixels = 1>
ConvolveTileFunction FindConvolveTile(int64_t blocks, int64_t pixels) {
  if (pixels == kPixels) {
    if (blocks == kBlocks) return &ConvolveTile<Lanes, kBlocks, kPixels>::Run;
    if constexpr ((kPixels == 1 && kBlocks < Lanes::kWideGroup) ||
                  (kBlocks < Lanes::kGroup && (kBlocks + 1) * kPixels <= Lanes::kSums)) {
      return FindConvolveTile<Lanes, kBlocks + 1, kPixels>(blocks, pixels);
    }
  } else if constexpr (kPixels < kMostPixels && kPixels < Lanes::kSums) {
    return FindConvolveTile<Lanes, 1, kPixels + 1>(blocks, pixels);
  }
  return nullptr;
}

/// A whole row: pixels outermost, so that outputs may follow close behind the inputs that they overwrite.
template <typename Lanes>
void ConvolveRow(const PixelRow& row, int64_t pixels, int8_t* to) {
  const int64_t blocks = (row.channels + kBlock - 1) / kBlock;
  const int64_t group = pixels == 1 ? Lanes::kWideGroup : Lanes::kGroup;
  const int64_t fit = Lanes::kSums / (blocks < group ? blocks : group);
  const int64_t most = pixels == 1 ? 1 : fit < kMostPixels ? fit : kMostPixels;
  for (int64_t first = 0, tiles = (pixels + most - 1) / most; tiles > 0; --tiles) {
    const int64_t count = (pixels - first + tiles - 1) / tiles;  // tiles of about the same size
    for (int64_t block = 0; block < blocks; block += group) {
      const int64_t some = blocks - block < group ? blocks - block : group;
      FindConvolveTile<Lanes>(some, count)(row, first, block, to);
    }
    first += count;
  }
}

template <typename Lanes>
void Convolve(const X86Convolve::Params& p, const Memory& memory) {
  const ConvolveGeometry geometry(p);
  const auto* const input = reinterpret_cast<const int8_t*>(memory.frame + p.input);
  auto* const output = reinterpret_cast<int8_t*>(memory.frame + p.output);
  std::byte* const scratch = ToLine(memory.frame + p.scratch);
  auto* const pointers = reinterpret_cast<const int8_t**>(scratch);
  auto* const border = reinterpret_cast<int8_t*>(scratch + geometry.pointer_bytes);
  int8_t* const slots = border + geometry.row_bytes;
  const int64_t input_row_bytes = int64_t{p.input_width} * p.input_channels;
  const PixelRow row = {
      .rows = pointers,
      .row_count = p.kernel_height,
      .segments = geometry.segments,
      .segment_step = int64_t{p.dilation_width} * p.input_channels,
      .quads = geometry.quads,
      .pixel_step = int64_t{p.stride_width} * p.input_channels,
      .blocks = memory.constants + p.constants,
      .block_bytes = geometry.block_bytes,
      .channels = p.output_channels,
      .stored = {p.output_zero_point, p.clamp_low, p.clamp_high},
  };
  if (geometry.flat) {
    pointers[0] = input;
    ConvolveRow<Lanes>(row, int64_t{p.output_height} * p.output_width, output);
    return;
  }

  const int64_t inside = geometry.columns - p.pad_left;
  const int64_t copied_bytes = (inside < p.input_width ? inside : p.input_width) * p.input_channels;
  if (geometry.copied) {
    std::memset(border, p.input_zero_point, static_cast<size_t>((geometry.slots + 1) * geometry.row_bytes));
  }
  int64_t copied = 0;  // rows of the input that are in their slots, or no longer needed
  for (int64_t i = 0; i < p.output_height; ++i) {
    const int64_t top = i * p.stride_height - p.pad_top;
    if (geometry.copied) {
      if (copied < top) copied = top;
      for (; copied < p.input_height && copied < top + geometry.slots; ++copied) {
        if (copied_bytes > 0) {
          std::memcpy(slots + copied % geometry.slots * geometry.row_bytes + int64_t{p.pad_left} * p.input_channels,
                      input + copied * input_row_bytes, static_cast<size_t>(copied_bytes));
        }
      }
    }
    for (int64_t k = 0; k < p.kernel_height; ++k) {
      const int64_t r = top + k * p.dilation_height;
      pointers[k] = !geometry.copied               ? input + r * input_row_bytes
                    : r < 0 || r >= p.input_height ? border
                                                   : slots + r % geometry.slots * geometry.row_bytes;
    }
    ConvolveRow<Lanes>(row, p.output_width, output + i * p.output_width * p.output_channels);
  }
}

}  // namespace thimble::steps::x86

#endif  // THIMBLE_STEPS_X86_CONVOLVE_TILES_H_
