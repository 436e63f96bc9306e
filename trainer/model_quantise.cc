#include "trainer/model_quantise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <utility>

#include "trainer/internal/lowering.h"

namespace thimble::trainer {
namespace {

using Values = std::vector<float>;

constexpr float kWeightLimit = 127;  // -128 is left out, as the TFLite specification asks of symmetric weights
constexpr size_t kGates = 4;         // of an LSTM

bool IsWide(Precision precision) { return precision == Precision::kInt16x8; }
float Lowest(Precision precision) { return IsWide(precision) ? -32768.0f : -128.0f; }
float Highest(Precision precision) { return IsWide(precision) ? 32767.0f : 127.0f; }

// The grid over a range, which is widened to hold 0: TFLite's kernels want real 0 to be a grid point.
Quantisation GridOver(Range range, Precision precision) {
  const float low = std::min(range.low, 0.0f);
  const float high = std::max(range.high, 0.0f);
  if (!(high - low >= std::numeric_limits<float>::min() * 65536)) return {};
  if (IsWide(precision)) return {std::max(-low, high) / 32767, 0};
  const float scale = high / 255 - low / 255;  // in this order, because their difference may be infinite
  return {scale, static_cast<int32_t>(std::clamp(std::round(-128.0f - low / scale), -128.0f, 127.0f))};
}

float OnGrid(float value, const Quantisation& grid, float inverse, float low, float high) {
  const float steps = std::min(std::max(value * inverse + static_cast<float>(grid.zero_point), low), high);
  const int whole = static_cast<int>(steps + (steps < 0 ? -0.5f : 0.5f));
  return static_cast<float>(whole - grid.zero_point) * grid.scale;
}

void RoundToGrid(std::span<float> values, const Quantisation& grid, Precision precision) {
  const float inverse = 1 / grid.scale, low = Lowest(precision), high = Highest(precision);
  for (float& value : values) value = OnGrid(value, grid, inverse, low, high);
}

void Clamp(Activation activation, std::span<float> values) {
  if (activation != Activation::kRelu && activation != Activation::kRelu6) return;
  const float high = activation == Activation::kRelu6 ? 6 : std::numeric_limits<float>::infinity();
  for (float& value : values) value = std::clamp(value, 0.0f, high);
}

bool HasWeights(LayerKind kind) {
  return kind == LayerKind::kDense || kind == LayerKind::kConvolution || kind == LayerKind::kDepthwise;
}

// Whether the output is stored as the input is.
bool KeepsGrid(const LayerSpec& layer) {
  return layer.kind == LayerKind::kMaxPool || layer.kind == LayerKind::kAveragePool ||
         layer.kind == LayerKind::kReshape ||
         (layer.kind == LayerKind::kActivation && layer.activation == Activation::kRelu6);
}

// The grid that TFLite prescribes for an output.
std::optional<Quantisation> PrescribedGrid(const LayerSpec& layer, Precision precision) {
  if (layer.kind != LayerKind::kActivation) return {};
  switch (layer.activation) {
    case Activation::kSigmoid:
    case Activation::kSoftmax:
      return IsWide(precision) ? Quantisation{1.0f / 32768, 0} : Quantisation{1.0f / 256, -128};
    case Activation::kTanh:
      return IsWide(precision) ? Quantisation{1.0f / 32768, 0} : Quantisation{1.0f / 128, 0};
    default:
      return {};
  }
}

// --- Running single layers

using Inputs = std::vector<const Values*>;

// The output of one layer for [rows, values] of each of its inputs.
Expected<Values> RunLayer(const LayerSpec& layer, const LayerWeights& weights, const std::vector<Shape>& shapes,
                          const Inputs& inputs) {
  if (layer.kind == LayerKind::kReshape) return *inputs.front();
  if (layer.kind == LayerKind::kAdd) {
    Values sums = *inputs[0];
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += (*inputs[1])[i];
    Clamp(layer.activation, sums);
    return sums;
  }
  if (layer.kind == LayerKind::kConcat) {
    Values joined;
    const size_t pixels = inputs.front()->size() / static_cast<size_t>(shapes.front().channels);
    for (size_t pixel = 0; pixel < pixels; ++pixel) {
      for (size_t i = 0; i < inputs.size(); ++i) {
        const auto channels = static_cast<ptrdiff_t>(shapes[i].channels);
        const auto from = inputs[i]->begin() + static_cast<ptrdiff_t>(pixel) * channels;
        joined.insert(joined.end(), from, from + channels);
      }
    }
    return joined;
  }
  Model model{
      .spec = {.input = shapes.front(), .layers = {layer}}, .weights = {weights}, .input_range = {}, .ranges = {}};
  model.spec.layers.front().inputs = {kModelInput};
  return Run(model, *inputs.front());
}

// The values of every layer of a lowered model, and the features that they come from.
struct Trace {
  Values features;
  std::vector<Values> outputs;
  std::vector<Values> sums;  ///< of layers with weights, before their ReLU; empty where that is the output

