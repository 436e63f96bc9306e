// One axis at a time: scale, decimate, filter, then the shape of the signal and of its spectrum.
#include <algorithm>
#include <new>

#include "base/arena.h"
#include "base/float_math.h"
#include "dsp/feature_text.h"
#include "dsp/fft.h"
#include "dsp/filter.h"
#include "dsp/refusal.h"
#include "dsp/spectral_analysis/block.h"
#include "dsp/spectral_analysis/wavelet.h"
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

bool IsWavelet(const Params& params) { return params.analysis_type == SpectralAnalysis::AnalysisType::kWavelet; }

bool HasFilter(const Params& params) { return params.filter_type != FilterType::kNone && params.filter_order > 0; }

Cascade DesignFilter(const Params& params, float rate_hz) {
  return DesignButterworth(2.0 * static_cast<double>(params.filter_cutoff) / static_cast<double>(rate_hz),
                           params.filter_order, params.filter_type == FilterType::kHigh);
}

// The bins that the filter lets through.
struct BinRange {
  int first = 0;
  int last = 0;
  int Count() const { return last - first + 1; }
};

BinRange BinsOf(const Params& params, float rate_hz) {
  const int nyquist_bin = params.fft_length / 2;
  if (params.filter_type == FilterType::kNone) return {1, nyquist_bin};
  const double cutoff_bin =
      static_cast<double>(params.filter_cutoff) * params.fft_length / static_cast<double>(rate_hz);
  if (params.filter_type == FilterType::kLow) {
    // Half a bin rounds up, as the reference does; the cut-off is positive.
    return {1, std::min(static_cast<int>(cutoff_bin + 0.5), nyquist_bin)};  // NOLINT(bugprone-incorrect-roundings)
  }
  // The low-frequency spectrum can lie wholly below the cut-off; one bin is left of it then.
  return {std::min(static_cast<int>(cutoff_bin - 0.5) + 1, nyquist_bin), nyquist_bin};
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
  THIMBLE_REFUSE_UNLESS(IsWavelet(params) || BinsOf(params, rate_hz).Count() >= 1,
                        "the filter leaves no bin of the spectrum; raise the cut-off frequency or the FFT length");
  return {};
}

