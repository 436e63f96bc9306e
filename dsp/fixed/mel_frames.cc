// Pre-emphasis with fifteen bits behind the point, then each frame at the scale that fits it.
#include "dsp/fixed/mel_frames.h"

#include "dsp/fixed/math.h"

namespace thimble::dsp::fixed {
namespace {

constexpr int kPointBits = 15;

// Sums are of at most that many powers, each times a distance of as many: 2^32 * 2^11 * 2^10.
static_assert(kLongestFft <= 4096);

}  // namespace

FramePlan FramePlanOf(const Frames& frames, const Emphasis& emphasis, const MelFilters& filters, float unit) {
  return {.frame_length = frames.length < filters.fft_length ? frames.length : filters.fft_length,
          .frame_stride = frames.stride,
          .frame_count = frames.count,
          .fft_length = filters.fft_length,
          .emphasis = Nearest(static_cast<double>(emphasis.coefficient * (1 << kPointBits))),
          .emphasis_shift = emphasis.shift,
          .band_count = filters.count,
          .log2_offset = 2 * Log2Of(unit) - (BitsOf(static_cast<uint32_t>(filters.fft_length)) - 1) * kOctave};
}

void PrepareEdges(const MelFilters& filters, std::span<MelEdge> edges) {
  for (size_t i = 0; i < edges.size(); ++i) {
    edges[i] = {.bin = static_cast<uint16_t>(MelEdgeBin(filters, static_cast<int>(i)))};
    if (i == 0) continue;
    MelEdge& before = edges[i - 1];
    const uint32_t bins = edges[i].bin - before.bin;
    before.bins = static_cast<uint16_t>(bins);
    if (bins == 0) continue;
    before.shift = static_cast<uint16_t>(BitsOf(bins - 1));
    before.reciprocal = static_cast<uint16_t>(((1u << 15 << before.shift) + bins / 2) / bins);
  }
}

size_t FrameMemory::Bytes(int fft_length) {
  const auto length = static_cast<size_t>(fft_length);
  return AlignUp(length * sizeof(int32_t)) + AlignUp(FftBins(fft_length) * sizeof(Complex)) +
         AlignUp(FftBins(fft_length) * sizeof(uint32_t));
}

FrameMemory::FrameMemory(int fft_length, Arena& arena)
    : samples(arena.Take<int32_t>(static_cast<size_t>(fft_length))),
      transform(arena.Take<Complex>(FftBins(fft_length))),
      power(arena.Take<uint32_t>(FftBins(fft_length))) {}

bool AnalyseFrame(const FramePlan& plan, std::span<const int16_t> samples, int32_t frame, const FrameMemory& memory,
                  int32_t& log2_offset) {
  const int32_t start = frame * plan.frame_stride;
  const int16_t* now = samples.data() + start;
  // Before its first sample the window is taken to go on with its last ones.
  int32_t wrapped = start < plan.emphasis_shift ? plan.emphasis_shift - start : 0;
  if (wrapped > plan.frame_length) wrapped = plan.frame_length;
  int32_t* out = memory.samples.data();
  uint32_t magnitudes = 0;
  const auto emphasise = [&](const int16_t* earlier, int32_t count) {
    for (const int16_t* end = now + count; now != end; ++now, ++earlier) {
      const int32_t value = *now * (1 << kPointBits) - *earlier * plan.emphasis;
      magnitudes |= MagnitudeBits(value);
      *out++ = value;
    }
  };
  emphasise(now + samples.size() - plan.emphasis_shift, wrapped);
  emphasise(now - plan.emphasis_shift, plan.frame_length - wrapped);
  while (out != memory.samples.data() + memory.samples.size()) *out++ = 0;
  if (magnitudes == 0) return false;

  // All the room that the transform has: the sum of all stays below kLargestSum.
  const int gain = BitsOf(kLargestSum / static_cast<uint32_t>(plan.fft_length)) - 1 - BitsOf(magnitudes);
  if (gain >= 0) {
    for (int32_t& value : memory.samples) value *= 1 << gain;
  } else {
    // Halves are added behind the shift: before it, they might not fit.
    for (int32_t& value : memory.samples) value = ((value >> (-gain - 1)) + 1) >> 1;
  }
  const int shift = PowerSpectrum(memory.samples, memory.power, memory.transform);
  log2_offset = plan.log2_offset + 2 * (shift - 1 - kPointBits - gain) * kOctave;
  return true;
}

}  // namespace thimble::dsp::fixed
