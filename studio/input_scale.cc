#include "studio/input_scale.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace thimble::studio {
namespace {

using trainer::LayerKind;

/// Axes of one sensor, as far as names and units tell: accX and accY, gX and gZ.
bool AreAlike(const dataset::Axis& one, const dataset::Axis& other) {
  const auto sensor = [](const std::string& name) { return name.substr(0, name.empty() ? 0 : name.size() - 1); };
  return one.units == other.units && sensor(one.name) == sensor(other.name);
}

}  // namespace

Expected<trainer::FeatureScaling> MeasureScaling(const trainer::Table& table, const trainer::ModelSpec& spec,
                                                 const std::vector<dataset::Axis>& axes, const dsp::Layout& layout) {
  if (layout.kind == dsp::Layout::Kind::kImage) return trainer::FeatureScaling();
  if (spec.layers.front().kind == LayerKind::kDense) {
    return trainer::FitFeatureScaling(table.features, table.feature_count);
  }
  const auto channels = static_cast<size_t>(spec.input.channels);
  std::vector<double> squares(channels);
  for (size_t i = 0; i < table.features.size(); ++i) {
    squares[i % channels] += static_cast<double>(table.features[i]) * static_cast<double>(table.features[i]);
  }
  const double positions = static_cast<double>(table.features.size()) / static_cast<double>(channels);
  const bool are_axes = channels == axes.size();
  std::vector<float> factors;
  for (size_t i = 0; i < channels; ++i) {
    double sum = 0;
    size_t alike = 0;
    for (size_t k = 0; k < channels; ++k) {
      if (k != i && !(are_axes && AreAlike(axes[k], axes[i]))) continue;
      sum += squares[k];
      ++alike;
    }
    const double mean_square = sum / (positions * static_cast<double>(alike));
    factors.push_back(mean_square > 0 ? static_cast<float>(1 / std::sqrt(mean_square)) : 1.0f);
  }
  trainer::FeatureScaling scaling;
  scaling.offset.assign(static_cast<size_t>(table.feature_count), 0.0f);
  for (size_t i = 0; i < scaling.offset.size(); ++i) scaling.scale.push_back(factors[i % channels]);
  return scaling;
}

bool FoldInto(trainer::Model& model, trainer::FeatureScaling& scaling) {
  if (scaling.scale.empty()) return false;
  const float factor = scaling.scale.front();
  const auto all = [](const std::vector<float>& values, float value) {
    return std::all_of(values.begin(), values.end(), [&](float one) { return one == value; });
  };
  if (!all(scaling.offset, 0) || !all(scaling.scale, factor)) return false;
  for (size_t index = 0; index < model.spec.layers.size(); ++index) {
    const std::vector<int> inputs = trainer::InputsOf(model.spec, static_cast<int>(index));
    if (std::find(inputs.begin(), inputs.end(), trainer::kModelInput) == inputs.end()) continue;
    for (float& weight : model.weights[index].weights) weight *= factor;
  }
  if (model.input_range.known()) {  // the grid that training settled on is one of scaled values
    model.input_range.low /= factor;
    model.input_range.high /= factor;
  }
  scaling = {};
  return true;
}

}  // namespace thimble::studio
