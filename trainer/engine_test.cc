// The engine against the same layers in the plainest loops and double precision, and its gradients against finite
// differences of those.
#include "trainer/internal/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/random.h"
#include "trainer/internal/loss.h"

namespace thimble::trainer::engine {
namespace {

using Numbers = std::vector<double>;

struct Parts {
  Numbers weights, bias, recurrent, mean, variance;
};

Numbers Doubles(const std::vector<float>& from) { return {from.begin(), from.end()}; }

// A model as the equations say it, with batches as [rows, values].
class Plainly {
 public:
  explicit Plainly(const Model& model) : spec_(model.spec), shapes_(*InferShapes(model.spec)) {
    for (const LayerWeights& layer : model.weights) {
      parts.push_back({Doubles(layer.weights), Doubles(layer.bias), Doubles(layer.recurrent), Doubles(layer.mean),
                       Doubles(layer.variance)});
    }
  }

  Numbers Run(const Numbers& x, int rows, bool training) const {
    std::vector<Numbers> values;
    for (int i = 0; i < static_cast<int>(spec_.layers.size()); ++i) {
      std::vector<const Numbers*> inputs;
      std::vector<Shape> in_shapes;
      for (const int from : InputsOf(spec_, i)) {
        inputs.push_back(from == kModelInput ? &x : &values[static_cast<size_t>(from)]);
        in_shapes.push_back(from == kModelInput ? spec_.input : shapes_[static_cast<size_t>(from)]);
      }
      Numbers y = Layer(i, inputs, in_shapes, rows, training);
      const Activation activation = spec_.layers[static_cast<size_t>(i)].activation;
      Bend(activation, static_cast<double>(spec_.layers[static_cast<size_t>(i)].slope), shapes_[static_cast<size_t>(i)],
           y);
      values.push_back(std::move(y));
    }
    return values.back();
  }

  std::vector<Parts> parts;

 private:
  static void Bend(Activation activation, double slope, const Shape& shape, Numbers& y) {
    if (activation == Activation::kSoftmax) {
      const auto width = static_cast<size_t>(shape.channels);
      for (size_t first = 0; first < y.size(); first += width) {
        double sum = 0;
        for (size_t c = 0; c < width; ++c) sum += y[first + c] = std::exp(y[first + c]);
        for (size_t c = 0; c < width; ++c) y[first + c] /= sum;
      }
      return;
    }
    for (double& value : y) {
      switch (activation) {
        case Activation::kRelu:
          value = std::max(0.0, value);
          break;
        case Activation::kRelu6:
          value = std::clamp(value, 0.0, 6.0);
          break;
        case Activation::kLeakyRelu:
          value = value > 0 ? value : slope * value;
          break;
        case Activation::kSigmoid:
          value = 1 / (1 + std::exp(-value));
          break;
        case Activation::kTanh:
          value = std::tanh(value);
          break;
        default:
          break;
      }
    }
  }