  const Values& Of(int layer) const { return layer == kModelInput ? features : outputs[static_cast<size_t>(layer)]; }
};

Inputs InputsFrom(const Trace& trace, const LayerSpec& layer) {
  Inputs inputs;
  for (const int from : layer.inputs) inputs.push_back(&trace.Of(from));
  return inputs;
}

std::vector<Shape> InputShapes(const Lowered& lowered, const LayerSpec& layer) {
  std::vector<Shape> shapes;
  for (const int from : layer.inputs) shapes.push_back(lowered.ShapeOf(from));
  return shapes;
}

LayerSpec Linear(LayerSpec layer) {
  layer.activation = Activation::kNone;
  return layer;
}

Expected<Trace> RunFloat(const Lowered& lowered, Values features) {
  Trace trace{std::move(features), {}, {}};
  for (int i = 0; i < lowered.layer_count(); ++i) {
    const LayerSpec& layer = lowered.model.spec.layers[static_cast<size_t>(i)];
    const bool clamps = HasWeights(layer.kind) && layer.activation != Activation::kNone;
    THIMBLE_ASSIGN(Values values,
                   RunLayer(clamps ? Linear(layer) : layer, lowered.model.weights[static_cast<size_t>(i)],
                            InputShapes(lowered, layer), InputsFrom(trace, layer)));
    trace.sums.push_back(clamps ? values : Values());
    if (clamps) Clamp(layer.activation, values);
    if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
      return {Status::kFailed, LayerName(layer, lowered.sources[static_cast<size_t>(i)]) +
                                   " computes numbers that are too large for float32; train it again, with smaller "
                                   "features or a lower learning rate"};
    }
    trace.outputs.push_back(std::move(values));
  }
  return trace;
}

// --- Weights

// The scale that belongs to weight `index`: one for each output channel, or each gate.
size_t ScaleIndex(LayerKind kind, size_t index, size_t count, size_t scales) {
  return kind == LayerKind::kDepthwise ? index % scales : index / (count / scales);
}

// Fills int8 weights and their scales, none below `least`.
void QuantiseMatrix(LayerKind kind, const Values& real, const Values& least, std::vector<int8_t>& stored,
                    Values& scales) {
  scales = least;
  const size_t count = real.size();
  for (size_t i = 0; i < count; ++i) {
    float& scale = scales[ScaleIndex(kind, i, count, scales.size())];
    scale = std::max(scale, std::abs(real[i]) / kWeightLimit);
  }
  stored.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const float steps = std::round(real[i] / scales[ScaleIndex(kind, i, count, scales.size())]);
    stored[i] = static_cast<int8_t>(std::clamp(steps, -kWeightLimit, kWeightLimit));
  }
}

void SetBias(const Values& bias, const Quantisation& input, Precision precision, QuantisedLayer& layer) {
  // Leaves as much again for the products. The requantisation of a 64-bit sum takes 48 bits.
  const double limit = IsWide(precision) ? 0x1p46 : 0x1p30;
  layer.bias.resize(bias.size());
  for (size_t i = 0; i < bias.size(); ++i) {
    const size_t scale = i / (bias.size() / layer.weight_scales.size());
    const double unit = static_cast<double>(input.scale) * static_cast<double>(layer.weight_scales[scale]);
    const double units = std::round(static_cast<double>(bias[i]) / unit);
    layer.bias[i] = static_cast<int64_t>(std::clamp(units, -limit, limit));
  }
}

void QuantiseWeights(const LayerWeights& weights, const Quantisation& input, Precision precision,
                     QuantisedLayer& layer) {
  const bool lstm = layer.spec.kind == LayerKind::kLstm;
  // A channel whose weights are all (nearly) 0 is only its bias, which must still fit. Elsewhere 1e-30 is far below any
  // real scale.
  Values least(lstm ? kGates : weights.bias.size(), 1e-30f);
  for (size_t i = 0; i < weights.bias.size(); ++i) {
    float& scale = least[i / (weights.bias.size() / least.size())];
    scale = std::max(scale, std::abs(weights.bias[i]) / input.scale * (IsWide(precision) ? 0x1p-45f : 0x1p-29f));
  }
  QuantiseMatrix(layer.spec.kind, weights.weights, least, layer.weights, layer.weight_scales);
  if (lstm) {
    QuantiseMatrix(layer.spec.kind, weights.recurrent, Values(kGates, 1e-30f), layer.recurrent, layer.recurrent_scales);
  }
  SetBias(weights.bias, input, precision, layer);
}

