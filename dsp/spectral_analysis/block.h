// The spectral-analysis block: how strong a movement is, how lopsided, how spiky, and at which frequencies.
#ifndef THIMBLE_DSP_SPECTRAL_ANALYSIS_BLOCK_H_
#define THIMBLE_DSP_SPECTRAL_ANALYSIS_BLOCK_H_

#include <array>
#include <cstdint>
#include <limits>

#include "dsp/block.h"
#include "dsp/fft.h"
#include "dsp/fields.h"

namespace thimble::dsp {

/// Per axis: root mean square, skewness, kurtosis; then skewness, kurtosis and bins of its power spectrum.
///
///   samples   scaled, decimated, filtered, made free of their mean
///   spectrum  frames of fft_length, no taper, the last ones filled up with zeros; the largest |X|^2 / fft_length of
///             all frames a bin; log10 if do_log (0 counts as 1e-10)
///   bins      1 … fft_length / 2; with a filter only those it lets through
///
/// With extra_low_freq the same once more for the samples decimated by ten, after the features of all axes: five more
/// numbers and the bins of a spectrum ten times finer.
///
/// Kurtosis is excess kurtosis (normal distribution: 0); a constant axis has skewness 0 and kurtosis -3. In units of
/// the scaled samples, and of their square for the spectrum (log10 of it with do_log).
///
/// The samples should be finite; NaN among them makes the features of its axis NaN.
///
/// With analysis type Wavelet, instead of all this: 14 numbers of the slow part and of each fast part that a wavelet
/// splits the samples into; see wavelet.h.
///
/// Source: Edge Impulse's processing block "spectral-analysis", version 4.
struct SpectralAnalysis {
  static constexpr const char* kName = "spectral_analysis";

  /// Parameters of versions before 4, still in every file.
  static constexpr std::array<const char*, 3> kIgnored = {"spectral-peaks-count", "spectral-peaks-threshold",
                                                          "spectral-power-edges"};

  enum class Decimation : uint8_t { k1, k3, k10, k30, k100, k1000 };
  static constexpr const char* kDecimationNames[] = {"1", "3", "10", "30", "100", "1000"};

  enum class FilterType : uint8_t { kLow, kHigh, kNone };
  static constexpr const char* kFilterTypeNames[] = {"low", "high", "none"};

  enum class AnalysisType : uint8_t { kFft, kWavelet };
  static constexpr const char* kAnalysisTypeNames[] = {"FFT", "Wavelet"};

  enum class Wavelet : uint8_t { kDb4 = 19 };  // the others by their place in kWaveletNames
  static constexpr const char* kWaveletNames[] = {
      "bior1.3", "bior1.5", "bior2.2", "bior2.4", "bior2.6", "bior2.8", "bior3.1", "bior3.3", "bior3.5", "bior3.7",
      "bior3.9", "bior4.4", "bior5.5", "bior6.8", "coif1",   "coif2",   "coif3",   "db2",     "db3",     "db4",
      "db5",     "db6",     "db7",     "db8",     "db9",     "db10",    "haar",    "rbio1.3", "rbio1.5", "rbio2.2",
      "rbio2.4", "rbio2.6", "rbio2.8", "rbio3.1", "rbio3.3", "rbio3.5", "rbio3.7", "rbio3.9", "rbio4.4", "rbio5.5",
      "rbio6.8", "sym2",    "sym3",    "sym4",    "sym5",    "sym6",    "sym7",    "sym8",    "sym9",    "sym10"};

  struct Params {
    float scale_axes = 1;
    Decimation input_decimation_ratio = Decimation::k1;
    FilterType filter_type = FilterType::kNone;
    float filter_cutoff = 3;
    int filter_order = 6;
    AnalysisType analysis_type = AnalysisType::kFft;
    int fft_length = 16;
    bool do_log = true;
    bool do_fft_overlap = true;
    int wavelet_level = 1;
    Wavelet wavelet = Wavelet::kDb4;
    bool extra_low_freq = false;
  };

