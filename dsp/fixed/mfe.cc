// Power of each band in decibels, in steps of a 256th: a logarithm, one product and one sum.
#include "dsp/fixed/mfe.h"

#include <algorithm>
#include <new>

#include "dsp/decibels.h"
#include "dsp/fixed/math.h"
#include "dsp/fixed/mel_frames.h"

namespace thimble::dsp::fixed {
namespace {

using Params = Mfe::Params;

constexpr double kDbAnOctave = 3.0102999566398120;
constexpr int kFactorBits = 9;

// What Prepare leaves for Extract; the edges follow.
struct Plan {
  FramePlan frames;
  int32_t factor;  // steps of a 256th that doubling the power makes, in 1/2^9ths
  int32_t offset;  // the steps of the power 1, in 1/2^13ths
};

MelFilters FiltersOf(const Params& params, const Window& window) {
  return {params.num_filters, params.fft_length, window.rate_hz, params.low_frequency, params.high_frequency};
}

size_t EdgeCount(int32_t bands) { return static_cast<size_t>(bands) + 2; }

}  // namespace

Status Mfe::Check(const Params& params, const Window& window, float unit) {
  const Status status = Twin::Check(params, window);
  return ok(status) ? JudgeSoundUnit(unit).status : status;
}

const char* Mfe::Explain(const Params& params, const Window& window, float unit) {
  const char* sentence = Twin::Explain(params, window);
  return sentence == nullptr ? JudgeSoundUnit(unit).sentence : sentence;
}

size_t Mfe::PreparedBytes(const Params& params, const Window&) {
  return AlignUp(sizeof(Plan)) + AlignUp(EdgeCount(params.num_filters) * sizeof(MelEdge));
}

size_t Mfe::ScratchBytes(const Params& params, const Window&) { return FrameMemory::Bytes(params.fft_length); }

void Mfe::Prepare(const Params& params, const Window& window, float unit, std::span<std::byte> prepared) {
  const MelFilters filters = FiltersOf(params, window);
  Arena arena(prepared);
  Plan& plan = *new (arena.Take<Plan>(1).data()) Plan{};
  plan.frames = FramePlanOf(Twin::FramesOf(params, window), Twin::EmphasisOf(params), filters, unit);
  // The twin divides samples by 2^15.
  plan.frames.log2_offset -= 30 * kOctave;
  const double steps_per_db = 256 / (static_cast<double>(kFullScaleDb) - params.noise_floor_db);
  plan.factor = Nearest(kDbAnOctave * steps_per_db * (1 << kFactorBits));
  plan.offset = Nearest(-params.noise_floor_db * steps_per_db * (1 << 13));
  const std::span<MelEdge> edges = arena.Take<MelEdge>(EdgeCount(params.num_filters));
  new (edges.data()) MelEdge[edges.size()];
  PrepareEdges(filters, edges);
}

void Mfe::Extract(std::span<const std::byte> prepared, std::span<const int16_t> samples, std::span<int32_t> features,
                  std::span<std::byte> scratch) {
  const Plan& plan = *reinterpret_cast<const Plan*>(prepared.data());
  const std::span<const MelEdge> edges(reinterpret_cast<const MelEdge*>(prepared.data() + AlignUp(sizeof(Plan))),
                                       EdgeCount(plan.frames.band_count));
  Arena arena(scratch);
  const FrameMemory memory(plan.frames.fft_length, arena);
  int32_t* row = features.data();
  for (int32_t frame = 0; frame < plan.frames.frame_count; ++frame, row += plan.frames.band_count) {
    int32_t log2_offset = 0;
    if (!AnalyseFrame(plan.frames, samples, frame, memory, log2_offset)) {
      std::fill_n(row, plan.frames.band_count, 0);
      continue;
    }
    SumBands(edges, memory.power, [&](size_t band, uint64_t power) {
      if (power == 0) {
        row[band] = 0;
        return;
      }
      // 2^20 * 2^9 / 2^16 = 2^13.
      const int32_t steps =
          TimesQ16(Log2(power) + log2_offset, static_cast<uint32_t>(plan.factor)) + plan.offset + (1 << 12);
      row[band] = std::clamp<int32_t>(steps >> 13, 0, 255) * (kOne / 256);
    });
  }
}

}  // namespace thimble::dsp::fixed