  Numbers Layer(int index, const std::vector<const Numbers*>& inputs, const std::vector<Shape>& in_shapes, int rows,
                bool training) const {
    const LayerSpec& layer = spec_.layers[static_cast<size_t>(index)];
    const Parts& part = parts[static_cast<size_t>(index)];
    const Shape& in = in_shapes.front();
    const Shape& out = shapes_[static_cast<size_t>(index)];
    const Numbers& x = *inputs.front();
    Numbers y(static_cast<size_t>(rows * out.values()));
    const auto at = [](const Shape& shape, int row, int h, int w, int c) {
      return static_cast<size_t>(((row * shape.height + h) * shape.width + w) * shape.channels + c);
    };
    const auto over_outputs = [&](auto&& go) {
      for (int row = 0; row < rows; ++row) {
        for (int h = 0; h < out.height; ++h) {
          for (int w = 0; w < out.width; ++w) {
            for (int c = 0; c < out.channels; ++c) go(row, h, w, c, y[at(out, row, h, w, c)]);
          }
        }
      }
    };
    const auto over_window = [&](int h, int w, auto&& go) {
      const Window& window = layer.window;
      const Extent high =
          ExtentOf(in.height, window.height, window.stride_height, window.dilation_height, window.padding);
      const Extent wide = ExtentOf(in.width, window.width, window.stride_width, window.dilation_width, window.padding);
      for (int i = 0; i < window.height; ++i) {
        for (int j = 0; j < window.width; ++j) {
          const int from_h = h * window.stride_height - high.before + i * window.dilation_height;
          const int from_w = w * window.stride_width - wide.before + j * window.dilation_width;
          if (from_h < 0 || from_h >= in.height || from_w < 0 || from_w >= in.width) continue;
          go(from_h, from_w, i * window.width + j);
        }
      }
    };
    switch (layer.kind) {
      case LayerKind::kDense:
        over_outputs([&](int row, int, int, int c, double& to) {
          to = part.bias[static_cast<size_t>(c)];
          for (int k = 0; k < in.values(); ++k) {
            to +=
                x[static_cast<size_t>(row * in.values() + k)] * part.weights[static_cast<size_t>(c * in.values() + k)];
          }
        });
        break;
      case LayerKind::kConvolution:
        over_outputs([&](int row, int h, int w, int c, double& to) {
          const int taps = layer.window.height * layer.window.width;
          to = part.bias[static_cast<size_t>(c)];
          over_window(h, w, [&](int from_h, int from_w, int tap) {
            for (int k = 0; k < in.channels; ++k) {
              to += x[at(in, row, from_h, from_w, k)] *
                    part.weights[static_cast<size_t>((c * taps + tap) * in.channels + k)];
            }
          });
        });
        break;
      case LayerKind::kDepthwise:
        over_outputs([&](int row, int h, int w, int c, double& to) {
          to = part.bias[static_cast<size_t>(c)];
          over_window(h, w, [&](int from_h, int from_w, int tap) {
            to += x[at(in, row, from_h, from_w, c)] * part.weights[static_cast<size_t>(tap * in.channels + c)];
          });
        });
        break;
      case LayerKind::kBatchNorm:
        for (size_t c = 0; c < static_cast<size_t>(in.channels); ++c) {
          const auto step = static_cast<size_t>(in.channels);
          double mean = part.mean[c], variance = part.variance[c];
          if (training) {
            const size_t positions = x.size() / step;
            const auto count = static_cast<double>(positions);
            mean = variance = 0;
            for (size_t i = c; i < x.size(); i += step) mean += x[i] / count;
            for (size_t i = c; i < x.size(); i += step) variance += (x[i] - mean) * (x[i] - mean) / count;
          }
          const double deviation = std::sqrt(variance + static_cast<double>(layer.epsilon));
          for (size_t i = c; i < x.size(); i += step) {
            y[i] = part.weights[c] * (x[i] - mean) / deviation + part.bias[c];
          }
        }
        break;
      case LayerKind::kMaxPool:
        over_outputs([&](int row, int h, int w, int c, double& to) {
          to = -1e300;
          over_window(h, w, [&](int from_h, int from_w, int) { to = std::max(to, x[at(in, row, from_h, from_w, c)]); });
        });
        break;
      case LayerKind::kAveragePool:
        over_outputs([&](int row, int h, int w, int c, double& to) {
          int count = 0;
          over_window(h, w, [&](int from_h, int from_w, int) { to += x[at(in, row, from_h, from_w, c)], ++count; });
          to /= count;
        });
        break;
      case LayerKind::kGlobalAverage:
        over_outputs([&](int row, int, int, int c, double& to) {
          for (int p = 0; p < in.positions(); ++p) {
            to += x[static_cast<size_t>((row * in.positions() + p) * in.channels + c)] / in.positions();
          }
        });
        break;
      case LayerKind::kAdd:
        for (const Numbers* const from : inputs) {
          for (size_t i = 0; i < y.size(); ++i) y[i] += (*from)[i];
        }
        break;
      case LayerKind::kConcat:
        over_outputs([&](int row, int h, int w, int c, double& to) {
          size_t from = 0;
          while (c >= in_shapes[from].channels) c -= in_shapes[from++].channels;
          to = (*inputs[from])[at(in_shapes[from], row, h, w, c)];
        });
        break;
      case LayerKind::kDropout:
      case LayerKind::kActivation:
      case LayerKind::kReshape:
        y = x;
        break;
      case LayerKind::kLstm:
        for (int row = 0; row < rows; ++row) {
          Remember(layer, part, in, &x[static_cast<size_t>(row * in.values())],
                   &y[static_cast<size_t>(row * out.values())]);
        }
        break;
    }
    return y;
  }