// The real numbers that a layer's stored ones stand for.
LayerWeights RealWeights(const QuantisedLayer& layer, const Quantisation& input) {
  LayerWeights real;
  const auto matrix = [&](const std::vector<int8_t>& stored, const Values& scales) {
    Values values(stored.size());
    for (size_t i = 0; i < stored.size(); ++i) {
      values[i] = static_cast<float>(stored[i]) * scales[ScaleIndex(layer.spec.kind, i, stored.size(), scales.size())];
    }
    return values;
  };
  real.weights = matrix(layer.weights, layer.weight_scales);
  real.recurrent = matrix(layer.recurrent, layer.recurrent_scales);
  for (size_t i = 0; i < layer.bias.size(); ++i) {
    const size_t scale = i / (layer.bias.size() / layer.weight_scales.size());
    const double unit = static_cast<double>(input.scale) * static_cast<double>(layer.weight_scales[scale]);
    real.bias.push_back(static_cast<float>(static_cast<double>(layer.bias[i]) * unit));
  }
  return real;
}

// The largest cell of an LSTM over all rows and moments.
float LargestCell(const LayerWeights& weights, const Shape& input, size_t units, const Values& rows) {
  const auto channels = static_cast<size_t>(input.channels);
  const auto moments = static_cast<size_t>(input.width);
  const auto sigmoid = [](float x) { return 1 / (1 + std::exp(-x)); };
  float largest = 0;
  Values hidden(units), cells(units), sums(kGates * units);
  for (size_t at = 0; at < rows.size() / channels; ++at) {
    if (at % moments == 0) {
      std::fill(hidden.begin(), hidden.end(), 0.0f);
      std::fill(cells.begin(), cells.end(), 0.0f);
    }
    for (size_t s = 0; s < sums.size(); ++s) {
      float sum = weights.bias[s];
      for (size_t c = 0; c < channels; ++c) sum += weights.weights[s * channels + c] * rows[at * channels + c];
      for (size_t u = 0; u < units; ++u) sum += weights.recurrent[s * units + u] * hidden[u];
      sums[s] = sum;
    }
    for (size_t u = 0; u < units; ++u) {
      cells[u] = sigmoid(sums[units + u]) * cells[u] + sigmoid(sums[u]) * std::tanh(sums[2 * units + u]);
      hidden[u] = sigmoid(sums[3 * units + u]) * std::tanh(cells[u]);
      largest = std::max(largest, std::abs(cells[u]));
    }
  }
  return largest;
}

// The power of two whose int16 multiples reach so far, with a little room; not finer than the gates' sums.
float CellScale(float largest) {
  float scale = 0x1p-15f;
  while (scale * 32000 < largest && scale < 4) scale *= 2;
  return scale;
}

// --- Errors and ranges

// One over each row's size. Errors are weighed by it, because a row of huge values is far from any decision and must
// not decide how coarse the steps of all the others are.
Values RowWeights(std::span<const float> values, size_t width) {
  Values weights;
  double mean = 0;
  for (size_t at = 0; at < values.size(); at += width) {
    double square = 0;
    for (const float value : values.subspan(at, width))
      square += static_cast<double>(value) * static_cast<double>(value);
    weights.push_back(static_cast<float>(std::sqrt(square)));
    mean += std::sqrt(square);
  }
  mean /= static_cast<double>(weights.size());
  for (float& weight : weights) weight = mean > 0 ? 1 / (weight / static_cast<float>(mean) + 0.001f) : 1;
  return weights;
}

// The mean over rows of a row's difference, [rows, width] each. Of scores the sum of |differences|, else its length
// times the row's weight.
float MeanError(std::span<const float> exact, std::span<const float> rounded, size_t width, const Values& row_weights,
                bool scores) {
  double sum = 0;
  for (size_t row = 0; row < row_weights.size(); ++row) {
    double error = 0;
    for (size_t i = row * width; i < (row + 1) * width; ++i) {
      const double difference = static_cast<double>(rounded[i]) - static_cast<double>(exact[i]);
      error += scores ? std::abs(difference) : difference * difference;
    }
    sum += scores ? error : std::sqrt(error) * static_cast<double>(row_weights[row]);
  }
  return static_cast<float>(sum / static_cast<double>(std::max<size_t>(row_weights.size(), 1)));
}

// Each run of `width` values becomes exp(x) / sum(exp(x)).
void Softmax(std::span<float> values, size_t width) {
  for (size_t at = 0; at < values.size(); at += width) {
    const auto row = values.subspan(at, width);
    const float largest = *std::max_element(row.begin(), row.end());
    float sum = 0;
    for (float& value : row) sum += value = std::exp(value - largest);
    for (float& value : row) value /= sum;
  }
}

