#include "trainer/model.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

#include "base/random.h"

namespace thimble::trainer {
namespace {

// Larger sizes are slips of the keyboard, and their products would not fit an int.
constexpr int kMostUnits = 1 << 16;
constexpr int64_t kMostValues = 1 << 26;

std::string Name(const ModelSpec& spec, int layer) {
  const LayerSpec& it = spec.layers[static_cast<size_t>(layer)];
  std::string text = "layer " + std::to_string(layer) + " (" + std::string(Text(it.kind));
  if (!it.name.empty()) text += " \"" + it.name + "\"";
  return text + ")";
}

bool TakesActivation(LayerKind kind) {
  return kind == LayerKind::kDense || kind == LayerKind::kConvolution || kind == LayerKind::kDepthwise ||
         kind == LayerKind::kBatchNorm || kind == LayerKind::kAdd || kind == LayerKind::kActivation;
}

// Why a window cannot move over a shape, or nothing.
std::string WindowTrouble(const Window& window, const Shape& input, bool pool) {
  for (const int size : {window.height, window.width, window.stride_height, window.stride_width, window.dilation_height,
                         window.dilation_width}) {
    if (size < 1 || size > kMostUnits) {
      return "a window, stride or dilation is " + std::to_string(size) + "; they must be 1 to 65536";
    }
  }
  if (pool && (window.dilation_height != 1 || window.dilation_width != 1)) return "a pool has no dilation; set it to 1";
  const int64_t high = int64_t{window.height - 1} * window.dilation_height + 1;
  const int64_t wide = int64_t{window.width - 1} * window.dilation_width + 1;
  if (window.padding == Padding::kValid && (high > input.height || wide > input.width)) {
    return "a window of " + std::to_string(high) + " × " + std::to_string(wide) + " does not fit into " +
           std::to_string(input.height) + " × " + std::to_string(input.width) +
           " positions; make it smaller, or pad (same)";
  }
  return {};
}

struct Sizes {
  size_t weights = 0, bias = 0, recurrent = 0, statistics = 0;
  size_t total() const { return weights + bias + recurrent + 2 * statistics; }
};

Sizes SizesOf(const LayerSpec& layer, const Shape& input) {
  const auto units = static_cast<size_t>(layer.units);
  const auto channels = static_cast<size_t>(input.channels);
  const auto taps = static_cast<size_t>(layer.window.height) * static_cast<size_t>(layer.window.width);
  switch (layer.kind) {
    case LayerKind::kDense:
      return {units * static_cast<size_t>(input.values()), units};
    case LayerKind::kConvolution:
      return {units * taps * channels, units};
    case LayerKind::kDepthwise:
      return {taps * channels, channels};
    case LayerKind::kBatchNorm:
      return {channels, channels, 0, channels};
    case LayerKind::kLstm:
      return {4 * units * channels, 4 * units, 4 * units * units};
    default:
      return {};
  }
}

Shape InputShape(const ModelSpec& spec, const std::vector<Shape>& shapes, int layer) {
  const int from = InputsOf(spec, layer).front();
  return from == kModelInput ? spec.input : shapes[static_cast<size_t>(from)];
}

int64_t Multiplications(const LayerSpec& layer, const Shape& input, const Shape& output) {
  const int64_t taps = int64_t{layer.window.height} * layer.window.width;
  switch (layer.kind) {
    case LayerKind::kDense:
      return int64_t{input.values()} * layer.units;
    case LayerKind::kConvolution:
      return int64_t{output.values()} * taps * input.channels;
    case LayerKind::kDepthwise:
      return int64_t{output.values()} * taps;
    case LayerKind::kBatchNorm:
    case LayerKind::kGlobalAverage:
      return output.values();
    case LayerKind::kAveragePool:
      return output.values();
    case LayerKind::kLstm:
      return int64_t{input.width} * layer.units * (4 * (int64_t{input.channels} + layer.units) + 3);
    default:
      return 0;
  }
}

}  // namespace

std::string Text(const Shape& shape) {
  std::string channels = std::to_string(shape.channels);
  if (shape.positions() == 1) return channels;
  const std::string width = std::to_string(shape.width) + " × " + channels;
  return shape.height == 1 ? width : std::to_string(shape.height) + " × " + width;
}

std::string_view Text(LayerKind kind) {
  static constexpr std::string_view kTexts[] = {
#define X(name, text) text,
      THIMBLE_LAYER_LIST(X)
#undef X
  };
  return kTexts[static_cast<size_t>(kind)];
}

std::string_view Text(Activation activation) {
  static constexpr std::string_view kTexts[] = {"none", "relu", "relu6", "leaky relu", "sigmoid", "tanh", "softmax"};
  return kTexts[static_cast<size_t>(activation)];
}

Extent ExtentOf(int inputs, int window, int stride, int dilation, Padding padding) {
  const int covered = (window - 1) * dilation + 1;
  if (padding == Padding::kValid) return {.outputs = (inputs - covered) / stride + 1};
  const int outputs = (inputs + stride - 1) / stride;
  return {.outputs = outputs, .before = std::max(0, (outputs - 1) * stride + covered - inputs) / 2};
}

std::vector<int> InputsOf(const ModelSpec& spec, int layer) {
  const auto& inputs = spec.layers[static_cast<size_t>(layer)].inputs;
  return inputs.empty() ? std::vector{layer - 1} : inputs;
}

Expected<std::vector<Shape>> InferShapes(const ModelSpec& spec) {
  const auto small = [](const Shape& shape) {
    return shape.height > 0 && shape.width > 0 && shape.channels > 0 &&
           int64_t{shape.height} * shape.width <= kMostValues &&
           int64_t{shape.height} * shape.width * shape.channels <= kMostValues;
  };
  if (!small(spec.input)) {
    return {Status::kInvalidArgument, "the model's input is " + Text(spec.input) +
                                          "; height, width and channels must be at least 1, and 67 million values "
                                          "together at most"};
  }
  if (spec.layers.empty()) return {Status::kInvalidArgument, "the model has no layers; add one"};
  std::vector<Shape> shapes;
  for (int i = 0; i < static_cast<int>(spec.layers.size()); ++i) {
    const LayerSpec& layer = spec.layers[static_cast<size_t>(i)];
    const auto wrong = [&](const std::string& why) {
      return Expected<std::vector<Shape>>(Status::kInvalidArgument, Name(spec, i) + ": " + why);
    };
    const std::vector<int> inputs = InputsOf(spec, i);
    for (const int from : inputs) {
      if (from < kModelInput || from >= i) {
        return wrong("input " + std::to_string(from) + " is not a layer before it; name one of 0 to " +
                     std::to_string(i - 1) + ", or -1 for the model's input");
      }
    }
    const bool joins = layer.kind == LayerKind::kAdd || layer.kind == LayerKind::kConcat;
    if (joins && inputs.size() < 2) return wrong("it joins at least two inputs; name them");
    if (!joins && inputs.size() != 1) return wrong("it takes one input; it names " + std::to_string(inputs.size()));
    const Shape input = InputShape(spec, shapes, i);
    Shape output = input;

    const bool has_units =
        layer.kind == LayerKind::kDense || layer.kind == LayerKind::kConvolution || layer.kind == LayerKind::kLstm;
    if (has_units && (layer.units < 1 || layer.units > kMostUnits)) {
      return wrong("units is " + std::to_string(layer.units) + "; it must be 1 to 65536");
    }
    if (layer.activation != Activation::kNone && !TakesActivation(layer.kind)) {
      return wrong("it takes no activation; add a layer of kind activation behind it");
    }
    if (layer.activation > Activation::kRelu6 && layer.kind != LayerKind::kActivation) {
      return wrong(std::string(Text(layer.activation)) +
                   " is a layer of its own; add one of kind activation behind it");
    }
    if (layer.activation == Activation::kLeakyRelu && !(layer.slope >= 0 && layer.slope < 1)) {
      return wrong("the slope is " + std::to_string(layer.slope) + "; it must be 0 to 1");
    }
    switch (layer.kind) {
      case LayerKind::kDense:
        output = {1, 1, layer.units};
        break;
      case LayerKind::kConvolution:
      case LayerKind::kDepthwise:
      case LayerKind::kMaxPool:
      case LayerKind::kAveragePool: {
        const Window& window = layer.window;
        const bool pool = layer.kind == LayerKind::kMaxPool || layer.kind == LayerKind::kAveragePool;
        if (auto trouble = WindowTrouble(window, input, pool); !trouble.empty()) return wrong(trouble);
        output.height =
            ExtentOf(input.height, window.height, window.stride_height, window.dilation_height, window.padding).outputs;
        output.width =
            ExtentOf(input.width, window.width, window.stride_width, window.dilation_width, window.padding).outputs;
        if (layer.kind == LayerKind::kConvolution) output.channels = layer.units;
        break;
      }
      case LayerKind::kBatchNorm:
        if (!(layer.epsilon > 0 && layer.epsilon < 1)) {
          return wrong("epsilon is " + std::to_string(layer.epsilon) + "; it must be above 0 and below 1");
        }
        if (!(layer.momentum >= 0 && layer.momentum < 1)) {
          return wrong("momentum is " + std::to_string(layer.momentum) + "; it must be 0 to 1, without 1");
        }
        break;
      case LayerKind::kGlobalAverage:
        output = {1, 1, input.channels};
        break;
      case LayerKind::kDropout:
        if (!(layer.rate >= 0 && layer.rate <= 0.9f)) {
          return wrong("the rate is " + std::to_string(layer.rate) + "; it must be 0 to 0.9");
        }
        break;
      case LayerKind::kActivation:
        break;
      case LayerKind::kAdd:
      case LayerKind::kConcat:
        output.channels = 0;
        for (const int from : inputs) {
          const Shape part = from == kModelInput ? spec.input : shapes[static_cast<size_t>(from)];
          const bool add = layer.kind == LayerKind::kAdd;
          if (part.height != input.height || part.width != input.width || (add && part.channels != input.channels)) {
            return wrong("its inputs are " + Text(input) + " and " + Text(part) +
                         (add ? "; to be added they must have the same shape"
                              : "; to be joined along the channels they must have the same positions"));
          }
          output.channels = add ? part.channels : output.channels + part.channels;
        }
        break;
      case LayerKind::kReshape:
        output = layer.shape;
        if (!small(output) || output.values() != input.values()) {
          return wrong("a shape of " + Text(output) + " does not hold the " + std::to_string(input.values()) +
                       " values of its input; choose one whose product is the same");
        }
        break;
      case LayerKind::kLstm:
        if (input.height != 1) {
          return wrong("its input is " + Text(input) +
                       "; it goes along the width, so the height must be 1: put a reshape before it");
        }
        output = {1, layer.sequences ? input.width : 1, layer.units};
        break;
    }
    if (!small(output)) return wrong("its output, " + Text(output) + ", is too large; use fewer units or a stride");
    if (SizesOf(layer, input).total() > static_cast<size_t>(kMostValues)) {
      return wrong("it would have more than 67 million weights; use fewer units");
    }
    shapes.push_back(output);
  }
  return shapes;
}

std::vector<LayerCost> Costs(const ModelSpec& spec, const std::vector<Shape>& shapes) {
  std::vector<LayerCost> costs;
  for (int i = 0; i < static_cast<int>(spec.layers.size()); ++i) {
    const LayerSpec& layer = spec.layers[static_cast<size_t>(i)];
    const Shape input = InputShape(spec, shapes, i);
    costs.push_back({static_cast<int64_t>(SizesOf(layer, input).total()),
                     Multiplications(layer, input, shapes[static_cast<size_t>(i)])});
  }
  return costs;
}

int64_t ParameterCount(const Model& model) {
  size_t count = 0;
  for (const LayerWeights& layer : model.weights) {
    for (const auto* values : {&layer.weights, &layer.bias, &layer.recurrent, &layer.mean, &layer.variance}) {
      count += values->size();
    }
  }
  return static_cast<int64_t>(count);
}

std::string Summary(const ModelSpec& spec) {
  const auto shapes = InferShapes(spec);
  if (!shapes.ok()) return shapes.error().message + "\n";
  const auto costs = Costs(spec, *shapes);
  std::ostringstream text;
  // Widths count characters as people see them; "×" is two bytes.
  const auto column = [&](const std::string& words, size_t width) {
    const auto seen = static_cast<size_t>(std::count_if(
        words.begin(), words.end(), [](char byte) { return (static_cast<uint8_t>(byte) & 0xC0) != 0x80; }));
    text << words << std::string(width > seen ? width - seen : 1, ' ');
  };
  LayerCost sum;
  column("input", 34);
  column(Text(spec.input), 18);
  text << std::setw(12) << "parameters" << std::setw(18) << "multiplications" << '\n';
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerSpec& layer = spec.layers[i];
    std::string words = std::to_string(i) + " " + std::string(Text(layer.kind));
    if (layer.activation != Activation::kNone) words += ", " + std::string(Text(layer.activation));
    if (!layer.name.empty()) words += " " + layer.name;
    column(words, 34);
    column(Text((*shapes)[i]), 18);
    text << std::setw(12) << costs[i].parameters << std::setw(18) << costs[i].multiplications << '\n';
    sum.parameters += costs[i].parameters;
    sum.multiplications += costs[i].multiplications;
  }
  column("", 52);
  text << std::setw(12) << sum.parameters << std::setw(18) << sum.multiplications << '\n';
  return text.str();
}

