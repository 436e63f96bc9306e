// One axis at a time: scale, then seven statistics, of which those stay that are wanted.
#include <algorithm>
#include <iterator>
#include <limits>

#include "base/arena.h"
#include "base/float_math.h"
#include "dsp/feature_text.h"
#include "dsp/flatten/block.h"
#include "dsp/refusal.h"
#include "dsp/statistics.h"

namespace thimble::dsp {
namespace {

using Params = Flatten::Params;

// One list: which statistics there are, in the order of the features, and what they are called.
struct Statistic {
  bool Params::*wanted;
  const char* name;
};
constexpr Statistic kStatistics[] = {{&Params::average, "Average"},  {&Params::minimum, "Minimum"},
                                     {&Params::maximum, "Maximum"},  {&Params::rms, "RMS"},
                                     {&Params::stdev, "Stdev"},      {&Params::skewness, "Skewness"},
                                     {&Params::kurtosis, "Kurtosis"}};

size_t WantedCount(const Params& params) {
  size_t count = 0;
  for (const Statistic& statistic : kStatistics) count += params.*statistic.wanted ? 1 : 0;
  return count;
}

THIMBLE_JUDGE Refusal Judge(const Params& params, const Window& window) {
  THIMBLE_REFUSE_UNLESS(IsFinite(params.scale_axes),
                        "the scale of the axes is not a number; 1 leaves the samples as they are");
  return JudgeSamples(window);
}

// In the order of kStatistics.
void Describe(std::span<const float> signal, float (&values)[std::size(kStatistics)]) {
  const float mean = Mean(signal);
  if (!IsFinite(mean)) {
    // The constant, because machines differ in the bits of a NaN that they compute.
    std::fill(std::begin(values), std::end(values), std::numeric_limits<float>::quiet_NaN());
    return;
  }
  const Shape shape = ShapeOf(signal);
  const auto [minimum, maximum] = std::minmax_element(signal.begin(), signal.end());
  values[0] = mean;
  values[1] = *minimum;
  values[2] = *maximum;
  // The mean square is the square of the mean and the variance: fewer roundings than a sum of large squares.
  values[3] = Sqrt(mean * mean + shape.deviation * shape.deviation);
  values[4] = shape.deviation;
  values[5] = shape.skewness;
  values[6] = shape.kurtosis;
}

}  // namespace

Status Flatten::Check(const Params& params, const Window& window) { return Judge(params, window).status; }
const char* Flatten::Explain(const Params& params, const Window& window) { return Judge(params, window).sentence; }

size_t Flatten::FeatureCount(const Params& params, const Window& window) {
  return static_cast<size_t>(window.axes) * WantedCount(params);
}

FeatureName Flatten::NameOf(const Params& params, const Window&, size_t feature) {
  const size_t wanted = WantedCount(params);
  FeatureName name;
  name.axis = static_cast<int>(feature / wanted);
  size_t place = feature % wanted;
  for (const Statistic& statistic : kStatistics) {
    if (!(params.*statistic.wanted) || place-- > 0) continue;
    FeatureText(name).Add(statistic.name);
    break;
  }
  return name;
}

void Flatten::Extract(const Params& params, const Window& window, std::span<const std::byte>,
                      std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch) {
  Arena arena(scratch);
  const std::span<float> signal = arena.Take<float>(static_cast<size_t>(window.readings));
  const size_t axes = static_cast<size_t>(window.axes);
  float* out = features.data();
  for (size_t axis = 0; axis < axes; ++axis) {
    for (size_t i = 0; i < signal.size(); ++i) signal[i] = samples[i * axes + axis] * params.scale_axes;
    float values[std::size(kStatistics)];
    Describe(signal, values);
    for (size_t i = 0; i < std::size(kStatistics); ++i) {
      if (params.*kStatistics[i].wanted) *out++ = values[i];
    }
  }
}

}  // namespace thimble::dsp
