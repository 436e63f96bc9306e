#include "studio/footprint.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <vector>

#include "base/aligned_memory.h"
#include "base/arena.h"
#include "compiler/compile.h"
#include "compiler/inspect.h"
#include "compiler/plan_firmware.h"
#include "dsp/frames.h"
#include "kernels/all_operators.h"

namespace thimble::studio {
namespace {

// Cycles of a Cortex-M4F without waiting for memory, fitted; see PredictBlockCycles.
constexpr double kButterfly = 4.56;       // times N log2 N
constexpr double kFrameSample = 20;       // emphasis, load, power
constexpr double kSpectrumSample = 6;     // load and largest power
constexpr double kLogarithm = 162;        // and what is around it for one number
constexpr double kProduct = 11.2;         // of the cosine transform, with the normalisation of its sums
constexpr double kStatisticsSample = 30;  // mean, deviation, skewness, kurtosis of one sample
constexpr double kBiquadSample = 30;
constexpr double kWaveletSample = 260;  // both halves of all levels, and their statistics
constexpr double kQuantisedFeature = 40;

double Transform(int length) { return kButterfly * length * std::bit_width(static_cast<unsigned>(length) - 1); }

template <typename B>
double FrameCount(const typename B::Params& params, const dsp::Window& window) {
  return B::FramesOf(params, window).count;
}

double SpectralCycles(const dsp::SpectralAnalysis::Params& params, const dsp::Window& window) {
  using Spectral = dsp::SpectralAnalysis;
  constexpr int kFactors[] = {1, 3, 10, 30, 100, 1000};
  const double samples =
      static_cast<double>(window.readings) / kFactors[static_cast<size_t>(params.input_decimation_ratio)];
  double axis = kStatisticsSample * samples;
  if (params.input_decimation_ratio != Spectral::Decimation::k1) axis += kBiquadSample * 4 * window.readings;
  if (params.filter_type != Spectral::FilterType::kNone) axis += kBiquadSample * params.filter_order / 2.0 * samples;
  if (params.analysis_type == Spectral::AnalysisType::kWavelet) {
    axis += kWaveletSample * samples;
  } else {
    const double stride = params.do_fft_overlap ? params.fft_length / 2.0 : params.fft_length;
    const double frames = 1 + std::max(0.0, std::ceil((samples - params.fft_length) / stride));
    axis += frames * (Transform(params.fft_length) + kSpectrumSample * params.fft_length);
    double bins = params.fft_length / 2.0;
    const double cut = std::min(bins, static_cast<double>(params.filter_cutoff / window.rate_hz) * params.fft_length);
    if (params.filter_type == Spectral::FilterType::kLow) bins = cut;
    if (params.filter_type == Spectral::FilterType::kHigh) bins -= cut;
    if (params.do_log) axis += kLogarithm * bins;
  }
  return axis * window.axes;
}

std::string Grouped(int64_t number) {
  std::string text = std::to_string(number);
  for (auto place = static_cast<int>(text.size()) - 3; place > 0; place -= 3)
    text.insert(static_cast<size_t>(place), ",");
  return text;
}

}  // namespace

double PredictBlockCycles(const compiler::BlockParams& block, const dsp::Window& window) {
  const auto features = static_cast<double>(compiler::BlockOf(block).feature_count(compiler::PointerTo(block), window));
  const auto samples = static_cast<double>(window.SampleCount());
  if (const auto* mfcc = std::get_if<dsp::Mfcc::Params>(&block)) {
    return FrameCount<dsp::Mfcc>(*mfcc, window) *
           (Transform(mfcc->fft_length) + kFrameSample * mfcc->fft_length + kLogarithm * mfcc->num_filters +
            kProduct * mfcc->num_filters * mfcc->num_cepstral);
  }
  if (const auto* mfe = std::get_if<dsp::Mfe::Params>(&block)) {
    return FrameCount<dsp::Mfe>(*mfe, window) *
           (Transform(mfe->fft_length) + kFrameSample * mfe->fft_length + kLogarithm * mfe->num_filters);
  }
  if (const auto* spectrogram = std::get_if<dsp::Spectrogram::Params>(&block)) {
    return FrameCount<dsp::Spectrogram>(*spectrogram, window) *
           (Transform(spectrogram->fft_length) + kFrameSample * spectrogram->fft_length +
            kLogarithm * (spectrogram->fft_length / 2.0 + 1));
  }
  if (const auto* spectral = std::get_if<dsp::SpectralAnalysis::Params>(&block)) {
    return SpectralCycles(*spectral, window);
  }
  constexpr double kAddition = 8;
  constexpr double kPixel = 20;
  constexpr double kSummarySample = 40;
  if (std::holds_alternative<dsp::Image::Params>(block)) return kPixel * features;
  if (std::holds_alternative<dsp::Flatten::Params>(block)) return kSummarySample * samples;
  return kAddition * (samples + features);
}

Expected<Footprint> Measure(const firmware::Board& board, const compiler::BlockParams& block, const dsp::Window& window,
                            const trainer::FeatureScaling& scaling, std::span<const std::byte> model, bool links) {
  const dsp::Block& one = compiler::BlockOf(block);
  const void* params = compiler::PointerTo(block);
  if (const char* reason = compiler::WordsOf(block).explain(params, window)) {
    return {Status::kInvalidArgument, std::string(one.name) + ": " + reason};
  }
  const AlignedMemory aligned(model);
  // A board without a core is this computer, which can show anything that runs on a Cortex-M4.
  const std::string_view core = board.core;
  const auto begins = [&](std::string_view name) { return core.substr(0, name.size()) == name; };
  compiler::CompileOptions options;
  options.target = begins("cortex-m4") || core.empty() ? steps::Target::kCortexM4
                   : begins("cortex-m55")              ? steps::Target::kCortexM55
                                                       : steps::Target::kCortexM0;
  THIMBLE_ASSIGN(const compiler::Plan plan, compiler::Compile(aligned.span(), options));

  const size_t features = one.feature_count(params, window);
  Footprint footprint;
  footprint.parameters = compiler::Inspect(aligned.span(), kernels::AllOperators()).parameters;
  footprint.ram_bytes = static_cast<int64_t>(
      AlignUp(window.SampleCount() * sizeof(float)) + AlignUp(features * sizeof(float)) +
      AlignUp(one.prepared_bytes(params, window)) +
      std::max(AlignUp(compiler::PredictRamBytes(plan)), AlignUp(one.scratch_bytes(params, window))));
  footprint.flash_bytes =
      static_cast<int64_t>(plan.constants.size() + (scaling.offset.size() + scaling.scale.size()) * sizeof(float));
  if (options.target == steps::Target::kCortexM4 && board.clock_hz > 0) {
    const double cycles = PredictBlockCycles(block, window) + kQuantisedFeature * static_cast<double>(features) +
                          compiler::PredictCycles(plan);
    footprint.latency_ms = cycles / static_cast<double>(board.clock_hz) * 1e3;
  }
  if (links && options.target == steps::Target::kCortexM4) {
    if (const auto size = compiler::MeasurePlan(plan, {})) {
      footprint.flash_bytes =
          static_cast<int64_t>(size->model_bytes + (scaling.offset.size() + scaling.scale.size()) * sizeof(float));
      footprint.code_bytes = static_cast<int64_t>(size->code_bytes);
    }
  }
  return footprint;
}

std::string Excess(const Footprint& footprint, const FootprintLimits& limits) {
  const auto excess = [](int64_t has, int64_t may, const char* what) {
    return "takes " + Grouped(has) + " " + what + ", " + Grouped(has - may) + " more than it may";
  };
  if (limits.ram_bytes && footprint.ram_bytes > *limits.ram_bytes) {
    return excess(footprint.ram_bytes, *limits.ram_bytes, "bytes of RAM");
  }
  if (limits.flash_bytes && footprint.all_flash_bytes() > *limits.flash_bytes) {
    return excess(footprint.all_flash_bytes(), *limits.flash_bytes, "bytes of flash");
  }
  if (limits.parameters && footprint.parameters > *limits.parameters) {
    return excess(footprint.parameters, *limits.parameters, "parameters");
  }
  if (limits.latency_ms && footprint.latency_ms && *footprint.latency_ms > *limits.latency_ms) {
    char text[96];
    std::snprintf(text, sizeof text, "takes %.3g ms a window, longer than %g ms", *footprint.latency_ms,
                  *limits.latency_ms);
    return text;
  }
  return {};
}

}  // namespace thimble::studio