// What quantisation did to outputs. Of values, the mean over rows of the difference over the size of the row. Of
// logits, the mean sum of differences between scores, softened until they are not sure of themselves: on the rows that
// a model was trained with, the true scores are so near 0 and 1 that hardly anything moves them.
float OutputError(Values exact, Values rounded, size_t width, bool logits) {
  double square = 0;
  for (size_t at = 0; at < exact.size(); at += width) {
    const auto row = std::span(exact).subspan(at, width);
    double mean = 0;
    for (const float value : row) mean += logits ? static_cast<double>(value) / static_cast<double>(width) : 0;
    for (const float value : row) square += std::pow(static_cast<double>(value) - mean, 2);
  }
  const size_t rows = exact.size() / width;
  if (!logits) {
    const double size = std::sqrt(square / static_cast<double>(rows));
    const auto error = static_cast<double>(MeanError(exact, rounded, width, RowWeights(exact, width), false));
    return static_cast<float>(size > 0 ? error / size : error);
  }
  const auto temperature = static_cast<float>(std::max(std::sqrt(square / static_cast<double>(exact.size())), 1.0));
  for (Values* values : {&exact, &rounded}) {
    for (float& value : *values) value /= temperature;
    Softmax(*values, width);
  }
  return MeanError(exact, rounded, width, Values(rows, 1), true);
}

Range Extremes(std::span<const float> values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {*low, *high};
}

Range Percentiles(Values values, float tail) {
  const auto outside = static_cast<ptrdiff_t>(std::clamp(tail, 0.0f, 0.1f) * static_cast<float>(values.size()));
  const auto high = values.end() - 1 - outside;
  std::nth_element(values.begin(), high, values.end());
  Range range{0, *high};
  std::nth_element(values.begin(), values.begin() + outside, high + 1);
  range.low = values[static_cast<size_t>(outside)];
  return range;
}

// At most `count` values as whole rows, evenly spread.
Values Sample(std::span<const float> values, size_t width, size_t count) {
  const size_t rows = values.size() / width;
  const size_t taken = std::clamp<size_t>(count / width, 1, rows);
  Values sample;
  for (size_t row = 0; row < taken; ++row) {
    const auto from = values.subspan(row * rows / taken * width, width);
    sample.insert(sample.end(), from.begin(), from.end());
  }
  return sample;
}

// The range whose grid leaves the smallest error: cutting rare peaks off buys finer steps for all the others. For
// `logits` the error is that of their softmax over `width` values.
Range LeastErrorRange(std::span<const float> all, size_t width, bool logits, Precision precision) {
  constexpr size_t kValues = 1 << 15;
  constexpr float kLeastLogitSpan = 32;  // below it, rows beyond the calibration would lose their order
  const Values values = Sample(all, width, kValues);
  const Values row_weights = RowWeights(values, width);
  Values exact = values;
  if (logits) Softmax(exact, width);
  const Range whole = Extremes(all);
  const float reach = std::max(-whole.low, whole.high);
  std::vector<std::pair<float, Range>> tried;
  for (float keep = 1; keep > 0.001f; keep *= 0.87f) {
    const Range range{std::max(whole.low, -reach * keep), std::min(whole.high, reach * keep)};
    if (logits && !tried.empty() && range.high - range.low < kLeastLogitSpan) break;
    Values rounded = values;
    RoundToGrid(rounded, GridOver(range, precision), precision);
    if (logits) Softmax(rounded, width);
    tried.emplace_back(MeanError(exact, rounded, width, row_weights, logits), range);
  }
  float least = tried.front().first;
  for (const auto& [error, range] : tried) least = std::min(least, error);
  Range best = whole;
  for (const auto& [error, range] : tried) {
    if (error <= least + (logits ? 0.0001f : 0.0f)) best = range;
  }
  return best;
}

// --- The whole model

// What a tensor is read for, if all its readers are of a kind.
enum class Use { kAnything, kSoftmax, kSigmoid, kTanh };

struct Job {
  const Lowered& lowered;
  const ModelQuantiseOptions& options;
  std::vector<Use> uses;
  std::vector<int> grid_of;  ///< the layer whose output decides the grid of each one's output

  const LayerSpec& spec(int layer) const { return lowered.model.spec.layers[static_cast<size_t>(layer)]; }
  size_t width(int layer) const { return static_cast<size_t>(lowered.ShapeOf(layer).values()); }
};

std::vector<Use> UsesOf(const ModelSpec& spec) {
  std::vector<std::optional<Use>> uses(spec.layers.size());
  for (const LayerSpec& reader : spec.layers) {
    Use use = Use::kAnything;
    if (reader.kind == LayerKind::kActivation) {
      if (reader.activation == Activation::kSoftmax) use = Use::kSoftmax;
      if (reader.activation == Activation::kSigmoid) use = Use::kSigmoid;
      if (reader.activation == Activation::kTanh) use = Use::kTanh;
    }
    for (const int from : reader.inputs) {
      if (from == kModelInput) continue;
      auto& known = uses[static_cast<size_t>(from)];
      known = known.value_or(use) == use ? use : Use::kAnything;
    }
  }
  std::vector<Use> result;
  for (const auto& use : uses) result.push_back(use.value_or(Use::kAnything));
  return result;
}

