// Frames of sound in integers: their power spectrum, and what the bands of a mel filter bank get of it.
#ifndef THIMBLE_DSP_FIXED_MEL_FRAMES_H_
#define THIMBLE_DSP_FIXED_MEL_FRAMES_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/arena.h"
#include "dsp/fixed/fft.h"
#include "dsp/frames.h"
#include "dsp/mel_filterbank.h"

namespace thimble::dsp::fixed {

/// A sound's step is not further from 1, so that logarithms stay small.
inline constexpr float kSmallestSoundUnit = 0x1p-8f;
inline constexpr float kLargestSoundUnit = 0x1p8f;

THIMBLE_JUDGE Refusal JudgeSoundUnit(float unit) {
  THIMBLE_REFUSE_UNLESS(unit >= kSmallestSoundUnit && unit <= kLargestSoundUnit,
                        "a step of the samples is not from 1/256 to 256; sound in 16 bits has steps of 1");
  return {};
}

/// One edge of the filter bank (dsp/mel_filterbank.h): the segment from it to the next one.
struct MelEdge {
  uint16_t bin = 0;
  uint16_t bins = 0;        ///< up to the next edge
  uint16_t reciprocal = 0;  ///< 2^(15 + shift) / bins, from 2^15 on
  uint16_t shift = 0;
};

/// How frames are made and analysed: what Prepare leaves for Extract; behind it, in the same memory, band_count + 2
/// edges.
struct FramePlan {
  int32_t frame_length;  ///< samples; at most fft_length
  int32_t frame_stride;
  int32_t frame_count;
  int32_t fft_length;
  int32_t emphasis;  ///< coefficient in 1/32768ths
  int32_t emphasis_shift;
  int32_t band_count;
  int32_t log2_offset;  ///< of |X|^2 / fft_length * unit^2, for |X|^2 in steps of the samples; in 1/2^20ths
};

FramePlan FramePlanOf(const Frames& frames, const Emphasis& emphasis, const MelFilters& filters, float unit);

void PrepareEdges(const MelFilters& filters, std::span<MelEdge> edges);

/// Memory of one frame at a time.
struct FrameMemory {
  static size_t Bytes(int fft_length);
  FrameMemory(int fft_length, Arena& arena);

  std::span<int32_t> samples;
  std::span<Complex> transform;
  std::span<uint32_t> power;
};

/// The power spectrum of frame number `frame`, into memory.power: log2(|X|^2 / fft_length * unit^2) is the log2 of what
/// is there plus *log2_offset. False for a frame of nothing but zeros.
bool AnalyseFrame(const FramePlan& plan, std::span<const int16_t> samples, int32_t frame, const FrameMemory& memory,
                  int32_t& log2_offset);

/// Calls each(band, sum over bins of weight * power) for each band.
template <typename Each>
void SumBands(std::span<const MelEdge> edges, std::span<const uint32_t> power, Each each) {
  // Between two edges one filter falls and the next one rises; with S0 the sum of the powers and S1 the sum of each
  // times its distance from the first edge, the latter gets S1 / bins, the former the rest.
  uint64_t rising = 0;
  bool began_here = false;  // the filter that falls from this edge: in the same bin
  for (size_t m = 0; m + 1 < edges.size(); ++m) {
    const MelEdge& edge = edges[m];
    uint64_t falling = rising;
    rising = 0;
    if (edge.bins == 0) {
      // Two edges in one bin: the filter that would fall from it has its tip there, unless it began there too.
      if (m > 0 && !began_here) falling += power[edge.bin];
      began_here = true;
    } else {
      uint64_t sum = 0;
      uint64_t moment = 0;
      // From the far end on, the moment is the sum of all sums but for the last one.
      for (const uint32_t *first = &power[edge.bin], *bin = first + edge.bins - 1; bin != first; --bin) {
        sum += *bin;
        moment += sum;
      }
      sum += power[edge.bin];
      rising = ((moment >> edge.shift) * edge.reciprocal) >> 15;
      falling += sum - rising;
      began_here = false;
    }
    if (m > 0) each(m - 1, falling);
  }
}

}  // namespace thimble::dsp::fixed

#endif  // THIMBLE_DSP_FIXED_MEL_FRAMES_H_
