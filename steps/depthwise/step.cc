#include "steps/depthwise/step.h"

#if defined(__ARM_FEATURE_DSP)
#include <arm_acle.h>
#endif

#include "steps/requantise.h"

namespace thimble::steps {
namespace {

/// The columns of one side in some rows of some channels; cortex_m4.S knows the order and uses it up.
struct FilterJob {
  const std::byte* plane;    ///< the first window's first word
  const int32_t* record;     ///< bias, multiplier, addend, shift
  const int32_t* weights;    ///< of this side
  int8_t* output;            ///< the first
  int32_t rows, columns;     ///< of output
  int32_t column_stride;     ///< of output
  int32_t row_stride;        ///< of output
  int32_t pair_bytes;        ///< from one word to the next
  int32_t window_row_bytes;  ///< from one row's windows to the next one's
  int32_t filter_rows;
  int32_t filter_row_bytes;  ///< in the slab
  int32_t words;             ///< in a row of the filter
  int32_t between_bytes;     ///< from one window to the next
  int32_t lanes;             ///< channels
  int32_t record_words;
};

/// All columns of some channels, if IsDepthwiseRow; cortex_m4.S knows the order and uses it up.
struct RowJob {
  const std::byte* plane;
  const int32_t* record;
  int8_t* output;
  int32_t columns, column_stride;
  int32_t words;  ///< pairs in a record
  int32_t lanes;
};

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)
extern "C" {
void ThimbleDepthwiseColumns(FilterJob* job);  // between_bytes is pair_bytes; kRightShift
void ThimbleDepthwiseRow(RowJob* job);
}
constexpr bool kHasColumns = true;
#else
constexpr bool kHasColumns = false;
void ThimbleDepthwiseColumns(FilterJob*) {}
void ThimbleDepthwiseRow(RowJob*) {}
#endif

constexpr bool IsRightShift(const DepthwiseParams& params) {
  return params.scale == static_cast<int32_t>(DepthwiseScale::kRightShift);
}

/// sum + x.low * w.low + x.high * w.high.
inline int32_t MultiplyPairs(uint32_t x, uint32_t w, int32_t sum) {
#if defined(__ARM_FEATURE_DSP)
  return __smlad(static_cast<int16x2_t>(x), static_cast<int16x2_t>(w), sum);
#else
  const auto low = [](uint32_t pair) { return int32_t{static_cast<int16_t>(pair)}; };
  const auto high = [](uint32_t pair) { return int32_t{static_cast<int16_t>(pair >> 16)}; };
  return WrapAdd(sum, WrapAdd(low(x) * low(w), high(x) * high(w)));
#endif
}

inline uint32_t WordAt(const std::byte* at) { return *reinterpret_cast<const uint32_t*>(at); }

inline int8_t Output(const DepthwiseParams& params, int32_t sum, const int32_t* record) {
  if (IsRightShift(params)) return Saturate8(Requantise(sum, Requantiser{record[1], record[2], record[3]}));
  const int32_t scaled = Requantise(sum, GeneralRequantiser{record[1], record[2], record[3]});
  return static_cast<int8_t>(Clamp(WrapAdd(scaled, params.zero_point), params.clamp_low, params.clamp_high));
}

void RunLane(const DepthwiseParams& params, const FilterJob& job, int32_t row, int32_t lane) {
  const int32_t* record = job.record + ptrdiff_t{lane} * job.record_words;
  const std::byte* plane = job.plane + (row * job.window_row_bytes + 4 * lane);
  int8_t* output = job.output + (ptrdiff_t{row} * job.row_stride + lane);
  for (int32_t column = 0; column < job.columns; column += 4) {
    const std::byte* windows = plane + ptrdiff_t{column} * job.between_bytes;
    const int32_t* weight = job.weights + ptrdiff_t{lane} * job.record_words;
    int32_t sums[4] = {record[0], record[0], record[0], record[0]};
    for (int32_t k = 0; k < job.filter_rows; ++k, windows += job.filter_row_bytes) {
      const std::byte* at = windows;
      for (int32_t l = 0; l < job.words; ++l, at += job.pair_bytes) {
        const auto w = static_cast<uint32_t>(*weight++);
        sums[0] = MultiplyPairs(WordAt(at), w, sums[0]);
        sums[1] = MultiplyPairs(WordAt(at + job.between_bytes), w, sums[1]);
        sums[2] = MultiplyPairs(WordAt(at + 2 * job.between_bytes), w, sums[2]);
        sums[3] = MultiplyPairs(WordAt(at + 3 * job.between_bytes), w, sums[3]);
      }
    }
    for (int32_t i = 0; i < 4 && column + i < job.columns; ++i) {
      output[ptrdiff_t{column + i} * job.column_stride] = Output(params, sums[i], record);
    }
  }
}

/// Uses the job up.
void RunColumns(const DepthwiseParams& params, FilterJob& job) {
  if (kHasColumns && IsRightShift(params) && job.between_bytes == job.pair_bytes) return ThimbleDepthwiseColumns(&job);
  for (int32_t lane = 0; lane < job.lanes; ++lane) {
    for (int32_t row = 0; row < job.rows; ++row) RunLane(params, job, row, lane);
  }
}

/// Uses the job up.
void RunRow(const DepthwiseParams& params, RowJob& job) {
  if (kHasColumns) return ThimbleDepthwiseRow(&job);
  for (; job.lanes > 0; --job.lanes, job.plane += 4, ++job.output, job.record += 4 + 2 * job.words) {
    for (int32_t column = 0; column < job.columns; ++column) {
      const std::byte* at = job.plane + column / 2 * kSlabWordBytes;
      int32_t sum = job.record[0];
      for (int32_t i = 0; i < job.words; ++i, at += kSlabWordBytes) {
        sum = MultiplyPairs(WordAt(at), static_cast<uint32_t>(job.record[4 + 2 * i + column % 2]), sum);
      }
      job.output[column * job.column_stride] = Output(params, sum, job.record);
    }
  }
}

/// Of a record, in words.
constexpr int64_t RecordWords(const DepthwiseParams& params) {
  if (IsDepthwiseRow(params)) return 4 + 2 * int64_t{DepthwiseRowWords(params)};
  return 4 + int64_t{params.kernel_height} * (DepthwiseSide(params, 0).words + DepthwiseSide(params, 1).words);
}

void RunSides(const DepthwiseParams& params, const Memory& memory) {
  const int32_t channels = params.OutputChannels();
  const auto record_words = static_cast<int32_t>(RecordWords(params));
  const auto* records = reinterpret_cast<const int32_t*>(memory.constants + params.constants);
  auto* output = reinterpret_cast<int8_t*>(memory.frame + params.output);
  const int32_t sides = params.stride_width % 2 != 0 ? 2 : 1;
  const DepthwiseSide left(params, 0), right(params, 1);
  FilterJob job{};
  job.column_stride = sides * channels;
  job.row_stride = params.output_width * channels;
  job.pair_bytes = params.PairBytes();
  job.window_row_bytes = params.stride_height * kSlabWordBytes;
  job.filter_rows = params.kernel_height;
  job.filter_row_bytes = params.dilation_height * kSlabWordBytes;
  job.between_bytes = left.between_words * job.pair_bytes;
  job.record_words = record_words;
  Slabs slabs(params, memory);
  for (SlabPart part; slabs.Next(part);) {
    const int32_t* record = records + ptrdiff_t{part.channel} * params.multiplier * record_words;
    int8_t* first = output + (ptrdiff_t{part.row} * job.row_stride + part.channel * params.multiplier);
    for (int32_t side = 0; side < sides; ++side) {
      const DepthwiseSide& here = side == 0 ? left : right;
      if (here.columns == 0) continue;
      const int32_t before = 4 + side * params.kernel_height * left.words;  // in a record
      job.columns = here.columns;
      job.words = here.words;
      const std::byte* plane = part.plane + here.first_word * job.pair_bytes;
      const auto run = [&](int32_t channel, int32_t lane, int32_t lanes) {
        job.plane = plane + 4 * lane;
        job.record = record + ptrdiff_t{channel} * record_words;
        job.weights = job.record + before;
        job.output = first + side * channels + channel;
        job.rows = part.rows;
        job.lanes = lanes;
        RunColumns(params, job);
      };
      if (params.multiplier == 1) {
        run(0, 0, part.lanes);
      } else {
        for (int32_t channel = 0; channel < part.lanes * params.multiplier; ++channel) {
          run(channel, channel / params.multiplier, 1);
        }
      }
    }
  }
}

void RunRows(const DepthwiseParams& params, const Memory& memory) {
  const int32_t channels = params.OutputChannels();
  const auto* records = reinterpret_cast<const int32_t*>(memory.constants + params.constants);
  auto* output = reinterpret_cast<int8_t*>(memory.frame + params.output);
  const int32_t words = DepthwiseRowWords(params);
  Slabs slabs(params, memory);
  for (SlabPart part; slabs.Next(part);) {
    const int32_t first = part.channel * params.multiplier;
    RowJob job{part.plane,
               records + ptrdiff_t{first} * (4 + 2 * words),
               output + (ptrdiff_t{part.row} * params.output_width * channels + first),
               params.output_width,
               channels,
               words,
               part.lanes};
    if (params.multiplier == 1) {
      RunRow(params, job);
      continue;
    }
    for (int32_t channel = 0; channel < part.lanes * params.multiplier; ++channel) {
      RowJob one = job;
      one.plane += 4 * (channel / params.multiplier);
      one.record += ptrdiff_t{channel} * (4 + 2 * words);
      one.output += channel;
      one.lanes = 1;
      RunRow(params, one);
    }
  }
}

}  // namespace

bool Depthwise::Check(const Params& params, const std::byte*, const Extents& extents) {
  return CheckSlabs(params, extents) && params.scale >= 0 &&
         params.scale <= static_cast<int32_t>(DepthwiseScale::kRightShift) && params.clamp_low >= -128 &&
         params.clamp_low <= params.clamp_high && params.clamp_high <= 127 &&
         int64_t{params.kernel_width} * params.dilation_width <= 2 * int64_t{params.slab_words} &&
         (IsDepthwiseRow(params) ? DepthwiseRowSlabWords(params) <= params.slab_words
                                 : DepthwiseSide(params, 0).SlabWords() <= params.slab_words &&
                                       DepthwiseSide(params, 1).SlabWords() <= params.slab_words) &&
         Within(extents.constants_bytes, params.constants, params.OutputChannels() * RecordWords(params), 4, 4);
}

void Depthwise::Run(const Params& params, const Memory& memory) {
  IsDepthwiseRow(params) ? RunRows(params, memory) : RunSides(params, memory);
}

}  // namespace thimble::steps