  static void Remember(const LayerSpec& layer, const Parts& part, const Shape& in, const double* x, double* y) {
    const auto units = static_cast<size_t>(layer.units);
    const auto channels = static_cast<size_t>(in.channels);
    Numbers state(units), cell(units);
    for (int step = 0; step < in.width; ++step, x += channels) {
      Numbers gates = part.bias;
      for (size_t g = 0; g < 4 * units; ++g) {
        for (size_t c = 0; c < channels; ++c) gates[g] += part.weights[g * channels + c] * x[c];
        for (size_t u = 0; u < units; ++u) gates[g] += part.recurrent[g * units + u] * state[u];
      }
      const auto sigmoid = [](double value) { return 1 / (1 + std::exp(-value)); };
      for (size_t u = 0; u < units; ++u) {
        cell[u] = sigmoid(gates[units + u]) * cell[u] + sigmoid(gates[u]) * std::tanh(gates[2 * units + u]);
        state[u] = sigmoid(gates[3 * units + u]) * std::tanh(cell[u]);
      }
      if (layer.sequences) y = std::copy(state.begin(), state.end(), y);
    }
    if (!layer.sequences) std::copy(state.begin(), state.end(), y);
  }

  ModelSpec spec_;
  std::vector<Shape> shapes_;
};

// A model with weights and statistics that are nowhere 0 or 1.
Model RandomModel(const ModelSpec& spec, uint64_t seed) {
  auto model = Initialise(spec, seed);
  EXPECT_TRUE(model.ok()) << model.error().message;
  Random random(seed + 1);
  for (LayerWeights& layer : model->weights) {
    for (float& value : layer.bias) value += 0.3f * random.Normal();
    for (float& value : layer.mean) value = 0.5f * random.Normal();
    for (float& value : layer.variance) value = 0.5f + random.Uniform();
    if (!layer.mean.empty()) {
      for (float& value : layer.weights) value = 0.7f + random.Uniform();
    }
  }
  return *model;
}

Numbers Randoms(size_t count, Random& random) {
  Numbers values(count);
  for (double& value : values) value = static_cast<double>(random.Normal());
  return values;
}

double WeightedSum(const Numbers& values, const Numbers& weights) {
  return std::inner_product(values.begin(), values.end(), weights.begin(), 0.0);
}

// Values and gradients of one model, on one set of kernels.
void ExpectEquations(const ModelSpec& spec, int rows, uint64_t seed, bool training, const Kernels& kernels) {
  SCOPED_TRACE(std::string(kernels.name) + (training ? ", training\n" : ", inference\n") + Summary(spec));
  const Model model = RandomModel(spec, seed);
  Plainly plainly(model);
  Engine engine(model, {.batch_rows = rows + 1}, kernels);  // room for more rows than there are
  Random random(seed + 2);
  // A batch before this one must leave nothing behind.
  for (float& value : std::span(engine.input(), static_cast<size_t>((rows + 1) * spec.input.values()))) {
    value = 2 * random.Normal();
  }
  engine.Forward(rows + 1, false);
  std::fill_n(engine.output_gradient(), (rows + 1) * engine.output_values(), 7.0f);
  engine.Backward(rows + 1);
  const Numbers x = Randoms(static_cast<size_t>(rows * spec.input.values()), random);
  std::copy(x.begin(), x.end(), engine.input());

  const Numbers wanted = plainly.Run(x, rows, training);
  const float* const y = engine.Forward(rows, training);
  for (size_t i = 0; i < wanted.size(); ++i) {
    ASSERT_NEAR(static_cast<double>(y[i]), wanted[i], 1e-4 * (1 + std::abs(wanted[i]))) << "output " << i;
  }

  // The sum of outputs, each weighed: its gradient is the weights.
  const Numbers weights = Randoms(wanted.size(), random);
  std::copy(weights.begin(), weights.end(), engine.output_gradient());
  engine.Backward(rows);
  std::copy(engine.gradient().begin(), engine.gradient().end(), engine.parameters().begin());
  Model gradient = model;
  engine.Export(gradient);
  for (size_t layer = 0; layer < model.weights.size(); ++layer) {
    const auto expect = [&](const char* name, Numbers& values, const std::vector<float>& given) {
      for (size_t i = 0; i < values.size(); ++i) {
        constexpr double kStep = 1e-5;
        const double kept = values[i];
        values[i] = kept + kStep;
        const double above = WeightedSum(plainly.Run(x, rows, training), weights);
        values[i] = kept - kStep;
        const double below = WeightedSum(plainly.Run(x, rows, training), weights);
        values[i] = kept;
        const double slope = (above - below) / (2 * kStep);
        ASSERT_NEAR(static_cast<double>(given[i]), slope, 3e-4 * (1 + std::abs(slope)))
            << "layer " << layer << ", " << name << " " << i;
      }
    };
    expect("weight", plainly.parts[layer].weights, gradient.weights[layer].weights);
    expect("bias", plainly.parts[layer].bias, gradient.weights[layer].bias);
    expect("recurrent weight", plainly.parts[layer].recurrent, gradient.weights[layer].recurrent);
  }
}

void ExpectEquations(const ModelSpec& spec, uint64_t seed, int rows = 3) {
  for (const Kernels* const kernels : {&PlainKernels(), &BestKernels()}) {
    for (const bool training : {false, true}) ExpectEquations(spec, rows, seed, training, *kernels);
  }
}

LayerSpec Dense(int units, Activation activation = Activation::kNone) {
  return {.kind = LayerKind::kDense, .units = units, .activation = activation};
}
LayerSpec Convolution(int units, Window window, Activation activation = Activation::kNone) {
  return {.kind = LayerKind::kConvolution, .units = units, .window = window, .activation = activation};
}
LayerSpec Depthwise(Window window, Activation activation = Activation::kNone) {
  return {.kind = LayerKind::kDepthwise, .window = window, .activation = activation};
}
LayerSpec Bend(Activation activation) { return {.kind = LayerKind::kActivation, .activation = activation}; }
LayerSpec Of(LayerKind kind) { return {.kind = kind}; }

TEST(EngineGradient, OfDenseLayersOfAnyWidth) {
  // Around the widths of vectors and of tiles.
  for (const int units : {1, 3, 4, 7, 8, 9, 15, 16, 17, 20, 33}) {
    ExpectEquations({{1, 1, units}, {Dense(units + 2, Activation::kRelu), Dense(3)}}, static_cast<uint64_t>(units), 7);
  }
}

TEST(EngineGradient, OfEveryActivation) {
  for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kRelu6, Activation::kLeakyRelu,
                                      Activation::kSigmoid, Activation::kTanh, Activation::kSoftmax}) {
    ExpectEquations({{1, 1, 5}, {Dense(11), Bend(activation), Dense(3)}}, 3);
  }
}

