// Power of each bin in decibels.
#include <limits>

#include "base/float_math.h"
#include "dsp/decibels.h"
#include "dsp/fft.h"
#include "dsp/refusal.h"
#include "dsp/spectrogram/block.h"

namespace thimble::dsp {
namespace {

using Params = Spectrogram::Params;

// Whether `seconds` are four samples; float32 may hold a little less than what was meant.
bool LastsFourSamples(float seconds, float rate_hz) {
  return static_cast<double>(seconds) * static_cast<double>(rate_hz) >= 4 - 0x1p-20;
}

THIMBLE_JUDGE Refusal Judge(const Params& params, const Window& window) {
  if (const Refusal refusal = JudgeWindow(window); !ok(refusal.status)) return refusal;
  THIMBLE_REFUSE_UNLESS(LastsFourSamples(params.frame_length, window.rate_hz),
                        "the frame length is less than 4 samples; lengthen it, or sample faster");
  THIMBLE_REFUSE_UNLESS(LastsFourSamples(params.frame_stride, window.rate_hz),
                        "the frame stride is less than 4 samples; lengthen it, or sample faster");
  if (const Refusal refusal = JudgeFrames(params.frame_length, params.frame_stride, window); !ok(refusal.status)) {
    return refusal;
  }
  THIMBLE_REFUSE_UNLESS(IsFftLength(params.fft_length), "the FFT length is not a power of two from 8 to 4096");
  return JudgeNoiseFloor(params.noise_floor_db);
}

}  // namespace

Status Spectrogram::Check(const Params& params, const Window& window) { return Judge(params, window).status; }
const char* Spectrogram::Explain(const Params& params, const Window& window) { return Judge(params, window).sentence; }

Frames Spectrogram::FramesOf(const Params& params, const Window& window) {
  return dsp::FramesOf(params.frame_length, params.frame_stride, window);
}

size_t Spectrogram::FeatureCount(const Params& params, const Window& window) {
  return static_cast<size_t>(FramesOf(params, window).count) * RowLength(params);
}

Layout Spectrogram::LayoutOf(const Params& params, const Window& window) {
  return LayoutOfRows(FramesOf(params, window), RowLength(params));
}

FeatureName Spectrogram::NameOf(const Params& params, const Window& window, size_t feature) {
  const float bin = static_cast<float>(feature % RowLength(params));
  return NameInRow(feature, RowLength(params), "bin", bin * window.rate_hz / static_cast<float>(params.fft_length));
}

size_t Spectrogram::FrameScratchBytes(const Params& params) {
  return AlignUp(FftBins(params.fft_length) * sizeof(Complex));
}

size_t Spectrogram::ScratchBytes(const Params& params, const Window&) {
  return FramesScratchBytes<Spectrogram>(params);
}

void Spectrogram::Row(const Params& params, std::span<const std::byte>, std::span<const float> frame,
                      std::span<float> row, Arena scratch) {
  PowerSpectrum(frame, row, scratch.Take<Complex>(row.size()));
  const float scale = 1.0f / static_cast<float>(params.fft_length);
  const float floor_db = static_cast<float>(params.noise_floor_db);
  const float range_db = kFullScaleDb - floor_db;
  for (float& feature : row) {
    float power = feature * scale;
    if (!(power > kLeastPower)) power = kLeastPower;
    if (!(power <= std::numeric_limits<float>::max())) power = std::numeric_limits<float>::max();
    const float above = (10.0f * Log10(power) - floor_db) / range_db;
    feature = above > 0 ? above : 0;
  }
}

void Spectrogram::Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                          std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch) {
  ExtractFrames<Spectrogram>(params, window, prepared, samples, features, scratch);
}

}  // namespace thimble::dsp