// CONCATENATION copies stored values, so what it joins is best stored on its grid from the start. Only where nothing
// else reads it: others should not pay for the join. (The file requantises what is left.)
std::vector<int> GridDeciders(const ModelSpec& spec, Precision precision) {
  const std::vector<int> readers = ReadersOf(spec);
  std::vector<int> deciders;
  for (int i = 0; i < static_cast<int>(spec.layers.size()); ++i) deciders.push_back(i);
  for (int i = static_cast<int>(spec.layers.size()) - 1; i >= 0; --i) {
    if (spec.layers[static_cast<size_t>(i)].kind != LayerKind::kConcat) continue;
    for (int from : spec.layers[static_cast<size_t>(i)].inputs) {
      while (from != kModelInput && readers[static_cast<size_t>(from)] == 1) {
        const LayerSpec& layer = spec.layers[static_cast<size_t>(from)];
        if (!KeepsGrid(layer)) {
          if (!PrescribedGrid(layer, precision)) deciders[static_cast<size_t>(from)] = deciders[static_cast<size_t>(i)];
          break;
        }
        from = layer.inputs.front();
      }
    }
  }
  return deciders;
}

// A way to choose ranges.
struct Choice {
  RangeMethod method;
  float tail = 0;
};

Range RangeOf(const Job& job, std::span<const float> values, size_t width, const Choice& choice, Use use,
              size_t channels) {
  const Precision precision = job.options.precision;
  Range range;
  if (IsWide(precision)) {
    // One of 15 bits, for values that the calibration rows do not show.
    range = Extremes(values);
    range = {2 * range.low, 2 * range.high};
  } else if (use == Use::kSoftmax && job.options.ranges != RangeMethod::kMinMax) {
    range = LeastErrorRange(values, channels, true, precision);
  } else if (choice.method == RangeMethod::kMinMax) {
    range = Extremes(values);
  } else if (choice.method == RangeMethod::kPercentile) {
    range = Percentiles({values.begin(), values.end()}, choice.tail);
  } else {
    range = LeastErrorRange(values, width, false, precision);
  }
  // Beyond this these functions are within a step of their ends.
  const float reach = use == Use::kSigmoid ? (IsWide(precision) ? 12.0f : 8.0f)
                      : use == Use::kTanh  ? (IsWide(precision) ? 6.0f : 4.0f)
                                           : std::numeric_limits<float>::max();
  return {std::max(range.low, -reach), std::min(range.high, reach)};
}

// The grid of a layer's output that its operator, or its reader, can compute with.
Quantisation Fit(const QuantisedModel& model, const LayerSpec& layer, Use use, Quantisation grid) {
  float least = 0;
  if (layer.kind == LayerKind::kAdd) {
    // ADD scales both sides to twice the larger scale, with 20 or 15 bits behind the point, and then only down.
    for (const int from : layer.inputs) least = std::max(least, model.GridOf(from).scale);
    least *= IsWide(model.precision) ? 0x1.01p-14f : 0x1.01p-19f;
  }
  grid.scale = std::max(grid.scale, least);
  // SOFTMAX of int8 takes scales of 2^-25 to 16.
  if (use == Use::kSoftmax && !IsWide(model.precision)) grid.scale = std::clamp(grid.scale, 0x1p-24f, 8.0f);
  return grid;
}

// Adds to each channel's bias what its mean lost, and the same to `rounded`, [rows, positions, channels] before the
// activation.
void CorrectBias(const Values& exact, size_t width, const Quantisation& input, Precision precision, const Values& bias,
                 QuantisedLayer& layer, Values& rounded) {
  const Values row_weights = RowWeights(exact, width);
  const size_t channels = layer.bias.size();
  std::vector<double> lost(channels);
  double total = 0;
  for (size_t row = 0; row < row_weights.size(); ++row) {
    const auto weight = static_cast<double>(row_weights[row]);
    for (size_t i = 0; i < width; ++i) {
      const size_t at = row * width + i;
      lost[i % channels] += weight * (static_cast<double>(exact[at]) - static_cast<double>(rounded[at]));
    }
    total += weight * static_cast<double>(width / channels);
  }
  Values corrected = bias;
  for (size_t c = 0; c < channels; ++c) corrected[c] += static_cast<float>(lost[c] / total);
  SetBias(corrected, input, precision, layer);
  for (size_t i = 0; i < rounded.size(); ++i) rounded[i] += static_cast<float>(lost[i % channels] / total);
}