TEST(EngineGradient, OfConvolutionsOfRandomShapes) {
  Random random(5);
  const auto up_to = [&](int most) { return 1 + static_cast<int>(random.Below(static_cast<uint32_t>(most))); };
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const bool signal = random.OneIn(3);
    const Shape input{signal ? 1 : up_to(7), up_to(9), up_to(5)};
    const auto window = [&] {
      Window drawn{signal ? 1 : up_to(3), up_to(4), signal ? 1 : up_to(2), up_to(3), 1, 1, Padding::kSame};
      if (random.OneIn(2)) drawn.dilation_width = up_to(2);
      if (random.OneIn(4)) drawn.dilation_height = up_to(2);
      return drawn;
    };
    ModelSpec spec{input, {Convolution(up_to(9), window(), Activation::kRelu), Convolution(up_to(18), window())}};
    if (InferShapes(spec).ok() && random.OneIn(2)) {
      spec.layers[1].window.padding = Padding::kValid;
      if (!InferShapes(spec).ok()) spec.layers[1].window.padding = Padding::kSame;
    }
    spec.layers.push_back(Depthwise(window()));
    spec.layers.push_back(Convolution(2, Window{}));
    ExpectEquations(spec, seed);
  }
}

TEST(EngineGradient, OfDepthwiseConvolutions) {
  for (const int channels : {1, 4, 9, 19}) {
    for (const int stride : {1, 2}) {
      for (const Padding padding : {Padding::kSame, Padding::kValid}) {
        const Window window{3, 3, stride, stride, 1, 1, padding};
        ExpectEquations({{5, 6, 2}, {Convolution(channels, Window{}), Depthwise(window, Activation::kRelu), Dense(2)}},
                        7);
      }
    }
  }
  ExpectEquations({{7, 5, 3}, {Convolution(5, Window{}), Depthwise({.height = 5, .width = 3}), Dense(2)}}, 8);
}

TEST(EngineGradient, OfBatchNorm) {
  LayerSpec norm = Of(LayerKind::kBatchNorm);
  norm.activation = Activation::kRelu;
  ExpectEquations({{4, 3, 2}, {Convolution(9, {.height = 3, .width = 3}), norm, Dense(3)}}, 1, 5);
  norm.activation = Activation::kNone;
  ExpectEquations({{1, 1, 6}, {norm, Dense(40), norm, Bend(Activation::kTanh), Dense(2)}}, 2, 6);
}

