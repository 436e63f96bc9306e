// Power of each band in decibels, in steps of a 256th.
#include "base/float_math.h"
#include "dsp/decibels.h"
#include "dsp/fft.h"
#include "dsp/mel_filterbank.h"
#include "dsp/mfe/block.h"
#include "dsp/refusal.h"

namespace thimble::dsp {
namespace {

using Params = Mfe::Params;

MelFilters FiltersOf(const Params& params, const Window& window) {
  return {params.num_filters, params.fft_length, window.rate_hz, params.low_frequency, params.high_frequency};
}

THIMBLE_JUDGE Refusal Judge(const Params& params, const Window& window) {
  if (const Refusal refusal = JudgeFrames(params.frame_length, params.frame_stride, window); !ok(refusal.status)) {
    return refusal;
  }
  if (const Refusal refusal = JudgeMelFilters(FiltersOf(params, window)); !ok(refusal.status)) return refusal;
  return JudgeNoiseFloor(params.noise_floor_db);
}

}  // namespace

Status Mfe::Check(const Params& params, const Window& window) { return Judge(params, window).status; }
const char* Mfe::Explain(const Params& params, const Window& window) { return Judge(params, window).sentence; }

Frames Mfe::FramesOf(const Params& params, const Window& window) {
  return dsp::FramesOf(params.frame_length, params.frame_stride, window);
}

size_t Mfe::FeatureCount(const Params& params, const Window& window) {
  return static_cast<size_t>(FramesOf(params, window).count) * RowLength(params);
}

Layout Mfe::LayoutOf(const Params& params, const Window& window) {
  return LayoutOfRows(FramesOf(params, window), RowLength(params));
}

FeatureName Mfe::NameOf(const Params& params, const Window& window, size_t feature) {
  const int filter = static_cast<int>(feature % RowLength(params));
  return NameInRow(feature, RowLength(params), "filter", MelCentreHz(FiltersOf(params, window), filter));
}

size_t Mfe::PreparedBytes(const Params& params, const Window&) { return MelFilterbank::Bytes(params.num_filters); }

size_t Mfe::FrameScratchBytes(const Params& params) {
  const size_t bins = FftBins(params.fft_length);
  return AlignUp(bins * sizeof(float)) + AlignUp(bins * sizeof(Complex));
}

size_t Mfe::ScratchBytes(const Params& params, const Window&) { return FramesScratchBytes<Mfe>(params); }

void Mfe::Prepare(const Params& params, const Window& window, std::span<std::byte> prepared) {
  MelFilterbank::Prepare(FiltersOf(params, window), prepared);
}

void Mfe::Row(const Params& params, std::span<const std::byte> prepared, std::span<const float> frame,
              std::span<float> row, Arena scratch) {
  const std::span<float> power = scratch.Take<float>(FftBins(params.fft_length));
  PowerSpectrum(frame, power, scratch.Take<Complex>(power.size()));
  // Dividing samples by 2^15 is dividing their power by 2^30, to the bit.
  MelFilterbank(params.num_filters, prepared).Apply(power, 0x1p-30f / static_cast<float>(params.fft_length), row);
  const float floor_db = static_cast<float>(params.noise_floor_db);
  const float steps_per_db = 256.0f / (kFullScaleDb - floor_db);
  for (float& feature : row) {
    const float steps = (10.0f * Log10(feature > kLeastPower ? feature : kLeastPower) - floor_db) * steps_per_db;
    if (!(steps > 0)) {
      feature = 0;
    } else if (steps >= 255) {
      feature = 255.0f / 256;
    } else {
      // Adding 2^23 rounds to a whole number, halves to the even one, as the reference does.
      feature = (steps + 0x1p23f - 0x1p23f) * (1.0f / 256);
    }
  }
}

void Mfe::Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                  std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch) {
  ExtractFrames<Mfe>(params, window, prepared, samples, features, scratch);
}

}  // namespace thimble::dsp