// The layer whose values tell how well a model is quantised: the last one, or the logits before a last softmax.
struct Judged {
  int layer;
  size_t width;
  bool logits;
};

Judged JudgedLayer(const Lowered& lowered) {
  const LayerSpec& last = lowered.model.spec.layers.back();
  const bool softmax = last.kind == LayerKind::kActivation && last.activation == Activation::kSoftmax &&
                       last.inputs.front() != kModelInput;
  const int layer = softmax ? last.inputs.front() : lowered.layer_count() - 1;
  const Shape& shape = lowered.ShapeOf(layer);
  return {layer, static_cast<size_t>(softmax ? shape.channels : shape.values()), softmax};
}

struct Attempt {
  QuantisedModel model;
  Values judged;  ///< of the judged layer, before its own rounding: that is the same for all attempts
};

// Every layer, for a choice of the input's grid. `exact` is the float model on the rounded features: not on the
// features themselves, because an outlier that the grid cuts off would else pull every other row's bias with it.
Expected<Attempt> QuantiseLayers(const Job& job, const Quantisation& input, const Trace& exact, const Choice& choice) {
  const Lowered& lowered = job.lowered;
  const Precision precision = job.options.precision;
  QuantisedModel model{.precision = precision, .input_shape = lowered.model.spec.input, .input = input, .layers = {}};
  Trace rounded{exact.features, {}, {}};
  const int judged = JudgedLayer(lowered).layer;
  Values judged_values;
  for (int i = 0; i < lowered.layer_count(); ++i) {
    const auto at = static_cast<size_t>(i);
    QuantisedLayer layer;
    layer.spec = job.spec(i), layer.shape = lowered.shapes[at], layer.source = lowered.sources[at];
    const LayerWeights& weights = lowered.model.weights[at];
    const std::vector<Shape> shapes = InputShapes(lowered, layer.spec);
    const Quantisation& from = model.GridOf(layer.spec.inputs.front());
    LayerWeights real;
    if (HasWeights(layer.spec.kind) || layer.spec.kind == LayerKind::kLstm) {
      QuantiseWeights(weights, from, precision, layer);
      real = RealWeights(layer, from);
    }
    if (layer.spec.kind == LayerKind::kLstm) {
      layer.cell_scale = CellScale(LargestCell(weights, shapes.front(), static_cast<size_t>(layer.spec.units),
                                               exact.Of(layer.spec.inputs.front())));
    }
    const bool corrects = job.options.correct_bias && HasWeights(layer.spec.kind);
    THIMBLE_ASSIGN(Values values,
                   RunLayer(corrects ? Linear(layer.spec) : layer.spec, real, shapes, InputsFrom(rounded, layer.spec)));
    if (corrects) {
      const Values& wanted = exact.sums[at].empty() ? exact.outputs[at] : exact.sums[at];
      CorrectBias(wanted, job.width(i), from, precision, weights.bias, layer, values);
      Clamp(layer.spec.activation, values);
    }
    const auto prescribed = PrescribedGrid(layer.spec, precision);
    if (prescribed) {
      layer.output = *prescribed;
    } else if (KeepsGrid(layer.spec)) {
      layer.output = from;
    } else {
      const int decider = job.grid_of[at];
      const Range known = lowered.model.ranges[static_cast<size_t>(decider)];
      const Values& seen = decider == i ? values : exact.Of(decider);
      const Range range = known.known() ? known
                                        : RangeOf(job, seen, job.width(decider), choice, job.uses[at],
                                                  static_cast<size_t>(lowered.ShapeOf(decider).channels));
      layer.output = Fit(model, layer.spec, job.uses[at], GridOver(range, precision));
    }
    if (i == judged) judged_values = values;
    RoundToGrid(values, layer.output, precision);
    rounded.outputs.push_back(std::move(values));
    model.layers.push_back(std::move(layer));
  }
  return Attempt{std::move(model), std::move(judged_values)};
}

Outcome CheckRows(std::span<const float> rows, size_t width) {
  if (rows.empty()) return {Status::kInvalidArgument, "there are no calibration rows; give some of the training part"};
  if (rows.size() % width != 0) {
    return {Status::kInvalidArgument, "the model takes " + std::to_string(width) + " values a row; " +
                                          std::to_string(rows.size()) + " calibration values are not whole rows"};
  }
  const auto bad = std::find_if(rows.begin(), rows.end(), [](float value) { return !std::isfinite(value); });
  if (bad != rows.end()) {
    const auto at = static_cast<size_t>(bad - rows.begin());
    return {Status::kInvalidArgument, "calibration row " + std::to_string(at / width) + ", value " +
                                          std::to_string(at % width) +
                                          " is not a finite number; leave the row out or mend what made it"};
  }
  return Nothing{};
}