TEST(BatchNorm, MovesItsRunningStatisticsTowardsTheBatch) {
  LayerSpec norm = Of(LayerKind::kBatchNorm);
  norm.momentum = 0.75f;
  Model model = *Initialise({{1, 1, 1}, {norm}}, 1);
  model.weights[0].mean = {4};
  model.weights[0].variance = {8};
  Engine engine(model, {.batch_rows = 3});
  for (size_t i = 0; i < 3; ++i) engine.input()[i] = static_cast<float>(2 * i);  // mean 2, unbiased variance 4
  engine.Forward(3, false);
  engine.Forward(3, true);
  engine.Export(model);
  EXPECT_FLOAT_EQ(model.weights[0].mean[0], 0.75f * 4 + 0.25f * 2);
  EXPECT_FLOAT_EQ(model.weights[0].variance[0], 0.75f * 8 + 0.25f * 4);
}

TEST(EngineGradient, OfPools) {
  for (const LayerKind kind : {LayerKind::kMaxPool, LayerKind::kAveragePool}) {
    for (const Padding padding : {Padding::kSame, Padding::kValid}) {
      LayerSpec pool = Of(kind);
      pool.window = {.height = 2, .width = 3, .stride_height = 2, .stride_width = 2, .padding = padding};
      ExpectEquations({{5, 7, 2}, {Convolution(9, Window{}), pool, Dense(3)}}, 4);
    }
  }
  ExpectEquations({{3, 4, 2}, {Convolution(5, Window{}), Of(LayerKind::kGlobalAverage), Dense(3)}}, 5);
}

TEST(EngineGradient, OfBranchesThatMeetAgain) {
  LayerSpec add{.kind = LayerKind::kAdd, .inputs = {0, 2, 0}, .activation = Activation::kRelu};
  LayerSpec concat{.kind = LayerKind::kConcat, .inputs = {3, 1, kModelInput, 0}};
  LayerSpec flatten{.kind = LayerKind::kReshape, .shape = {1, 1, 6 * (5 + 5 + 2 + 5)}};
  const Window three{.width = 3};
  ExpectEquations({{1, 6, 2},
                   {Convolution(5, three, Activation::kRelu), Convolution(5, three), Bend(Activation::kTanh), add,
                    concat, flatten, Dense(3)}},
                  6);
}

TEST(EngineGradient, OfViewsThatOthersReadToo) {
  LayerSpec flat{.kind = LayerKind::kReshape, .shape = {1, 1, 12}};
  LayerSpec again{.kind = LayerKind::kReshape, .inputs = {0}, .shape = {1, 4, 3}};
  LayerSpec pool{.kind = LayerKind::kGlobalAverage, .inputs = {2}};
  LayerSpec dense = Dense(3);
  dense.inputs = {1};
  LayerSpec sum{.kind = LayerKind::kAdd, .inputs = {3, 4}};
  ExpectEquations({{2, 2, 3}, {Convolution(3, Window{}), flat, again, pool, dense, sum}}, 9);
}

TEST(EngineGradient, OfLstm) {
  LayerSpec lstm = Of(LayerKind::kLstm);
  lstm.units = 5;
  ExpectEquations({{1, 6, 3}, {Convolution(4, {.width = 3}), lstm, Dense(2)}}, 7);
  lstm.sequences = true;
  ExpectEquations({{1, 4, 3}, {Dense(8), {.kind = LayerKind::kReshape, .shape = {1, 4, 2}}, lstm, Dense(2)}}, 8);
}

TEST(EngineGradient, StopsAtFrozenLayers) {
  const ModelSpec spec{{1, 1, 4}, {Dense(6, Activation::kRelu), Of(LayerKind::kBatchNorm), Dense(3)}};
  const Model model = RandomModel(spec, 3);
  Engine engine(model, {.batch_rows = 2, .frozen_layers = 2});
  std::fill_n(engine.input(), 8, 0.5f);
  engine.input()[1] = -1;
  engine.Forward(2, true);
  std::fill_n(engine.output_gradient(), 6, 1.0f);
  engine.Backward(2);
  const auto gradient = engine.gradient();
  const auto frozen = static_cast<std::ptrdiff_t>(6 * 5 + 12);
  EXPECT_TRUE(std::all_of(gradient.begin(), gradient.begin() + frozen, [](float value) { return value == 0; }));
  EXPECT_NE(gradient.back(), 0.0f);
  Model after = model;
  engine.Export(after);
  EXPECT_EQ(after.weights[1].mean, model.weights[1].mean);
}