THIMBLE_JUDGE Refusal JudgeWavelet(const Params& params, const Window& window) {
  THIMBLE_REFUSE_UNLESS(static_cast<size_t>(params.wavelet) < std::size(SpectralAnalysis::kWaveletNames),
                        "the wavelet is none of the list; db4 suits most movements");
  THIMBLE_REFUSE_UNLESS(params.wavelet_level >= 1 && params.wavelet_level <= kMostWaveletLevels,
                        "the wavelet decomposition level is none of 1 to 7");
  THIMBLE_REFUSE_UNLESS(Readings(params, window) >= ShortestForWavelets(params.wavelet_level),
                        "the window is too short for the wavelet decomposition level: after the decimation, level 1 "
                        "needs 64 readings, and each further level twice as many; make it longer, or lower the level");
  return JudgeFilter(params, window);
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
  if (IsWavelet(params)) return JudgeWavelet(params, window);
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

// Where a spectrum is made, and by what.
struct SpectrumMaker {
  std::span<Complex> scratch;
  std::span<float> power;
  decltype(&RaisePowerSpectrum) raise;
};

// The largest power that any frame of the signal has at each frequency. `signal` is followed by fft_length numbers of
// room, which become 0.
void MaximumSpectrum(const Params& params, std::span<float> signal, const SpectrumMaker& spectrum) {
  const size_t length = static_cast<size_t>(params.fft_length);
  const size_t step = params.do_fft_overlap ? length / 2 : length;
  std::fill_n(signal.data() + signal.size(), length, 0.0f);
  std::fill(spectrum.power.begin(), spectrum.power.end(), 0.0f);
  for (size_t start = 0; start < signal.size(); start += step) {
    spectrum.raise({signal.data() + start, length}, spectrum.power, spectrum.scratch);
  }
  const float scale = 1.0f / static_cast<float>(params.fft_length);
  for (float& value : spectrum.power) value *= scale;
}

// Takes the mean off the signal and writes its features from `features` on; returns where they end.
float* Analyse(const Params& params, BinRange range, std::span<float> signal, const SpectrumMaker& spectrum,
               float* features) {
  const Shape shape = Centre(signal);
  MaximumSpectrum(params, signal, spectrum);
  const Shape spectral_shape = ShapeOf(spectrum.power);
  *features++ = shape.deviation;
  *features++ = shape.skewness;
  *features++ = shape.kurtosis;
  *features++ = spectral_shape.skewness;
  *features++ = spectral_shape.kurtosis;
  for (int k = range.first; k <= range.last; ++k) {
    const float value = spectrum.power[static_cast<size_t>(k)];
    if (!params.do_log) {
      *features++ = value;
    } else {
      *features++ = value == 0 ? -10.0f : Log10(value);
    }
  }
  return features;
}

// One axis of the samples at the beginning of `room`, scaled, decimated and filtered; returns it.
std::span<float> SignalOf(const Params& params, const Window& window, std::span<const std::byte> prepared,
                          std::span<const float> samples, size_t axis, std::span<float> room) {
  const size_t axes = static_cast<size_t>(window.axes);
  const DecimationSteps steps = StepsOf(params);
  std::span<float> signal = room.first(static_cast<size_t>(window.readings));
  const float scale = params.scale_axes;
  const float* sample = samples.data() + axis;
  for (float& value : signal) {
    value = *sample * scale;
    sample += axes;
  }
  for (int i = 0; i < steps.by_three; ++i) signal = Decimate(3, signal);
  for (int i = 0; i < steps.by_ten; ++i) signal = Decimate(10, signal);
  if (HasFilter(params)) Filter(*reinterpret_cast<const Cascade*>(prepared.data()), signal);
  return signal;
}

void ExtractFft(decltype(&RaisePowerSpectrum) raise, const Params& params, const Window& window,
                std::span<const std::byte> prepared, std::span<const float> samples, std::span<float> features,
                std::span<std::byte> scratch) {
  Arena arena(scratch);
  const std::span<float> room = arena.Take<float>(SignalCapacity(params, window));
  const std::span<Complex> bins = arena.Take<Complex>(FftBins(params.fft_length));
  const SpectrumMaker spectrum = {bins, arena.Take<float>(FftBins(params.fft_length)), raise};

  const float rate_hz = RateHz(params, window);
  const BinRange range = BinsOf(params, rate_hz);
  const BinRange low_range = params.extra_low_freq ? BinsOf(params, rate_hz / kLowFrequencyRatio) : BinRange{};
  const size_t axes = static_cast<size_t>(window.axes);

  float* out = features.data();
  float* low_out = out + axes * static_cast<size_t>(kShapeFeatures + range.Count());
  for (size_t axis = 0; axis < axes; ++axis) {
    const std::span<float> signal = SignalOf(params, window, prepared, samples, axis, room);
    out = Analyse(params, range, signal, spectrum, out);
    if (params.extra_low_freq) {
      low_out = Analyse(params, low_range, Decimate(kLowFrequencyRatio, signal), spectrum, low_out);
    }
  }
}

void ExtractWavelets(const Params& params, const Window& window, std::span<const std::byte> prepared,
                     std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch) {
  Arena arena(scratch);
  const std::span<float> room = arena.Take<float>(WaveletSignalFloats(static_cast<size_t>(window.readings)));
  const std::span<float> detail = arena.Take<float>(WaveletDetailFloats(Readings(params, window)));
  const size_t features_an_axis = WaveletFeatureCount(params.wavelet_level);
  float* out = features.data();
  for (size_t axis = 0; axis < static_cast<size_t>(window.axes); ++axis) {
    const std::span<float> signal = SignalOf(params, window, prepared, samples, axis, room.subspan(kLongestWavelet));
    WaveletFeatures(params.wavelet, params.wavelet_level, room, signal.size(), detail, out);
    out += features_an_axis;
  }
}

FeatureName NameOfFft(const Params& params, const Window& window, size_t feature) {
  // In double and step by step, so that the names are the reference's to the last digit.
  const DecimationSteps steps = StepsOf(params);
  double rate_hz = static_cast<double>(window.rate_hz);
  for (int i = 0; i < steps.by_three; ++i) rate_hz /= 3;
  for (int i = 0; i < steps.by_ten; ++i) rate_hz /= 10;

  BinRange range = BinsOf(params, RateHz(params, window));
  size_t features_an_axis = static_cast<size_t>(kShapeFeatures + range.Count());
  const char* suffix = "";
  if (const size_t all = static_cast<size_t>(window.axes) * features_an_axis; feature >= all) {
    feature -= all;
    range = BinsOf(params, RateHz(params, window) / kLowFrequencyRatio);
    features_an_axis = static_cast<size_t>(kShapeFeatures + range.Count());
    rate_hz /= kLowFrequencyRatio;
    suffix = " LF";
  }

  FeatureName name;
  name.axis = static_cast<int>(feature / features_an_axis);
  const int place = static_cast<int>(feature % features_an_axis);
  if (place < kShapeFeatures) {
    constexpr const char* kNames[kShapeFeatures] = {"RMS", "Skewness", "Kurtosis", "Spectral Skewness",
                                                    "Spectral Kurtosis"};
    FeatureText(name).Add(kNames[place]).Add(suffix);
  } else {
    const double width_hz = rate_hz / params.fft_length;
    const double centre_hz = width_hz * (range.first + place - kShapeFeatures);
    FeatureText(name)
        .Add("Spectral Power ")
        .AddDecimal(centre_hz - width_hz / 2)
        .Add(" - ")
        .AddDecimal(centre_hz + width_hz / 2)
        .Add(" Hz");
  }
  return name;
}

FeatureName NameOfWavelet(int level, size_t feature) {
  constexpr const char* kNames[kBandFeatures] = {"entropy", "zcross", "mcross", "n5",  "n25", "n75",  "n95",
                                                 "median",  "mean",   "std",    "var", "rms", "skew", "kurtosis"};
  const size_t features_an_axis = WaveletFeatureCount(level);
  const size_t place = feature % features_an_axis;
  FeatureName name;
  name.axis = static_cast<int>(feature / features_an_axis);
  FeatureText(name).Add("L").AddNumber(place / kBandFeatures).Add("-").Add(kNames[place % kBandFeatures]);
  return name;
}

}  // namespace