// Rows for so much work and memory: ranges of a thousand windows tell what those of ten thousand do.
Values Thin(const Lowered& lowered, std::span<const float> rows, double most_multiplications) {
  constexpr double kMostRows = 1024, kMostValues = 1 << 23;
  double values = 1, multiplications = 1;
  for (const Shape& shape : lowered.shapes) values += shape.values();
  for (const LayerCost& cost : Costs(lowered.model.spec, lowered.shapes)) {
    multiplications += static_cast<double>(cost.multiplications);
  }
  const double count = std::min({kMostRows, kMostValues / values, most_multiplications / multiplications});
  const auto width = static_cast<size_t>(lowered.model.spec.input.values());
  return Sample(rows, width, std::max<size_t>(static_cast<size_t>(count), 16) * width);
}

}  // namespace

Expected<QuantisedModel> Quantise(const Model& model, std::span<const float> calibration,
                                  const ModelQuantiseOptions& options) {
  THIMBLE_ASSIGN(const Lowered lowered, Lower(model));
  const auto width = static_cast<size_t>(lowered.model.spec.input.values());
  THIMBLE_EXPECT(CheckRows(calibration, width));
  const Values features = Thin(lowered, calibration, 2e8);
  THIMBLE_ASSIGN(const Trace truth, RunFloat(lowered, features));
  const Job job{lowered, options, UsesOf(lowered.model.spec), GridDeciders(lowered.model.spec, options.precision)};

  // Layers are tried behind the input that serves best, and inputs with the layers' least errors.
  std::vector<Choice> of_input{{options.ranges, options.percentile_tail}}, of_layers = of_input;
  if (options.ranges == RangeMethod::kAuto) {
    constexpr Choice kMse{RangeMethod::kMse}, kMinMax{RangeMethod::kMinMax};
    constexpr auto kPercentile = RangeMethod::kPercentile;
    of_layers = {kMse, kMinMax, {kPercentile, options.percentile_tail}};
    of_input = {kMinMax, {kPercentile, 0.001f}, {kPercentile, 0.005f}, {kPercentile, 0.02f}, kMse};
  }
  const bool trained = std::any_of(lowered.model.ranges.begin(), lowered.model.ranges.end(),
                                   [](const Range& range) { return range.known(); });
  const Range trained_input = lowered.model.input_range;
  if (trained_input.known() || IsWide(options.precision)) of_input.resize(1);
  if (trained || IsWide(options.precision)) of_layers.resize(1);

  const Judged judged = JudgedLayer(lowered);
  std::optional<Attempt> best;
  Trace best_exact;
  float least = std::numeric_limits<float>::infinity();
  const auto consider = [&](Expected<Attempt> attempt) -> Expected<bool> {
    if (!attempt.ok()) return attempt.error();
    const float error = OutputError(truth.Of(judged.layer), attempt->judged, judged.width, judged.logits);
    if (best && !(error < least)) return false;
    least = error;
    best = *std::move(attempt);
    return true;
  };
  for (const Choice& choice : of_input) {
    const Range range =
        trained_input.known() ? trained_input : RangeOf(job, features, width, choice, Use::kAnything, 1);
    const Quantisation input = GridOver(range, options.precision);
    Values rounded = features;
    RoundToGrid(rounded, input, options.precision);
    THIMBLE_ASSIGN(Trace exact, RunFloat(lowered, std::move(rounded)));
    THIMBLE_ASSIGN(const bool better, consider(QuantiseLayers(job, input, exact, of_layers.front())));
    if (better) best_exact = std::move(exact);
  }
  const Quantisation input = best->model.input;
  for (size_t i = 1; i < of_layers.size(); ++i) {
    THIMBLE_EXPECT(consider(QuantiseLayers(job, input, best_exact, of_layers[i])));
  }
  return std::move(best->model);
}

Expected<std::vector<float>> Run(const QuantisedModel& model, std::span<const float> inputs) {
  const auto width = static_cast<size_t>(model.input_shape.values());
  if (inputs.size() % width != 0) {
    return {Status::kInvalidArgument, "the model takes " + std::to_string(width) + " values a row; " +
                                          std::to_string(inputs.size()) + " values are not whole rows"};
  }
  Trace trace{{inputs.begin(), inputs.end()}, {}, {}};
  RoundToGrid(trace.features, model.input, model.precision);
  for (const QuantisedLayer& layer : model.layers) {
    std::vector<Shape> shapes;
    for (const int from : layer.spec.inputs) shapes.push_back(model.ShapeOf(from));
    const LayerWeights real = RealWeights(layer, model.GridOf(layer.spec.inputs.front()));
    THIMBLE_ASSIGN(Values values, RunLayer(layer.spec, real, shapes, InputsFrom(trace, layer.spec)));
    RoundToGrid(values, layer.output, model.precision);
    trace.outputs.push_back(std::move(values));
  }
  return std::move(trace.outputs.back());
}