TEST(EngineDropout, SilencesItsShareInTrainingOnlyAndKeepsTheMean) {
  LayerSpec dropout = Of(LayerKind::kDropout);
  dropout.rate = 0.25f;
  const auto model = Initialise({{1, 1, 4000}, {dropout}}, 1);
  Engine engine(*model, {.batch_rows = 1});
  std::fill_n(engine.input(), 4000, 3.0f);
  const float* y = engine.Forward(1, false);
  EXPECT_TRUE(std::all_of(y, y + 4000, [](float value) { return value == 3.0f; }));
  y = engine.Forward(1, true);
  const auto silenced = std::count(y, y + 4000, 0.0f);
  EXPECT_NEAR(static_cast<double>(silenced), 1000, 100);
  EXPECT_EQ(std::count(y, y + 4000, 4.0f), 4000 - silenced);
}

TEST(EngineDropout, PassesTheGradientOfWhatItKept) {
  LayerSpec dropout = Of(LayerKind::kDropout);
  dropout.rate = 0.5f;
  Model model = *Initialise({{1, 1, 1}, {Dense(100), dropout}}, 1);
  model.weights[0].bias.assign(100, 1.0f);
  Engine engine(model, {.batch_rows = 1});
  engine.input()[0] = 0;
  const float* const y = engine.Forward(1, true);
  std::fill_n(engine.output_gradient(), 100, 1.0f);
  engine.Backward(1);
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(std::as_const(engine).gradient()[100 + i], y[i]);
}

TEST(EngineGradient, OfEqualValuesInAMaxPoolGoesToOneOfThem) {
  LayerSpec pool = Of(LayerKind::kMaxPool);
  pool.window = {.width = 4, .stride_width = 4};
  Engine engine(*Initialise({{1, 8, 1}, {Convolution(9, Window{}), pool}}, 1), {.batch_rows = 1});
  std::fill_n(engine.input(), 8, 1.0f);
  engine.Forward(1, true);
  std::fill_n(engine.output_gradient(), 18, 1.0f);
  engine.Backward(1);
  for (const float value : std::as_const(engine).gradient()) EXPECT_EQ(value, 2.0f);  // two windows
}

// Three steps of an optimiser over a few numbers, beside the same in double precision.
template <typename Run, typename Wanted>
void ExpectSteps(Run run, Wanted wanted) {
  constexpr size_t kCount = 13;
  for (const Kernels* const kernels : {&PlainKernels(), &BestKernels()}) {
    Random random(8);
    Floats parameters(kCount), gradient(kCount), decays(kCount), first(kCount), second(kCount);
    for (float& value : parameters.span()) value = random.Normal();
    for (size_t i = 0; i < kCount; i += 2) decays[i] = 1;
    Numbers exact(parameters.span().begin(), parameters.span().end()), exact_first(kCount), exact_second(kCount);
    for (int step = 1; step <= 3; ++step) {
      for (float& value : gradient.span()) value = random.Normal();
      run(*kernels, step, gradient, decays, first, second, parameters);
      for (size_t i = 0; i < kCount; ++i) {
        wanted(step, static_cast<double>(gradient[i]), static_cast<double>(decays[i]), exact_first[i], exact_second[i],
               exact[i]);
        EXPECT_NEAR(static_cast<double>(parameters[i]), exact[i], 1e-5) << kernels->name << ", number " << i;
      }
    }
  }
}

TEST(Optimiser, AdamFollowsItsEquations) {
  ExpectSteps(
      [](const Kernels& kernels, int step, const Floats& gradient, const Floats& decays, Floats& mean, Floats& square,
         Floats& parameters) {
        kernels.adam({.learning_rate = static_cast<float>(0.1 / (1 - std::pow(0.9, step))),
                      .mean_beta = 0.9f,
                      .square_beta = 0.999f,
                      .square_correction = static_cast<float>(1 / (1 - std::pow(0.999, step))),
                      .epsilon = 1e-8f,
                      .decay = 0.01f},
                     gradient.data(), decays.data(), mean.data(), square.data(), parameters.data(), gradient.size());
      },
      [](int step, double gradient, double decays, double& mean, double& square, double& parameter) {
        mean = 0.9 * mean + 0.1 * gradient;
        square = 0.999 * square + 0.001 * gradient * gradient;
        const double size = std::sqrt(square / (1 - std::pow(0.999, step))) + 1e-8;
        parameter -= 0.01 * decays * parameter;
        parameter -= 0.1 * (mean / (1 - std::pow(0.9, step))) / size;
      });
}