Expected<Model> Initialise(const ModelSpec& spec, uint64_t seed) {
  THIMBLE_ASSIGN(const auto shapes, InferShapes(spec));
  Model model{.spec = spec, .weights = std::vector<LayerWeights>(spec.layers.size()), .input_range = {}, .ranges = {}};
  Random random(seed);
  const auto fill = [&](std::vector<float>& values, float deviation) {
    for (float& value : values) value = deviation * random.Normal();
  };
  // A convolution is often followed by batch norm, and that by the ReLU.
  const auto ends_in_relu = [&](size_t layer) {
    const auto is_relu = [](const LayerSpec& it) {
      return it.activation == Activation::kRelu || it.activation == Activation::kRelu6 ||
             it.activation == Activation::kLeakyRelu;
    };
    for (size_t i = layer; i < spec.layers.size() && i <= layer + 2; ++i) {
      if (i > layer && spec.layers[i].kind != LayerKind::kBatchNorm && spec.layers[i].kind != LayerKind::kActivation) {
        return false;
      }
      if (is_relu(spec.layers[i])) return true;
    }
    return false;
  };
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerSpec& layer = spec.layers[i];
    const Shape input = InputShape(spec, shapes, static_cast<int>(i));
    const Sizes sizes = SizesOf(layer, input);
    LayerWeights& weights = model.weights[i];
    weights.weights.resize(sizes.weights);
    weights.bias.resize(sizes.bias);
    weights.recurrent.resize(sizes.recurrent);
    weights.mean.resize(sizes.statistics);
    weights.variance.assign(sizes.statistics, 1.0f);
    const int taps = layer.window.height * layer.window.width;
    if (layer.kind == LayerKind::kBatchNorm) {
      weights.weights.assign(sizes.weights, 1.0f);
    } else if (layer.kind == LayerKind::kLstm) {
      const auto units = static_cast<float>(layer.units);
      fill(weights.weights, std::sqrt(2.0f / (static_cast<float>(input.channels) + units)));
      fill(weights.recurrent, std::sqrt(1.0f / units));
      // An open forget gate lets the first steps' gradients through (Jozefowicz et al. 2015).
      std::fill_n(weights.bias.begin() + layer.units, layer.units, 1.0f);
    } else if (sizes.weights > 0) {
      int fan_in = taps, fan_out = taps;
      if (layer.kind == LayerKind::kDense) fan_in = input.values(), fan_out = layer.units;
      if (layer.kind == LayerKind::kConvolution) fan_in = taps * input.channels, fan_out = taps * layer.units;
      fill(weights.weights, ends_in_relu(i) ? std::sqrt(2.0f / static_cast<float>(fan_in))
                                            : std::sqrt(2.0f / static_cast<float>(fan_in + fan_out)));
    }
  }
  return model;
}

