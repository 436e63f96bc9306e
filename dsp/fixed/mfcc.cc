// Logarithms of the bands' energies, their cosine transform, and the normalisation of it all, in integers.
#include "dsp/fixed/mfcc.h"

#include <algorithm>
#include <new>

#include "base/float_math.h"
#include "dsp/fixed/math.h"
#include "dsp/fixed/mel_frames.h"
#include "dsp/fixed/normalisation.h"

namespace thimble::dsp::fixed {
namespace {

using Params = Mfcc::Params;

// Logarithms have these bits behind the point while they are summed up: at most 100 of them, 128 times, fit.
constexpr int kLogBits = 17;
constexpr uint32_t kLnOf2 = 2977044472;  // in 1/2^32nds
// The reference takes no energy for 1e-10.
constexpr int32_t kLog2OfSilence = -34832941;
// What a band holds that is too weak to be seen: half of the smallest power that is.
constexpr int32_t kLog2OfUnseen = -2 * kOctave;

// What Prepare leaves for Extract; the edges and the cosines follow.
struct Plan {
  FramePlan frames;
  int32_t row_length;
  int32_t window;
};

MelFilters FiltersOf(const Params& params, const Window& window) {
  return {params.num_filters, params.fft_length, window.rate_hz, params.low_frequency, params.high_frequency};
}

size_t EdgeCount(int32_t bands) { return static_cast<size_t>(bands) + 2; }
// Half of the bands: coefficients weigh both halves alike (even ones) or opposite (odd ones).
size_t HalfOf(int32_t bands) { return (static_cast<size_t>(bands) + 1) / 2; }
size_t CosineCount(int32_t bands, size_t row_length) { return (row_length - 1) * HalfOf(bands); }

int32_t LnOf(int32_t log2) { return TimesQ32(log2, kLnOf2) >> (20 - kLogBits); }

// A row of coefficients but for the first, out of the logarithms of the bands, which are lost.
void TransformBands(std::span<int32_t> bands, const int16_t* cosine, std::span<int32_t> row) {
  const size_t half = (bands.size() + 1) / 2;
  for (size_t n = 0; n < bands.size() / 2; ++n) {
    const int32_t a = bands[n];
    const int32_t b = bands[bands.size() - 1 - n];
    bands[n] = a + b;
    bands[bands.size() - 1 - n] = a - b;
  }
  for (size_t k = 1; k < row.size(); ++k) {
    // The band in the middle has no partner; odd coefficients have a cosine of 0 there.
    int32_t sum = 0;
    if (k % 2 == 0) {
      for (size_t n = 0; n < half; ++n) sum += TimesQ15(bands[n], *cosine++);
    } else {
      const int32_t* difference = bands.data() + bands.size() - 1;
      for (size_t n = 0; n < half; ++n) sum += TimesQ15(*difference--, *cosine++);
    }
    row[k] = sum;
  }
}

uint64_t Sum(std::span<const uint32_t> values) {
  uint64_t sum = 0;
  for (const uint32_t value : values) sum += value;
  return sum;
}

}  // namespace

Status Mfcc::Check(const Params& params, const Window& window, float unit) {
  const Status status = Twin::Check(params, window);
  return ok(status) ? JudgeSoundUnit(unit).status : status;
}

const char* Mfcc::Explain(const Params& params, const Window& window, float unit) {
  const char* sentence = Twin::Explain(params, window);
  return sentence == nullptr ? JudgeSoundUnit(unit).sentence : sentence;
}

size_t Mfcc::PreparedBytes(const Params& params, const Window&) {
  return AlignUp(sizeof(Plan)) + AlignUp(EdgeCount(params.num_filters) * sizeof(MelEdge)) +
         AlignUp(CosineCount(params.num_filters, Twin::RowLength(params)) * sizeof(int16_t));
}

size_t Mfcc::ScratchBytes(const Params& params, const Window& window) {
  const size_t frame_bytes =
      FrameMemory::Bytes(params.fft_length) + AlignUp(static_cast<size_t>(params.num_filters) * sizeof(int32_t));
  const size_t column_bytes = AlignUp(static_cast<size_t>(Twin::FramesOf(params, window).count) * sizeof(int32_t));
  return std::max(frame_bytes, column_bytes);
}

void Mfcc::Prepare(const Params& params, const Window& window, float unit, std::span<std::byte> prepared) {
  const MelFilters filters = FiltersOf(params, window);
  const size_t row_length = Twin::RowLength(params);
  Arena arena(prepared);
  Plan& plan = *new (arena.Take<Plan>(1).data()) Plan{};
  plan.frames = FramePlanOf(Twin::FramesOf(params, window), Twin::EmphasisOf(params), filters, unit);
  plan.row_length = static_cast<int32_t>(row_length);
  plan.window = params.win_size;
  const std::span<MelEdge> edges = arena.Take<MelEdge>(EdgeCount(params.num_filters));
  new (edges.data()) MelEdge[edges.size()];
  PrepareEdges(filters, edges);
  int16_t* cosine = arena.Take<int16_t>(CosineCount(params.num_filters, row_length)).data();
  const auto bands = static_cast<size_t>(params.num_filters);
  const double scale = 32768 * static_cast<double>(Sqrt(2.0f / static_cast<float>(params.num_filters)));
  for (size_t k = 1; k < row_length; ++k) {
    for (size_t n = 0; n < HalfOf(params.num_filters); ++n) {
      // cos(pi k (2n + 1) / (2 bands)), brought into the first half turn.
      size_t turn = k * (2 * n + 1) % (4 * bands);
      if (turn > 2 * bands) turn = 4 * bands - turn;
      const double value = scale * CosPi(static_cast<double>(turn) / (2.0 * static_cast<double>(bands)));
      *cosine++ = static_cast<int16_t>(std::min<int32_t>(Nearest(value), 32767));
    }
  }
}

void Mfcc::Extract(std::span<const std::byte> prepared, std::span<const int16_t> samples, std::span<int32_t> features,
                   std::span<std::byte> scratch) {
  const Plan& plan = *reinterpret_cast<const Plan*>(prepared.data());
  const int32_t band_count = plan.frames.band_count;
  const std::span<const MelEdge> edges(reinterpret_cast<const MelEdge*>(prepared.data() + AlignUp(sizeof(Plan))),
                                       EdgeCount(band_count));
  const auto* cosines = reinterpret_cast<const int16_t*>(prepared.data() + AlignUp(sizeof(Plan)) +
                                                         AlignUp(EdgeCount(band_count) * sizeof(MelEdge)));
  Arena arena(scratch);
  const FrameMemory memory(plan.frames.fft_length, arena);
  const std::span<int32_t> bands = arena.Take<int32_t>(static_cast<size_t>(band_count));
  const auto row_length = static_cast<size_t>(plan.row_length);
  for (int32_t frame = 0; frame < plan.frames.frame_count; ++frame) {
    const std::span<int32_t> row = features.subspan(static_cast<size_t>(frame) * row_length, row_length);
    int32_t log2_offset = 0;
    if (!AnalyseFrame(plan.frames, samples, frame, memory, log2_offset)) {
      // All bands alike: only the energy is left.
      row[0] = LnOf(kLog2OfSilence);
      std::fill(row.begin() + 1, row.end(), 0);
      continue;
    }
    row[0] = LnOf(Log2(Sum(memory.power)) + log2_offset);
    if (row_length == 1) continue;
    SumBands(edges, memory.power, [&](size_t band, uint64_t power) {
      bands[band] = LnOf((power != 0 ? Log2(power) : kLog2OfUnseen) + log2_offset);
    });
    TransformBands(bands, cosines, row);
  }
  if (plan.window != 0) {
    const std::span<int32_t> column(reinterpret_cast<int32_t*>(scratch.data()),
                                    static_cast<size_t>(plan.frames.frame_count));
    NormaliseSliding(features, row_length, static_cast<size_t>(plan.window), column);
  } else {
    for (int32_t& feature : features) feature = Shifted(feature, 16 - kLogBits);
  }
}

}  // namespace thimble::dsp::fixed
