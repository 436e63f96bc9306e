// One axis at a time: filter, then the shape of the signal and of its spectrum, in integers with one common exponent.
#include "dsp/fixed/spectral_analysis.h"

#include <algorithm>
#include <new>

#include "base/arena.h"
#include "base/float_math.h"
#include "dsp/fixed/fft.h"
#include "dsp/fixed/filter.h"
#include "dsp/fixed/math.h"
#include "dsp/fixed/statistics.h"

namespace thimble::dsp::fixed {
namespace {

using Params = SpectralAnalysis::Params;
using FilterType = dsp::SpectralAnalysis::FilterType;

// Samples get these bits behind the point: 2^15 of them are kLargestFilterInput then.
constexpr int kPointBits = 9;
constexpr int kShapeFeatures = 5;
constexpr float kSmallestUnit = 0x1p-24f;
constexpr uint32_t kLog10Of2 = 1292913986;  // in 1/2^32nds
constexpr int32_t kLogOfNothing = -10 * kOne;

// What Prepare leaves for Extract.
struct Plan {
  int32_t axes;
  int32_t readings;
  int32_t fft_length;
  int32_t frame_step;
  int32_t first_bin;
  int32_t last_bin;
  int32_t log2_unit;  // of the scaled samples, in 1/2^20ths
  int8_t negative;    // the scale
  int8_t take_log;
  Filter filter;
};

THIMBLE_JUDGE Refusal Judge(const Params& params, float unit) {
  if (params.input_decimation_ratio != dsp::SpectralAnalysis::Decimation::k1) {
    return {Status::kUnsupported,
            "spectral analysis in integers does not decimate; take ratio 1, or read the sensor less often"};
  }
  if (params.extra_low_freq) {
    return {Status::kUnsupported,
            "spectral analysis in integers has no low-frequency spectrum; take a longer FFT instead"};
  }
  if (params.analysis_type == dsp::SpectralAnalysis::AnalysisType::kWavelet) {
    return {Status::kUnsupported, "spectral analysis in integers has no wavelets; choose FFT"};
  }
  const float step = unit * (params.scale_axes < 0 ? -params.scale_axes : params.scale_axes);
  THIMBLE_REFUSE_UNLESS(unit > 0 && step >= kSmallestUnit && step <= 1,
                        "a step of the samples, times the scale of the axes, is not from 2^-24 to 1, so that features "
                        "would not fit into 1/65536ths; change the scale of the axes");
  // A filter's answer is at most eight times as large as what it is given, and in practice hardly larger.
  THIMBLE_REFUSE_UNLESS(params.do_log || step * step * 0x1p30f * static_cast<float>(params.fft_length) <= 32768.0f,
                        "without its logarithm the power may not fit into 1/65536ths; take the logarithm, or lower the "
                        "scale of the axes");
  return {};
}

THIMBLE_JUDGE bool HasFilter(const Params& params) {
  return params.filter_type != FilterType::kNone && params.filter_order > 0;
}

size_t RoomFor(size_t readings, size_t fft_length) { return readings + fft_length; }

struct Memory {
  std::span<int32_t> room;
  std::span<Complex> transform;
  std::span<uint32_t> power;
  std::span<uint32_t> frame_power;
};

// power[k] = the largest |2 X[k] / 2^shift|^2 of all frames; returns the shift, that of the frame with the largest one.
int MaximumSpectrum(const Plan& plan, size_t readings, const Memory& memory) {
  const auto length = static_cast<size_t>(plan.fft_length);
  std::fill_n(memory.room.data() + readings, length, 0);
  std::fill(memory.power.begin(), memory.power.end(), 0u);
  int shift = 0;
  for (size_t start = 0; start < readings; start += static_cast<size_t>(plan.frame_step)) {
    const int frame_shift = PowerSpectrum({memory.room.data() + start, length}, memory.frame_power, memory.transform);
    if (frame_shift > shift) {
      for (uint32_t& power : memory.power) power >>= 2 * (frame_shift - shift);
      shift = frame_shift;
    }
    const int rest = 2 * (shift - frame_shift);
    for (size_t k = 0; k < memory.power.size(); ++k) {
      memory.power[k] = std::max(memory.power[k], memory.frame_power[k] >> rest);
    }
  }
  return shift;
}

// Writes the features of a signal with kPointBits + `gain` bits behind the point.
void Analyse(const Plan& plan, int gain, const Memory& memory, int32_t* features) {
  const auto readings = static_cast<size_t>(plan.readings);
  const Shape shape = Standardise(memory.room.first(readings));
  const int exponent = kPointBits + gain;
  const int fft_shift = MaximumSpectrum(plan, readings, memory);

  const int32_t length_log2 = (BitsOf(static_cast<uint32_t>(plan.fft_length)) - 1) * kOctave;
  // |2 X / 2^fft_shift|^2 of samples that are 2^(exponent + shape.shift) times as large becomes |X|^2 / length.
  const int32_t offset = 2 * (plan.log2_unit + (fft_shift - 1 - exponent - shape.shift) * kOctave) - length_log2;
  int32_t* bin = features + kShapeFeatures;
  for (int32_t k = plan.first_bin; k <= plan.last_bin; ++k, ++bin) {
    const uint32_t power = memory.power[static_cast<size_t>(k)];
    if (shape.constant) {
      *bin = plan.take_log != 0 ? kLogOfNothing : 0;
      continue;
    }
    // What is too weak to be seen beside the strongest bin counts as half of the smallest bin that is seen.
    const int32_t log2 = (power != 0 ? Log2(power) : -2 * kOctave) + offset;
    *bin = plan.take_log != 0 ? TimesQ32(log2, kLog10Of2) >> 4 : Exp2(log2);
  }

  // Its last use: as numbers with a sign.
  const std::span<int32_t> power(reinterpret_cast<int32_t*>(memory.power.data()), memory.power.size());
  const Shape spectral_shape = Standardise(power);
  features[0] = shape.constant ? 0 : Exp2(shape.log2_deviation + plan.log2_unit - exponent * kOctave);
  features[1] = plan.negative != 0 ? -shape.skewness : shape.skewness;
  features[2] = shape.kurtosis;
  features[3] = spectral_shape.skewness;
  features[4] = spectral_shape.kurtosis;
}

}  // namespace

Status SpectralAnalysis::Check(const Params& params, const Window& window, float unit) {
  const Status status = Twin::Check(params, window);
  return ok(status) ? Judge(params, unit).status : status;
}

const char* SpectralAnalysis::Explain(const Params& params, const Window& window, float unit) {
  const char* sentence = Twin::Explain(params, window);
  return sentence == nullptr ? Judge(params, unit).sentence : sentence;
}

size_t SpectralAnalysis::PreparedBytes(const Params&, const Window&) { return sizeof(Plan); }

size_t SpectralAnalysis::ScratchBytes(const Params& params, const Window& window) {
  const auto length = static_cast<size_t>(params.fft_length);
  return AlignUp(RoomFor(static_cast<size_t>(window.readings), length) * sizeof(int32_t)) +
         AlignUp(FftBins(params.fft_length) * sizeof(Complex)) +
         2 * AlignUp(FftBins(params.fft_length) * sizeof(uint32_t));
}

void SpectralAnalysis::Prepare(const Params& params, const Window& window, float unit, std::span<std::byte> prepared) {
  Plan& plan = *new (prepared.data()) Plan{};
  plan.axes = window.axes;
  plan.readings = window.readings;
  plan.fft_length = params.fft_length;
  plan.frame_step = params.do_fft_overlap ? params.fft_length / 2 : params.fft_length;
  const auto bins = static_cast<int32_t>(Twin::FeatureCount(params, window)) / window.axes - kShapeFeatures;
  const int32_t nyquist_bin = params.fft_length / 2;
  plan.first_bin = params.filter_type == FilterType::kHigh ? nyquist_bin - bins + 1 : 1;
  plan.last_bin = plan.first_bin + bins - 1;
  plan.negative = params.scale_axes < 0 ? 1 : 0;
  plan.log2_unit = Log2Of(unit * (params.scale_axes < 0 ? -params.scale_axes : params.scale_axes));
  plan.take_log = params.do_log ? 1 : 0;
  if (HasFilter(params)) {
    plan.filter = FilterOf(
        DesignButterworth(2.0 * static_cast<double>(params.filter_cutoff) / static_cast<double>(window.rate_hz),
                          params.filter_order, params.filter_type == FilterType::kHigh));
  }
}

void SpectralAnalysis::Extract(std::span<const std::byte> prepared, std::span<const int16_t> samples,
                               std::span<int32_t> features, std::span<std::byte> scratch) {
  const Plan& plan = *reinterpret_cast<const Plan*>(prepared.data());
  const auto axes = static_cast<size_t>(plan.axes);
  const auto readings = static_cast<size_t>(plan.readings);
  const auto length = static_cast<size_t>(plan.fft_length);
  Arena arena(scratch);
  const Memory memory = {arena.Take<int32_t>(RoomFor(readings, length)), arena.Take<Complex>(FftBins(plan.fft_length)),
                         arena.Take<uint32_t>(FftBins(plan.fft_length)),
                         arena.Take<uint32_t>(FftBins(plan.fft_length))};
  const std::span<int32_t> signal = memory.room.first(readings);
  const size_t features_an_axis = features.size() / axes;
  for (size_t axis = 0; axis < axes; ++axis) {
    const int16_t* from = samples.data() + axis;
    uint32_t magnitudes = 0;
    for (int32_t& value : signal) {
      value = *from * (1 << kPointBits);
      magnitudes |= MagnitudeBits(value);
      from += axes;
    }
    int gain = 0;
    if (plan.filter.section_count > 0) {
      // A filter's rounding errors should be small beside a small signal too.
      gain = 15 + kPointBits - BitsOf(magnitudes);
      for (int32_t& value : signal) value *= 1 << gain;
      RunFilter(plan.filter, signal);
    }
    Analyse(plan, gain, memory, features.data() + axis * features_an_axis);
  }
}

}  // namespace thimble::dsp::fixed