Outcome Check(const Model& model) {
  THIMBLE_ASSIGN(const auto shapes, InferShapes(model.spec));
  if (model.weights.size() != model.spec.layers.size()) {
    return {Status::kInvalidArgument, "the model has " + std::to_string(model.spec.layers.size()) +
                                          " layers, but weights for " + std::to_string(model.weights.size())};
  }
  for (size_t i = 0; i < model.weights.size(); ++i) {
    const int index = static_cast<int>(i);
    const Sizes sizes = SizesOf(model.spec.layers[i], InputShape(model.spec, shapes, index));
    const LayerWeights& weights = model.weights[i];
    const struct {
      const char* name;
      const std::vector<float>& values;
      size_t wanted;
    } parts[] = {{"weights", weights.weights, sizes.weights},
                 {"biases", weights.bias, sizes.bias},
                 {"recurrent weights", weights.recurrent, sizes.recurrent},
                 {"means", weights.mean, sizes.statistics},
                 {"variances", weights.variance, sizes.statistics}};
    for (const auto& part : parts) {
      if (part.values.size() != part.wanted) {
        return {Status::kInvalidArgument, Name(model.spec, index) + ": " + std::to_string(part.values.size()) + " " +
                                              part.name + " where its shape asks for " + std::to_string(part.wanted)};
      }
      if (!std::all_of(part.values.begin(), part.values.end(), [](float value) { return std::isfinite(value); })) {
        return {Status::kInvalidArgument,
                Name(model.spec, index) + ": one of its " + part.name + " is not a finite number; train it again"};
      }
    }
  }
  return Nothing{};
}