  static void Fields(auto&& visit, auto& params) {
    visit(Field{.name = "scale-axes",
                .label = "Scale axes",
                .minimum = -std::numeric_limits<float>::max(),
                .maximum = std::numeric_limits<float>::max(),
                .sentence = "Multiplies every sample before anything else."},
          params.scale_axes);
    visit(Field{.name = "input-decimation-ratio",
                .label = "Input decimation ratio",
                .choices = kDecimationNames,
                .sentence = "Lowers the sampling rate by this factor first, for movements slower than the sensor."},
          params.input_decimation_ratio);
    visit(Field{.name = "filter-type",
                .label = "Filter type",
                .choices = kFilterTypeNames,
                .sentence = "Keeps what is slower (low) or faster (high) than the cut-off frequency, or all."},
          params.filter_type);
    visit(Field{.name = "filter-cutoff",
                .label = "Cut-off frequency",
                .unit = "Hz",
                .minimum = 0,
                .maximum = std::numeric_limits<float>::max(),
                .sentence = "Where the filter begins to cut; below half the (decimated) sampling rate."},
          params.filter_cutoff);
    visit(Field{.name = "filter-order",
                .label = "Filter order",
                .minimum = 0,
                .maximum = 8,
                .sentence = "Even; the higher, the steeper the filter. With 0 only the spectrum is cut."},
          params.filter_order);
    visit(Field{.name = "analysis-type",
                .label = "Analysis type",
                .choices = kAnalysisTypeNames,
                .sentence = "FFT for steady rhythms; Wavelet for short events."},
          params.analysis_type);
    visit(Field{.name = "fft-length",
                .label = "FFT length",
                .minimum = 8,
                .maximum = 4096,
                .sentence = "A power of two; the longer, the finer the frequencies and the more features."},
          params.fft_length);
    visit(Field{.name = "do-log",
                .label = "Take log of spectrum",
                .sentence = "Makes weak frequencies count beside strong ones."},
          params.do_log);
    visit(Field{.name = "do-fft-overlap",
                .label = "Overlap FFT frames",
                .sentence = "Frames begin every half FFT length, so that nothing falls between two of them."},
          params.do_fft_overlap);
    visit(Field{.name = "wavelet-level",
                .label = "Wavelet decomposition level",
                .minimum = 1,
                .maximum = 7,
                .sentence = "How often the signal is halved into a slow and a fast part."},
          params.wavelet_level);
    visit(Field{.name = "wavelet",
                .label = "Wavelet",
                .choices = kWaveletNames,
                .sentence = "The shape that the signal is compared with."},
          params.wavelet);
    visit(Field{.name = "extra-low-freq",
                .label = "Improve low frequency resolution",
                .sentence = "Adds the features of the signal decimated by ten, for slow movements."},
          params.extra_low_freq);
  }

  /// kInvalidArgument where Explain gives a sentence.
  static Status Check(const Params& params, const Window& window);
  static const char* Explain(const Params& params, const Window& window);

  static size_t FeatureCount(const Params& params, const Window& window);
  static Layout LayoutOf(const Params& params, const Window& window) {
    return {.width = static_cast<int>(FeatureCount(params, window))};
  }
  /// The reference's names: "Skewness", "Spectral Power 3.12 - 9.38 Hz".
  static FeatureName NameOf(const Params& params, const Window& window, size_t feature);
  /// The filter's coefficients; 0 without a filter.
  static size_t PreparedBytes(const Params& params, const Window& window);
  /// One axis of samples; one transform and one spectrum, or the fast part of the first splitting.
  static size_t ScratchBytes(const Params& params, const Window& window);
  static void Prepare(const Params& params, const Window& window, std::span<std::byte> prepared);
  static void Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                      std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch);
};

/// The same block with FFT only, for programs that know their parameters while they are compiled: they hold none of the
/// wavelets. Check answers kUnsupported to analysis type Wavelet.
struct SpectralAnalysisFft : SpectralAnalysis {
  static Status Check(const Params& params, const Window& window);
  static void Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                      std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch);
};

/// The same for FFT lengths up to kLongestShortFft, which need a small part of the table that longer ones take. Check
/// answers kUnsupported to those.
struct SpectralAnalysisShortFft : SpectralAnalysisFft {
  static Status Check(const Params& params, const Window& window);
  static void Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                      std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch);
};

/// The same block with wavelets only: such programs hold no transform and none of its tables. Check answers
/// kUnsupported to analysis type FFT.
struct SpectralAnalysisWavelet : SpectralAnalysis {
  static Status Check(const Params& params, const Window& window);
  static void Extract(const Params& params, const Window& window, std::span<const std::byte> prepared,
                      std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch);
};

template <>
consteval const Block* BlockFor<SpectralAnalysis>(const SpectralAnalysis::Params& params) {
  if (params.analysis_type == SpectralAnalysis::AnalysisType::kWavelet) return &kBlock<SpectralAnalysisWavelet>;
  return params.fft_length <= kLongestShortFft ? &kBlock<SpectralAnalysisShortFft> : &kBlock<SpectralAnalysisFft>;
}

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_SPECTRAL_ANALYSIS_BLOCK_H_