Expected<std::vector<LayerLoss>> LayerLosses(const Model& model, const QuantisedModel& quantised,
                                             std::span<const float> rows) {
  THIMBLE_ASSIGN(const Lowered lowered, Lower(model));
  if (lowered.model.spec.layers.size() != quantised.layers.size()) {
    return {Status::kInvalidArgument, "the quantised model was made of another model; quantise this one"};
  }
  THIMBLE_EXPECT(CheckRows(rows, static_cast<size_t>(lowered.model.spec.input.values())));
  const Values features = Thin(lowered, rows, 4e8 / static_cast<double>(quantised.layers.size()));
  THIMBLE_ASSIGN(const Trace exact, RunFloat(lowered, features));
  const Judged judged = JudgedLayer(lowered);

  // What the outputs become when that of one layer (or the input) is replaced.
  const auto loss_of = [&](int changed, std::string name, Values values) -> Expected<LayerLoss> {
    const Values& wanted = exact.Of(changed);
    double signal = 0, noise = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const auto value = static_cast<double>(wanted[i]), difference = static_cast<double>(values[i]) - value;
      signal += value * value, noise += difference * difference;
    }
    const double decibels = noise > 0 && signal > 0 ? 10 * std::log10(signal / noise) : 200;
    std::vector<std::optional<Values>> now(quantised.layers.size());
    const auto value_of = [&](int layer) -> const Values* {
      if (layer == changed) return &values;
      if (layer != kModelInput && now[static_cast<size_t>(layer)]) return &*now[static_cast<size_t>(layer)];
      return &exact.Of(layer);
    };
    for (int i = changed + 1; i <= judged.layer; ++i) {
      const LayerSpec& layer = lowered.model.spec.layers[static_cast<size_t>(i)];
      Inputs inputs;
      bool moved = false;
      for (const int from : layer.inputs) {
        inputs.push_back(value_of(from));
        moved |= inputs.back() != &exact.Of(from);
      }
      if (!moved) continue;
      THIMBLE_ASSIGN(now[static_cast<size_t>(i)], RunLayer(layer, lowered.model.weights[static_cast<size_t>(i)],
                                                           InputShapes(lowered, layer), inputs));
    }
    const float error = OutputError(exact.Of(judged.layer), *value_of(judged.layer), judged.width, judged.logits);
    return LayerLoss{changed == kModelInput ? kModelInput : quantised.layers[static_cast<size_t>(changed)].source,
                     std::move(name), error, static_cast<float>(std::min(decibels, 200.0))};
  };

  std::vector<LayerLoss> losses;
  Values rounded = features;
  RoundToGrid(rounded, quantised.input, quantised.precision);
  THIMBLE_ASSIGN(LayerLoss of_input, loss_of(kModelInput, "the input", std::move(rounded)));
  losses.push_back(std::move(of_input));
  for (int i = 0; i <= judged.layer; ++i) {
    const QuantisedLayer& layer = quantised.layers[static_cast<size_t>(i)];
    if (KeepsGrid(layer.spec)) continue;
    const LayerWeights real = RealWeights(layer, quantised.GridOf(layer.spec.inputs.front()));
    THIMBLE_ASSIGN(Values values,
                   RunLayer(layer.spec, real, InputShapes(lowered, layer.spec), InputsFrom(exact, layer.spec)));
    // The grid of logits leaves out what the softmax does not need, so only their weights can lose.
    if (!(judged.logits && i == judged.layer)) RoundToGrid(values, layer.output, quantised.precision);
    THIMBLE_ASSIGN(LayerLoss loss, loss_of(i, LayerName(layer.spec, layer.source), std::move(values)));
    losses.push_back(std::move(loss));
  }
  std::stable_sort(losses.begin(), losses.end(),
                   [](const LayerLoss& a, const LayerLoss& b) { return a.output_error > b.output_error; });
  return losses;
}

std::string Text(std::span<const LayerLoss> losses) {
  constexpr size_t kNamed = 4;
  std::string text;
  for (size_t i = 0; i < std::min(kNamed, losses.size()); ++i) {
    std::array<char, 96> numbers{};
    std::snprintf(
        numbers.data(), numbers.size(),
        i == 0 ? " loses most: quantised alone it moves the outputs by %.2g %% (%.0f dB)" : ", %.2g %% (%.0f dB)",
        static_cast<double>(losses[i].output_error) * 100, static_cast<double>(losses[i].signal_to_noise_db));
    if (i > 0) text += i == 1 ? "; then " : "; ";
    text += losses[i].name + numbers.data();
  }
  return text;
}

}  // namespace thimble::trainer
