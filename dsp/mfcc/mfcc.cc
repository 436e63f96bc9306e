// Logarithms of the bands' energies, their cosine transform, and the normalisation of it all.
#include <limits>

#include "base/float_math.h"
#include "dsp/fft.h"
#include "dsp/mel_filterbank.h"
#include "dsp/mfcc/block.h"
#include "dsp/refusal.h"
#include "dsp/sliding_normalisation.h"

namespace thimble::dsp {
namespace {

using Params = Mfcc::Params;

static_assert(Mfcc::kLongestNormalisation == kLongestSlidingWindow);

MelFilters FiltersOf(const Params& params, const Window& window) {
  return {params.num_filters, params.fft_length, window.rate_hz, params.low_frequency, params.high_frequency};
}

THIMBLE_JUDGE Refusal Judge(const Params& params, const Window& window) {
  if (const Refusal refusal = JudgeFrames(params.frame_length, params.frame_stride, window); !ok(refusal.status)) {
    return refusal;
  }
  if (const Refusal refusal = JudgeMelFilters(FiltersOf(params, window)); !ok(refusal.status)) return refusal;
  THIMBLE_REFUSE_UNLESS(params.num_cepstral >= 1 && params.num_cepstral <= kMostMelFilters,
                        "the number of coefficients is not from 1 to 256; 13 suit speech");
  THIMBLE_REFUSE_UNLESS(params.win_size >= 0 && params.win_size <= Mfcc::kLongestNormalisation,
                        "the normalization window is not from 0 to 4095 frames; 101 suit speech");
  THIMBLE_REFUSE_UNLESS(params.win_size == 0 || params.win_size % 2 == 1,
                        "the normalization window is an even number of frames; take an odd one, or 0 for none");
  THIMBLE_REFUSE_UNLESS(params.pre_cof >= -1 && params.pre_cof <= 1,
                        "the pre-emphasis coefficient is not from -1 to 1; 0.98 suits speech");
  THIMBLE_REFUSE_UNLESS(params.pre_shift >= 1 && params.pre_shift <= 1024,
                        "the pre-emphasis shift is not from 1 to 1024 samples; a coefficient of 0 turns it off");
  THIMBLE_REFUSE_UNLESS(params.pre_shift <= window.readings,
                        "the pre-emphasis shift is longer than the window; 1 is what speech wants");
  return {};
}

// Coefficients come in two kinds: the even ones weigh what lies symmetric to the middle of the bands alike, the odd
// ones opposite. So sums and differences of both halves are made first, and each coefficient takes half as many
// cosines.
size_t HalfOf(const Params& params) { return (static_cast<size_t>(params.num_filters) + 1) / 2; }

size_t CosineCount(const Params& params) { return (Mfcc::RowLength(params) - 1) * HalfOf(params); }

// What NormaliseSliding needs.
size_t ColumnNumbers(const Params& params, const Window& window) {
  return params.win_size == 0 ? 0 : 2 * static_cast<size_t>(Mfcc::FramesOf(params, window).count);
}

// The logarithm of an energy. Zero counts as 1e-10, as in the reference; NaN as zero, and infinity as the largest
// float.
float LnOfEnergy(float energy) {
  if (!(energy > 0)) energy = 1e-10f;
  return Ln(energy <= std::numeric_limits<float>::max() ? energy : std::numeric_limits<float>::max());
}

// Four sums, so that no addition waits for the one before.
float Sum(std::span<const float> values) {
  float a = 0, b = 0, c = 0, d = 0;
  const float* value = values.data();
  const float* const end = value + values.size();
  for (; end - value >= 4; value += 4) {
    a += value[0];
    b += value[1];
    c += value[2];
    d += value[3];
  }
  for (; value != end; ++value) a += *value;
  return (a + b) + (c + d);
}

// The sum of a[n] * b[n], in four sums too.
float Dot(const float* a, const float* b, size_t count) {
  float sums[4] = {0, 0, 0, 0};
  const float* const end = a + count;
  for (; end - a >= 4; a += 4, b += 4) {
    const float p = a[0] * b[0], q = a[1] * b[1], r = a[2] * b[2], s = a[3] * b[3];
    sums[0] += p;
    sums[1] += q;
    sums[2] += r;
    sums[3] += s;
  }
  for (; a != end; ++a, ++b) sums[0] += *a * *b;
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

Status Mfcc::Check(const Params& params, const Window& window) { return Judge(params, window).status; }
const char* Mfcc::Explain(const Params& params, const Window& window) { return Judge(params, window).sentence; }

Frames Mfcc::FramesOf(const Params& params, const Window& window) {
  return dsp::FramesOf(params.frame_length, params.frame_stride, window);
}

size_t Mfcc::FeatureCount(const Params& params, const Window& window) {
  return static_cast<size_t>(FramesOf(params, window).count) * RowLength(params);
}

Layout Mfcc::LayoutOf(const Params& params, const Window& window) {
  return LayoutOfRows(FramesOf(params, window), RowLength(params));
}

FeatureName Mfcc::NameOf(const Params& params, const Window&, size_t feature) {
  return NameInRow(feature, RowLength(params), "coefficient", -1);
}

size_t Mfcc::PreparedBytes(const Params& params, const Window&) {
  return MelFilterbank::Bytes(params.num_filters) + AlignUp(CosineCount(params) * sizeof(float));
}

size_t Mfcc::FrameScratchBytes(const Params& params) {
  const size_t bins = FftBins(params.fft_length);
  return AlignUp(bins * sizeof(float)) + AlignUp(bins * sizeof(Complex)) +
         AlignUp(static_cast<size_t>(params.num_filters) * sizeof(float));
}

size_t Mfcc::ScratchBytes(const Params& params, const Window& window) {
  const size_t frame_bytes = FramesScratchBytes<Mfcc>(params);
  const size_t column_bytes = AlignUp(ColumnNumbers(params, window) * sizeof(int32_t));
  return frame_bytes > column_bytes ? frame_bytes : column_bytes;
}

void Mfcc::Prepare(const Params& params, const Window& window, std::span<std::byte> prepared) {
  const size_t filterbank_bytes = MelFilterbank::Bytes(params.num_filters);
  MelFilterbank::Prepare(FiltersOf(params, window), prepared.first(filterbank_bytes));
  float* cosine = Arena(prepared.subspan(filterbank_bytes)).Take<float>(CosineCount(params)).data();
  const size_t filters = static_cast<size_t>(params.num_filters);
  const double scale = static_cast<double>(Sqrt(2.0f / static_cast<float>(params.num_filters)));
  for (size_t k = 1; k < RowLength(params); ++k) {
    for (size_t n = 0; n < HalfOf(params); ++n) {
      // cos(pi k (2n + 1) / (2 filters)), brought into the first half turn.
      size_t turn = k * (2 * n + 1) % (4 * filters);
      if (turn > 2 * filters) turn = 4 * filters - turn;
      *cosine++ = static_cast<float>(scale * CosPi(static_cast<double>(turn) / (2.0 * static_cast<double>(filters))));
    }
  }
}

void Mfcc::Row(const Params& params, std::span<const std::byte> prepared, std::span<const float> frame,
               std::span<float> row, Arena scratch) {
  const size_t filters = static_cast<size_t>(params.num_filters);
  const std::span<float> power = scratch.Take<float>(FftBins(params.fft_length));
  const std::span<float> bands = scratch.Take<float>(filters);
  Arena halves = scratch;  // the transform's memory once more, when it is done
  PowerSpectrum(frame, power, scratch.Take<Complex>(power.size()));
  const float scale = 1.0f / static_cast<float>(params.fft_length);
  row[0] = LnOfEnergy(Sum(power) * scale);
  if (row.size() == 1) return;
  MelFilterbank(params.num_filters, prepared).Apply(power, scale, bands);
  for (float& band : bands) band = LnOfEnergy(band);

  // Every filter has an edge that no more than one other shares its bin with, so both fit where the bins were.
  const size_t half = HalfOf(params);
  const std::span<float> sums = halves.Take<float>(half);
  const std::span<float> differences = halves.Take<float>(half);
  for (size_t n = 0; n < filters / 2; ++n) {
    sums[n] = bands[n] + bands[filters - 1 - n];
    differences[n] = bands[n] - bands[filters - 1 - n];
  }
  if (filters % 2 == 1) sums[half - 1] = bands[half - 1], differences[half - 1] = 0;
  const float* cosine = reinterpret_cast<const float*>(prepared.data() + MelFilterbank::Bytes(params.num_filters));
  for (size_t k = 1; k < row.size(); ++k, cosine += half) {
    row[k] = Dot(k % 2 == 0 ? sums.data() : differences.data(), cosine, half);
  }
}

void Mfcc::Finish(const Params& params, const Window& window, std::span<float> rows, Arena scratch) {
  if (params.win_size == 0) return;
  NormaliseSliding(rows, RowLength(params), static_cast<size_t>(params.win_size),
                   scratch.Take<int32_t>(ColumnNumbers(params, window)));
}

void Mfcc::Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                   std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch) {
  ExtractFrames<Mfcc>(params, window, prepared, samples, features, scratch);
}

}  // namespace thimble::dsp