TEST(Optimiser, DescentFollowsItsEquations) {
  for (const bool nesterov : {false, true}) {
    ExpectSteps(
        [&](const Kernels& kernels, int, const Floats& gradient, const Floats& decays, Floats& velocity, Floats&,
            Floats& parameters) {
          kernels.descend(0.1f, 0.8f, nesterov, 0.05f, gradient.data(), decays.data(), velocity.data(),
                          parameters.data(), gradient.size());
        },
        [&](int, double gradient, double decays, double& velocity, double&, double& parameter) {
          gradient += 0.05 * decays * parameter;
          velocity = 0.8 * velocity + gradient;
          parameter -= 0.1 * (nesterov ? gradient + 0.8 * velocity : velocity);
        });
  }
}

// A loss and its gradient against finite differences in double precision.
void ExpectLossGradient(size_t count, const std::function<double(const float* y, float* gradient)>& loss,
                        const std::function<double(const Numbers& y)>& wanted) {
  Random random(11);
  Numbers y = Randoms(count, random);
  for (double& value : y) value *= 3;
  Floats given(count), gradient(count);
  std::copy(y.begin(), y.end(), given.data());
  const double value = loss(given.data(), gradient.data());
  EXPECT_NEAR(value, wanted(y), 1e-5 * (1 + std::abs(value)));
  for (size_t i = 0; i < count; ++i) {
    const double kept = y[i];
    y[i] = kept + 1e-5;
    const double above = wanted(y);
    y[i] = kept - 1e-5;
    const double below = wanted(y);
    y[i] = kept;
    EXPECT_NEAR(static_cast<double>(gradient[i]), (above - below) / 2e-5, 1e-5) << "value " << i;
  }
}

TEST(Loss, CrossEntropyFollowsItsEquation) {
  const std::vector<int> labels{0, 2, 1, 4, 3};
  const std::vector<float> class_weights{0.5f, 2, 1, 1, 3};
  for (const float smoothing : {0.0f, 0.2f}) {
    ExpectLossGradient(
        25,
        [&](const float* y, float* gradient) {
          return CrossEntropy(BestKernels(), y, labels, class_weights, smoothing, gradient);
        },
        [&](const Numbers& y) {
          double loss = 0;
          for (size_t row = 0; row < 5; ++row) {
            double sum = 0;
            for (size_t c = 0; c < 5; ++c) sum += std::exp(y[row * 5 + c]);
            for (size_t c = 0; c < 5; ++c) {
              const bool is_label = labels[row] == static_cast<int>(c);
              const double target =
                  (is_label ? 1 - static_cast<double>(smoothing) : 0) + static_cast<double>(smoothing) / 5;
              const auto weight = static_cast<double>(class_weights[static_cast<size_t>(labels[row])]);
              loss -= weight * target * std::log(std::exp(y[row * 5 + c]) / sum) / 5;
            }
          }
          return loss;
        });
  }
}

TEST(Loss, SquaredAndHuberErrorsFollowTheirEquations) {
  const std::vector<float> targets{1, -2, 0.5f, 4, 0, -1, 3};
  ExpectLossGradient(
      7,
      [&](const float* y, float* gradient) {
        return SquaredError({y, 7}, targets.data(), gradient);
      },
      [&](const Numbers& y) {
        double loss = 0;
        for (size_t i = 0; i < 7; ++i) loss += std::pow(y[i] - static_cast<double>(targets[i]), 2) / 7;
        return loss;
      });
  ExpectLossGradient(
      7,
      [&](const float* y, float* gradient) {
        return HuberError({y, 7}, targets.data(), 0.75f, gradient);
      },
      [&](const Numbers& y) {
        double loss = 0;
        for (size_t i = 0; i < 7; ++i) {
          const double error = std::abs(y[i] - static_cast<double>(targets[i]));
          loss += (error < 0.75 ? error * error / 2 : 0.75 * (error - 0.375)) / 7;
        }
        return loss;
      });
}

// --- Quantisation-aware training ------------------------------------------------------------------------------------

TEST(QuantisationAware, RoundsWeightsToAGridForEachChannel) {
  Random random(3);
  const int depth = 13, channels = 11;
  Floats weights(static_cast<size_t>(depth * channels)), rounded(weights.size()), steps(channels), factor(channels);
  for (float& value : weights.span()) value = random.Normal();
  for (float& value : factor.span()) value = 0.5f + random.Uniform();
  for (const Kernels* const kernels : {&PlainKernels(), &BestKernels()}) {
    kernels->quantise_weights(weights.data(), factor.data(), depth, channels, rounded.data(), steps.data());
    for (size_t c = 0; c < channels; ++c) {
      float largest = 0;
      for (size_t k = c; k < weights.size(); k += channels)
        largest = std::max(largest, std::abs(weights[k] * factor[c]));
      EXPECT_FLOAT_EQ(steps[c], largest / 127);
      for (size_t k = c; k < weights.size(); k += channels) {
        EXPECT_NEAR(rounded[k], std::nearbyint(weights[k] * factor[c] / steps[c]) * steps[c], 1e-6f);
      }
    }
  }
}