Expected<Model> FoldBatchNorm(const Model& model) {
  THIMBLE_EXPECT(Check(model));
  const auto count = static_cast<int>(model.spec.layers.size());
  std::vector<int> readers(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    for (const int from : InputsOf(model.spec, i)) {
      if (from != kModelInput) ++readers[static_cast<size_t>(from)];
    }
  }
  Model folded{
      .spec = {.input = model.spec.input, .layers = {}}, .weights = {}, .input_range = model.input_range, .ranges = {}};
  std::vector<int> now(static_cast<size_t>(count));  // where each layer's output is in the folded model
  for (int i = 0; i < count; ++i) {
    const LayerSpec& layer = model.spec.layers[static_cast<size_t>(i)];
    const LayerWeights& weights = model.weights[static_cast<size_t>(i)];
    const std::vector<int> inputs = InputsOf(model.spec, i);
    const int from = inputs.front();
    if (layer.kind == LayerKind::kBatchNorm && from != kModelInput && readers[static_cast<size_t>(from)] == 1) {
      const LayerSpec& before = model.spec.layers[static_cast<size_t>(from)];
      const bool linear = before.kind == LayerKind::kDense || before.kind == LayerKind::kConvolution ||
                          before.kind == LayerKind::kDepthwise;
      const auto at = static_cast<size_t>(now[static_cast<size_t>(from)]);
      // The last layer must stay the last.
      const bool keeps_order = i + 1 < count || at + 1 == folded.spec.layers.size();
      if (linear && keeps_order && before.activation == Activation::kNone) {
        LayerWeights& into = folded.weights[at];
        const size_t channels = weights.weights.size();
        const size_t each = into.weights.size() / channels;
        for (size_t c = 0; c < channels; ++c) {
          const double factor =
              static_cast<double>(weights.weights[c]) /
              std::sqrt(static_cast<double>(weights.variance[c]) + static_cast<double>(layer.epsilon));
          for (size_t k = 0; k < each; ++k) {
            float& weight = into.weights[before.kind == LayerKind::kDepthwise ? k * channels + c : c * each + k];
            weight = static_cast<float>(weight * factor);
          }
          into.bias[c] =
              static_cast<float>((static_cast<double>(into.bias[c]) - static_cast<double>(weights.mean[c])) * factor +
                                 static_cast<double>(weights.bias[c]));
        }
        folded.spec.layers[at].activation = layer.activation;
        if (!model.ranges.empty()) folded.ranges[at] = model.ranges[static_cast<size_t>(i)];
        now[static_cast<size_t>(i)] = static_cast<int>(at);
        continue;
      }
    }
    LayerSpec kept = layer;
    kept.inputs.clear();
    for (const int input : inputs) {
      kept.inputs.push_back(input == kModelInput ? kModelInput : now[static_cast<size_t>(input)]);
    }
    now[static_cast<size_t>(i)] = static_cast<int>(folded.spec.layers.size());
    folded.spec.layers.push_back(std::move(kept));
    folded.weights.push_back(weights);
    if (!model.ranges.empty()) folded.ranges.push_back(model.ranges[static_cast<size_t>(i)]);
  }
  return folded;
}

}  // namespace thimble::trainer
