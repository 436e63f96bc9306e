// One axis at a time: scale, decimate, filter, then the shape of the signal and of its spectrum.
#include <algorithm>
#include <bit>
#include <new>

#include "base/arena.h"
#include "base/float_math.h"
#include "dsp/fft.h"
#include "dsp/filter.h"
#include "dsp/refusal.h"
#include "dsp/spectral_analysis/block.h"
#include "dsp/statistics.h"

namespace thimble::dsp {
namespace {

using Params = SpectralAnalysis::Params;
using FilterType = SpectralAnalysis::FilterType;

// The features of a signal before the bins of its spectrum: deviation, skewness, kurtosis, and the last two again for
// the spectrum.
constexpr int kShapeFeatures = 5;
constexpr int kLowFrequencyRatio = 10;

// Large ratios are reached in steps of three and ten.
struct DecimationSteps {
  int by_three;
  int by_ten;
  constexpr int Ratio() const {
    int ratio = by_three == 1 ? 3 : 1;
    for (int i = 0; i < by_ten; ++i) ratio *= 10;
    return ratio;
  }
};
constexpr DecimationSteps kDecimationSteps[] = {{0, 0}, {1, 0}, {0, 1}, {1, 1}, {0, 2}, {0, 3}};

DecimationSteps StepsOf(const Params& params) {
  return kDecimationSteps[static_cast<size_t>(params.input_decimation_ratio)];
}

float RateHz(const Params& params, const Window& window) {
  return window.rate_hz / static_cast<float>(StepsOf(params).Ratio());
}

size_t Readings(const Params& params, const Window& window) {
  return DecimatedCount(static_cast<size_t>(window.readings), static_cast<size_t>(StepsOf(params).Ratio()));
}

bool HasFilter(const Params& params) { return params.filter_type != FilterType::kNone && params.filter_order > 0; }

Cascade DesignFilter(const Params& params, float rate_hz) {
  return DesignButterworth(2.0 * static_cast<double>(params.filter_cutoff) / static_cast<double>(rate_hz),
                           params.filter_order, params.filter_type == FilterType::kHigh);
}

// The bins that the filter lets through.
struct BinRange {
  int first;
  int last;
  int Count() const { return last - first + 1; }
};

BinRange BinsOf(const Params& params, float rate_hz) {
  const int nyquist_bin = params.fft_length / 2;
  const double cutoff_bin =
      static_cast<double>(params.filter_cutoff) * params.fft_length / static_cast<double>(rate_hz);
  switch (params.filter_type) {
    case FilterType::kLow:
      // Half a bin rounds up, as the reference does; the cut-off is positive.
      return {1, std::min(static_cast<int>(cutoff_bin + 0.5), nyquist_bin)};  // NOLINT(bugprone-incorrect-roundings)
    case FilterType::kHigh:
      // The low-frequency spectrum can lie wholly below the cut-off; one bin is left of it then.
      return {std::min(static_cast<int>(cutoff_bin - 0.5) + 1, nyquist_bin), nyquist_bin};
    default:
      return {1, nyquist_bin};
  }
}

THIMBLE_JUDGE Refusal JudgeFilter(const Params& params, const Window& window) {
  if (params.filter_type == FilterType::kNone) return {};
  THIMBLE_REFUSE_UNLESS(params.filter_order >= 0 && params.filter_order <= 8 && params.filter_order % 2 == 0,
                        "the filter order is none of 0, 2, 4, 6, 8");
  THIMBLE_REFUSE_UNLESS(params.filter_cutoff > 0,
                        "the cut-off frequency is not above 0 Hz; raise it, or take no filter");
  THIMBLE_REFUSE_UNLESS(params.filter_cutoff < window.rate_hz / 2,
                        "the cut-off frequency is not below half the sampling rate; lower it, or sample faster");
  const float rate_hz = RateHz(params, window);
  // What lies above 0.8 of the new Nyquist frequency, the decimator has already weakened.
  THIMBLE_REFUSE_UNLESS(
      params.input_decimation_ratio == SpectralAnalysis::Decimation::k1 || params.filter_cutoff < 0.4f * rate_hz,
      "the input decimation leaves nothing at the cut-off frequency; lower the ratio or the frequency");
  THIMBLE_REFUSE_UNLESS(
      params.filter_order == 0 || IsStable(DesignFilter(params, rate_hz)),
      "the filter would not be stable; move the cut-off frequency away from 0 Hz and from half the sampling "
      "rate, or lower the order");
  THIMBLE_REFUSE_UNLESS(BinsOf(params, rate_hz).Count() >= 1,
                        "the filter leaves no bin of the spectrum; raise the cut-off frequency or the FFT length");
  return {};
}

THIMBLE_JUDGE Refusal Judge(const Params& params, const Window& window) {
  if (const Refusal refusal = JudgeWindow(window); !ok(refusal.status)) return refusal;
  THIMBLE_REFUSE_UNLESS(IsFinite(params.scale_axes),
                        "the scale of the axes is not a number; 1 leaves the samples as they are");
  THIMBLE_REFUSE_UNLESS(
      static_cast<size_t>(params.input_decimation_ratio) < std::size(SpectralAnalysis::kDecimationNames),
      "the input decimation ratio is none of 1, 3, 10, 30, 100, 1000");
  THIMBLE_REFUSE_UNLESS(static_cast<size_t>(params.filter_type) < std::size(SpectralAnalysis::kFilterTypeNames),
                        "the filter type is none of low, high, none");
  THIMBLE_REFUSE_UNLESS(static_cast<size_t>(params.analysis_type) < std::size(SpectralAnalysis::kAnalysisTypeNames),
                        "the analysis type is none of FFT, Wavelet");
  if (params.analysis_type == SpectralAnalysis::AnalysisType::kWavelet) {
    return {Status::kUnsupported, "the analysis type Wavelet is not in this version; choose FFT"};
  }
  THIMBLE_REFUSE_UNLESS(IsFftLength(params.fft_length), "the FFT length is not a power of two from 8 to 4096");
  if (const Refusal refusal = JudgeFilter(params, window); !ok(refusal.status)) return refusal;
  THIMBLE_REFUSE_UNLESS(
      !params.extra_low_freq ||
          Readings(params, window) >= static_cast<size_t>(kLowFrequencyRatio * params.fft_length / 2),
      "the window is too short for the low frequencies, which need five times the FFT length in readings; "
      "make it longer, or shorten the FFT");
  return {};
}

// Room for a whole frame that begins at the last reading.
size_t SignalCapacity(const Params& params, const Window& window) {
  return static_cast<size_t>(window.readings) + static_cast<size_t>(params.fft_length);
}

// The largest power that any frame of the signal has at each frequency. `signal` is followed by fft_length numbers of
// room, which become 0.
void MaximumSpectrum(const Params& params, std::span<float> signal, std::span<Complex> bins, std::span<float> power) {
  const size_t length = static_cast<size_t>(params.fft_length);
  const size_t step = params.do_fft_overlap ? length / 2 : length;
  std::fill_n(signal.data() + signal.size(), length, 0.0f);
  std::fill(power.begin(), power.end(), 0.0f);
  for (size_t start = 0; start < signal.size(); start += step) {
    RealFft({signal.data() + start, length}, bins);
    for (size_t k = 0; k < power.size(); ++k) {
      const float square = bins[k].re * bins[k].re + bins[k].im * bins[k].im;
      // Floats that are not negative have the order of their bits, and comparing integers is quicker; NaN is larger
      // than all and stays to be seen.
      if (std::bit_cast<uint32_t>(square) > std::bit_cast<uint32_t>(power[k])) power[k] = square;
    }
  }
  const float scale = 1.0f / static_cast<float>(params.fft_length);
  for (float& value : power) value *= scale;
}

// Takes the mean off the signal and writes its features from `features` on; returns where they end.
float* Analyse(const Params& params, BinRange range, std::span<float> signal, std::span<Complex> bins,
               std::span<float> power, float* features) {
  const Shape shape = Centre(signal);
  MaximumSpectrum(params, signal, bins, power);
  const Shape spectral_shape = ShapeOf(power);
  *features++ = shape.deviation;
  *features++ = shape.skewness;
  *features++ = shape.kurtosis;
  *features++ = spectral_shape.skewness;
  *features++ = spectral_shape.kurtosis;
  for (int k = range.first; k <= range.last; ++k) {
    const float value = power[static_cast<size_t>(k)];
    if (!params.do_log) {
      *features++ = value;
    } else {
      *features++ = value == 0 ? -10.0f : Log10(value);
    }
  }
  return features;
}

}  // namespace

Status SpectralAnalysis::Check(const Params& params, const Window& window) { return Judge(params, window).status; }

const char* SpectralAnalysis::Explain(const Params& params, const Window& window) {
  return Judge(params, window).sentence;
}

size_t SpectralAnalysis::FeatureCount(const Params& params, const Window& window) {
  const float rate_hz = RateHz(params, window);
  int count = kShapeFeatures + BinsOf(params, rate_hz).Count();
  if (params.extra_low_freq) count += kShapeFeatures + BinsOf(params, rate_hz / kLowFrequencyRatio).Count();
  return static_cast<size_t>(window.axes) * static_cast<size_t>(count);
}

size_t SpectralAnalysis::PreparedBytes(const Params& params, const Window&) {
  return HasFilter(params) ? sizeof(Cascade) : 0;
}

size_t SpectralAnalysis::ScratchBytes(const Params& params, const Window& window) {
  const size_t bins = FftBins(params.fft_length);
  return AlignUp(SignalCapacity(params, window) * sizeof(float)) + AlignUp(bins * sizeof(Complex)) +
         AlignUp(bins * sizeof(float));
}

void SpectralAnalysis::Prepare(const Params& params, const Window& window, std::span<std::byte> prepared) {
  if (HasFilter(params)) new (prepared.data()) Cascade(DesignFilter(params, RateHz(params, window)));
}

void SpectralAnalysis::Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                               std::span<const float> samples, std::span<float> features,
                               std::span<std::byte> scratch) {
  Arena arena(scratch);
  const std::span<float> room = arena.Take<float>(SignalCapacity(params, window));
  const std::span<Complex> bins = arena.Take<Complex>(FftBins(params.fft_length));
  const std::span<float> power = arena.Take<float>(FftBins(params.fft_length));

  const float rate_hz = RateHz(params, window);
  const BinRange range = BinsOf(params, rate_hz);
  const BinRange low_range = BinsOf(params, rate_hz / kLowFrequencyRatio);
  const DecimationSteps steps = StepsOf(params);
  const size_t axes = static_cast<size_t>(window.axes);

  float* out = features.data();
  float* low_out = out + axes * static_cast<size_t>(kShapeFeatures + range.Count());
  for (size_t axis = 0; axis < axes; ++axis) {
    std::span<float> signal = room.first(static_cast<size_t>(window.readings));
    for (size_t i = 0; i < signal.size(); ++i) signal[i] = samples[i * axes + axis] * params.scale_axes;
    for (int i = 0; i < steps.by_three; ++i) signal = Decimate(3, signal);
    for (int i = 0; i < steps.by_ten; ++i) signal = Decimate(10, signal);
    if (HasFilter(params)) Filter(*reinterpret_cast<const Cascade*>(prepared.data()), signal);
    out = Analyse(params, range, signal, bins, power, out);
    if (params.extra_low_freq) {
      low_out = Analyse(params, low_range, Decimate(kLowFrequencyRatio, signal), bins, power, low_out);
    }
  }
}

}  // namespace thimble::dsp