Status SpectralAnalysis::Check(const Params& params, const Window& window) { return Judge(params, window).status; }

const char* SpectralAnalysis::Explain(const Params& params, const Window& window) {
  return Judge(params, window).sentence;
}

size_t SpectralAnalysis::FeatureCount(const Params& params, const Window& window) {
  if (IsWavelet(params)) return static_cast<size_t>(window.axes) * WaveletFeatureCount(params.wavelet_level);
  const float rate_hz = RateHz(params, window);
  int count = kShapeFeatures + BinsOf(params, rate_hz).Count();
  if (params.extra_low_freq) count += kShapeFeatures + BinsOf(params, rate_hz / kLowFrequencyRatio).Count();
  return static_cast<size_t>(window.axes) * static_cast<size_t>(count);
}

FeatureName SpectralAnalysis::NameOf(const Params& params, const Window& window, size_t feature) {
  return IsWavelet(params) ? NameOfWavelet(params.wavelet_level, feature) : NameOfFft(params, window, feature);
}

size_t SpectralAnalysis::PreparedBytes(const Params& params, const Window&) {
  return HasFilter(params) ? sizeof(Cascade) : 0;
}

size_t SpectralAnalysis::ScratchBytes(const Params& params, const Window& window) {
  if (IsWavelet(params)) {
    return AlignUp(WaveletSignalFloats(static_cast<size_t>(window.readings)) * sizeof(float)) +
           AlignUp(WaveletDetailFloats(Readings(params, window)) * sizeof(float));
  }
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
  if (IsWavelet(params)) {
    ExtractWavelets(params, window, prepared, samples, features, scratch);
  } else {
    ExtractFft(RaisePowerSpectrum, params, window, prepared, samples, features, scratch);
  }
}

Status SpectralAnalysisFft::Check(const Params& params, const Window& window) {
  return IsWavelet(params) ? Status::kUnsupported : Judge(params, window).status;
}

void SpectralAnalysisFft::Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                                  std::span<const float> samples, std::span<float> features,
                                  std::span<std::byte> scratch) {
  ExtractFft(RaisePowerSpectrum, params, window, prepared, samples, features, scratch);
}

Status SpectralAnalysisShortFft::Check(const Params& params, const Window& window) {
  return params.fft_length > kLongestShortFft ? Status::kUnsupported : SpectralAnalysisFft::Check(params, window);
}

void SpectralAnalysisShortFft::Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                                       std::span<const float> samples, std::span<float> features,
                                       std::span<std::byte> scratch) {
  ExtractFft(RaiseShortPowerSpectrum, params, window, prepared, samples, features, scratch);
}

Status SpectralAnalysisWavelet::Check(const Params& params, const Window& window) {
  return IsWavelet(params) ? Judge(params, window).status : Status::kUnsupported;
}

void SpectralAnalysisWavelet::Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                                      std::span<const float> samples, std::span<float> features,
                                      std::span<std::byte> scratch) {
  ExtractWavelets(params, window, prepared, samples, features, scratch);
}

}  // namespace thimble::dsp