TEST(QuantisationAware, PutsActivationsOnAGridOf256StepsThatHoldsZero) {
  for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kRelu6}) {
    const ModelSpec spec{{1, 1, 40}, {Bend(activation)}};
    Engine engine(*Initialise(spec, 1), {.batch_rows = 50});
    engine.Quantise(true);
    Random random(4);
    const float* y = nullptr;
    std::vector<float> x(2000);
    for (float& value : x) value = 3 * random.Normal() + 1;
    for (const bool training : {true, false}) {  // the first one only looks
      std::copy(x.begin(), x.end(), engine.input());
      y = engine.Forward(50, training);
    }
    Model model = *Initialise(spec, 1);
    engine.Export(model);
    const Range range = model.ranges.front();
    ASSERT_TRUE(range.known());
    const float step = (range.high - range.low) / 255;
    std::vector<long> codes;
    for (size_t i = 0; i < 2000; ++i) {
      const float code = y[i] / step;
      EXPECT_NEAR(code, std::round(code), 1e-3f);
      codes.push_back(std::lround(code));
    }
    const auto [least, most] = std::minmax_element(codes.begin(), codes.end());
    EXPECT_LE(*most - *least, 255);
    EXPECT_LE(*least, 0);
    EXPECT_GE(*most, 250 + *least);
    if (activation != Activation::kNone) {
      EXPECT_EQ(*least, 0);
    }
  }
}

TEST(QuantisationAware, StaysCloseToTheFloatModelWithBatchNormFolded) {
  LayerSpec norm = Of(LayerKind::kBatchNorm);
  norm.activation = Activation::kRelu;
  norm.momentum = 0;    // the running statistics are the last batch's
  norm.epsilon = 0.3f;  // large enough to be missed
  const Window window{.height = 3, .width = 3};
  const ModelSpec spec{{8, 8, 3}, {Convolution(12, window), norm, Depthwise(window), norm, Dense(4)}};
  Model model = RandomModel(spec, 5);
  model.weights[1].weights[3] *= -1;  // a factor may be negative
  Random random(6);
  std::vector<float> x(16 * 192);
  for (float& value : x) value = random.Normal();
  for (const bool training : {true, false}) {
    Engine rounded(model, {.batch_rows = 16});
    Engine plain(model, {.batch_rows = 16});
    rounded.Quantise(true);
    const float* y = nullptr;
    const float* wanted = nullptr;
    for (int step = 0; step < 3; ++step) {
      // The last pass may be inference: then both use the running statistics that the training passes left.
      std::copy(x.begin(), x.end(), rounded.input());
      std::copy(x.begin(), x.end(), plain.input());
      y = rounded.Forward(16, training || step < 2);
      wanted = plain.Forward(16, training || step < 2);
    }
    double difference = 0, size = 0;
    for (size_t i = 0; i < 64; ++i) {
      difference += std::pow(static_cast<double>(y[i] - wanted[i]), 2);
      size += std::pow(static_cast<double>(wanted[i]), 2);
    }
    EXPECT_GT(difference, 0);
    EXPECT_LT(std::sqrt(difference / size), 0.03) << (training ? "training" : "inference");

    // Straight through: the gradient is nearly that of the float model.
    if (!training) continue;
    for (Engine* const engine : {&rounded, &plain}) {
      for (size_t i = 0; i < 64; ++i) engine->output_gradient()[i] = static_cast<float>(i % 7) - 3;
      engine->Backward(16);
    }
    double product = 0, squares = 0, others = 0;
    for (size_t i = 0; i < plain.gradient().size(); ++i) {
      const auto a = static_cast<double>(plain.gradient()[i]);
      const auto b = static_cast<double>(std::as_const(rounded).gradient()[i]);
      product += a * b;
      squares += a * a;
      others += b * b;
    }
    EXPECT_GT(product / std::sqrt(squares * others), 0.99);
    EXPECT_NEAR(std::sqrt(others / squares), 1, 0.05);
  }
}

}  // namespace
}  // namespace thimble::trainer::engine
