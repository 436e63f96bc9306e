// Every layer and random models of them: float, int8 and int16×8 files run by the runtime against the float engine.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <string>

#include "base/fixed_point.h"
#include "base/random.h"
#include "kernels/all_operators.h"
#include "runtime/describe.h"
#include "runtime/network.h"
#include "trainer/model_quantise.h"
#include "trainer/model_tflite.h"

namespace thimble::trainer {
namespace {

using kernels::Type;

// Memory that starts at a multiple of 16.
class Memory {
 public:
  explicit Memory(size_t size) : words_((size + 15) / 16) {}
  explicit Memory(std::span<const std::byte> bytes) : Memory(bytes.size()) {
    std::memcpy(words_.data(), bytes.data(), bytes.size());
  }
  std::span<std::byte> span() { return std::as_writable_bytes(std::span(words_)); }

 private:
  struct alignas(16) Word {
    std::byte bytes[16];
  };
  std::vector<Word> words_;
};

// What the runtime makes of a file, as real numbers; empty (and a failure) if it refuses the file.
std::vector<float> RunFile(const std::vector<std::byte>& file, std::span<const float> inputs) {
  Memory model(file), arena(1 << 20);
  runtime::Network network;
  runtime::Fault fault;
  const Status status = network.Load(model.span().first(file.size()), kernels::AllOperators(), arena.span(), &fault);
  if (!ok(status)) {
    ADD_FAILURE() << runtime::Describe(model.span().first(file.size()), kernels::AllOperators(), fault);
    return {};
  }
  const kernels::Tensor input = network.input(0), output = network.output(0);
  const auto width = static_cast<size_t>(input.shape.Count());
  std::vector<float> outputs;
  for (size_t at = 0; at < inputs.size(); at += width) {
    network.Reset();
    for (size_t i = 0; i < width; ++i) {
      const float value = inputs[at + i];
      if (input.type == Type::kFloat32) {
        input.As<float>()[i] = value;
      } else {
        input.As<int8_t>()[i] =
            static_cast<int8_t>(thimble::Quantise(value, input.Scale(), input.zero_point, -128, 127));
      }
    }
    EXPECT_EQ(network.Invoke(), Status::kOk);
    for (int i = 0; i < output.shape.Count(); ++i) {
      outputs.push_back(output.type == Type::kFloat32
                            ? output.As<float>()[i]
                            : static_cast<float>(output.As<int8_t>()[i] - output.zero_point) * output.Scale());
    }
  }
  return outputs;
}

std::vector<float> Noise(size_t count, uint64_t seed, float deviation = 1) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = deviation * random.Normal();
  return values;
}

// Fresh weights, with biases and running statistics that are not what they start as.
Model Made(const ModelSpec& spec, uint64_t seed = 1) {
  auto made = Initialise(spec, seed);
  if (!made.ok()) {
    ADD_FAILURE() << made.error().message;
    return {};
  }
  Random random(seed + 99);
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    LayerWeights& weights = made->weights[i];
    for (float& bias : weights.bias) bias += 0.2f * random.Normal();
    for (float& mean : weights.mean) mean = 0.3f * random.Normal();
    for (float& variance : weights.variance) variance = 0.5f + random.Uniform();
  }
  return *made;
}

float RootMeanSquare(std::span<const float> values) {
  double square = 0;
  for (const float value : values) square += static_cast<double>(value) * static_cast<double>(value);
  return static_cast<float>(std::sqrt(square / static_cast<double>(values.size())));
}

// The root mean square of the difference, over that of `exact` around its mean.
float Error(const std::vector<float>& exact, const std::vector<float>& other) {
  if (exact.size() != other.size()) {
    ADD_FAILURE() << exact.size() << " outputs against " << other.size();
    return 1;
  }
  double mean = 0;
  for (const float value : exact) mean += static_cast<double>(value) / static_cast<double>(exact.size());
  std::vector<float> difference(exact.size()), deviation(exact.size());
  for (size_t i = 0; i < exact.size(); ++i) {
    difference[i] = other[i] - exact[i];
    deviation[i] = exact[i] - static_cast<float>(mean);
  }
  return RootMeanSquare(difference) / RootMeanSquare(deviation);
}

struct Errors {
  float real = 1, int8 = 1, int16 = 1, simulated = 1;
};

Errors ErrorsOf(const Model& model, RangeMethod ranges = RangeMethod::kAuto) {
  const auto width = static_cast<size_t>(model.spec.input.values());
  const auto calibration = Noise(512 * width, 7), inputs = Noise(16 * width, 8);
  const auto exact = Run(model, inputs);
  const auto file = WriteTflite(model);
  const auto int8 = Quantise(model, calibration, {.ranges = ranges});
  const auto int16 = Quantise(model, calibration, {.precision = Precision::kInt16x8, .ranges = ranges});
  for (const std::string& trouble : {exact.ok() ? "" : exact.error().message, file.ok() ? "" : file.error().message,
                                     int8.ok() ? "" : int8.error().message, int16.ok() ? "" : int16.error().message}) {
    EXPECT_EQ(trouble, "");
    if (!trouble.empty()) return {};
  }
  Errors errors;
  errors.real = Error(*exact, RunFile(*file, inputs));
  const auto stored = RunFile(WriteTflite(*int8), inputs);
  errors.int8 = Error(*exact, stored);
  errors.int16 = Error(*exact, RunFile(WriteTflite(*int16), inputs));
  errors.simulated = Error(stored, *Run(*int8, inputs));
  return errors;
}

struct Case {
  const char* name;
  Shape input;
  std::vector<LayerSpec> layers;
};

LayerSpec Dense(int units, Activation activation = Activation::kNone) {
  LayerSpec layer{.kind = LayerKind::kDense, .name = {}, .inputs = {}};
  layer.units = units, layer.activation = activation;
  return layer;
}
LayerSpec Windowed(LayerKind kind, Window window, int units = 0, Activation activation = Activation::kNone) {
  LayerSpec layer{.kind = kind, .name = {}, .inputs = {}};
  layer.units = units, layer.window = window, layer.activation = activation;
  return layer;
}
LayerSpec Act(Activation activation) {
  LayerSpec layer{.kind = LayerKind::kActivation, .name = {}, .inputs = {}};
  layer.activation = activation;
  return layer;
}
LayerSpec Plain(LayerKind kind, std::vector<int> inputs = {}) {
  return {.kind = kind, .name = {}, .inputs = std::move(inputs)};
}
LayerSpec Shaped(Shape shape) {
  LayerSpec layer = Plain(LayerKind::kReshape);
  layer.shape = shape;
  return layer;
}
LayerSpec Lstm(int units, bool sequences) {
  LayerSpec layer = Plain(LayerKind::kLstm);
  layer.units = units, layer.sequences = sequences;
  return layer;
}
LayerSpec Reading(LayerSpec layer, std::vector<int> inputs) {
  layer.inputs = std::move(inputs);
  return layer;
}

const Window kThree{.height = 3, .width = 3};
const Window kWide{.height = 1, .width = 5, .stride_width = 2, .padding = Padding::kValid};
const Window kDilated{.height = 1, .width = 3, .dilation_width = 2};
const Window kPool{.height = 2, .width = 2, .stride_height = 2, .stride_width = 2};

std::vector<Case> Cases() {
  const auto conv = [](int units, Activation activation = Activation::kNone) {
    return Windowed(LayerKind::kConvolution, kThree, units, activation);
  };
  const Shape image{6, 7, 3}, row{1, 1, 12}, signal{1, 20, 3};
  return {
      {"dense", row, {Dense(5)}},
      {"dense_relu_softmax", row, {Dense(16, Activation::kRelu), Dense(4), Act(Activation::kSoftmax)}},
      {"dense_relu6", row, {Dense(9, Activation::kRelu6), Dense(3)}},
      {"dense_of_an_image", image, {Dense(5)}},
      {"conv", image, {conv(4)}},
      {"conv_stride_valid", signal, {Windowed(LayerKind::kConvolution, kWide, 6, Activation::kRelu)}},
      {"conv_dilated", signal, {Windowed(LayerKind::kConvolution, kDilated, 6)}},
      {"depthwise", image, {Windowed(LayerKind::kDepthwise, kThree, 0, Activation::kRelu6)}},
      {"depthwise_dilated_and_plain",
       signal,
       {Windowed(LayerKind::kDepthwise, kDilated), Windowed(LayerKind::kDepthwise, kThree)}},
      {"max_pool", image, {conv(4), Windowed(LayerKind::kMaxPool, kPool)}},
      {"average_pool", image, {conv(4), Windowed(LayerKind::kAveragePool, kPool)}},
      {"average_pool_of_the_input", image, {Windowed(LayerKind::kAveragePool, kThree), conv(2)}},
      {"global_average", image, {conv(8, Activation::kRelu), Plain(LayerKind::kGlobalAverage), Dense(3)}},
      {"batch_norm_folded", image, {conv(4), Plain(LayerKind::kBatchNorm), Act(Activation::kRelu), Dense(3)}},
      {"batch_norm_first", image, {Plain(LayerKind::kBatchNorm), conv(4)}},
      {"batch_norm_of_a_row", row, {Plain(LayerKind::kBatchNorm), Dense(4)}},
      {"batch_norm_last", image, {Windowed(LayerKind::kMaxPool, kPool), Plain(LayerKind::kBatchNorm)}},
      {"dropout_first_and_last", row, {Plain(LayerKind::kDropout), Dense(4), Plain(LayerKind::kDropout)}},
      {"dropout_only", row, {Plain(LayerKind::kDropout)}},
      {"relu_of_two_readers", row, {Dense(8), Act(Activation::kRelu), Plain(LayerKind::kAdd, {0, 1})}},
      {"relu6_of_two_readers", row, {Dense(8), Act(Activation::kRelu6), Plain(LayerKind::kAdd, {0, 1})}},
      {"leaky_relu", row, {Dense(8), Act(Activation::kLeakyRelu), Dense(3)}},
      {"sigmoid", row, {Dense(8), Act(Activation::kSigmoid)}},
      {"tanh", row, {Dense(8), Act(Activation::kTanh), Dense(3)}},
      {"softmax_of_positions", image, {conv(4), Act(Activation::kSoftmax)}},
      {"add_of_three",
       row,
       {Dense(6), Reading(Dense(6), {-1}), Reading(Dense(6), {-1}), Plain(LayerKind::kAdd, {0, 1, 2})}},
      {"residual", image, {conv(3, Activation::kRelu), Plain(LayerKind::kAdd, {-1, 0}), Dense(3)}},
      {"add_of_itself", row, {Dense(6), Plain(LayerKind::kAdd, {0, 0})}},
      {"concat", image, {conv(3), Reading(conv(5), {-1}), Plain(LayerKind::kConcat, {0, 1}), Dense(3)}},
      {"concat_of_fixed_grids",
       row,
       {Dense(6), Act(Activation::kSigmoid), Plain(LayerKind::kConcat, {0, 1, -1}), Dense(3)}},
      {"concat_through_pools",
       image,
       {conv(3), Windowed(LayerKind::kMaxPool, kPool), Reading(conv(4), {-1}), Windowed(LayerKind::kAveragePool, kPool),
        Plain(LayerKind::kConcat, {1, 3}), Plain(LayerKind::kConcat, {4, 4}), conv(2)}},
      {"reshape", row, {Shaped({2, 2, 3}), conv(4), Shaped({1, 1, 16}), Dense(3)}},
      {"reshape_last", row, {Dense(8), Shaped({2, 2, 2})}},
      {"dense_then_conv", row, {Dense(8), conv(3), Dense(2)}},
      {"lstm", signal, {Lstm(6, false), Dense(3)}},
      {"lstm_sequences", signal, {Lstm(6, true), Lstm(5, true)}},
      {"lstm_then_conv",
       signal,
       {Lstm(6, true), Windowed(LayerKind::kConvolution, kDilated, 4, Activation::kRelu),
        Plain(LayerKind::kGlobalAverage), Dense(3), Act(Activation::kSoftmax)}},
      {"separable",
       {10, 8, 1},
       {conv(8, Activation::kRelu), Windowed(LayerKind::kDepthwise, kThree), Plain(LayerKind::kBatchNorm),
        Act(Activation::kRelu6), Windowed(LayerKind::kConvolution, {}, 12), Plain(LayerKind::kBatchNorm),
        Act(Activation::kRelu), Plain(LayerKind::kGlobalAverage), Plain(LayerKind::kDropout), Dense(5),
        Act(Activation::kSoftmax)}},
  };
}

class EveryLayer : public testing::TestWithParam<Case> {};

TEST_P(EveryLayer, AnswersInTheRuntimeAsInTraining) {
  const Errors errors = ErrorsOf(Made({GetParam().input, GetParam().layers}));
  EXPECT_LT(errors.real, 1e-5f);
  EXPECT_LT(errors.int8, 0.05f);
  EXPECT_LT(errors.int16, 0.02f);
  EXPECT_LT(errors.simulated, 0.03f);
}

INSTANTIATE_TEST_SUITE_P(Export, EveryLayer, testing::ValuesIn(Cases()),
                         [](const auto& made) { return std::string(made.param.name); });

// A model of random layers: an image or a signal, up to eight layers that may branch, and a head.
Model RandomModel(uint64_t seed) {
  Random random(seed);
  const bool image = random.OneIn(2);
  ModelSpec spec{.input = image ? Shape{4 + static_cast<int>(random.Below(5)), 5, 1 + static_cast<int>(random.Below(3))}
                                : Shape{1, 16, 1 + static_cast<int>(random.Below(4))},
                 .layers = {}};
  const Activation clamps[] = {Activation::kNone, Activation::kRelu, Activation::kRelu6};
  const Activation curves[] = {Activation::kRelu, Activation::kRelu6, Activation::kLeakyRelu, Activation::kSigmoid,
                               Activation::kTanh};
  for (uint32_t left = 1 + random.Below(8); left > 0; --left) {
    const int count = static_cast<int>(spec.layers.size());
    const int size = 1 + static_cast<int>(random.Below(3));
    Window window{.height = image ? size : 1, .width = size};
    if (random.OneIn(3)) window.dilation_width = 2;
    const Activation clamp = clamps[random.Below(3)];
    LayerSpec layer = Windowed(LayerKind::kConvolution, window, 2 + static_cast<int>(random.Below(5)), clamp);
    switch (random.Below(8)) {
      case 0:
        layer.kind = LayerKind::kDepthwise;
        break;
      case 1:
        layer = Windowed(random.OneIn(2) ? LayerKind::kMaxPool : LayerKind::kAveragePool,
                         {.height = image ? 2 : 1, .width = 2});
        break;
      case 2:
        layer = Plain(LayerKind::kBatchNorm);
        break;
      case 3:
        layer = Act(curves[random.Below(5)]);
        break;
      case 4:
        if (count > 0)
          layer = Plain(LayerKind::kConcat, {count - 1, static_cast<int>(random.Below(static_cast<uint32_t>(count)))});
        break;
      case 5:
        if (count > 0)
          layer = Plain(LayerKind::kAdd, {count - 1, static_cast<int>(random.Below(static_cast<uint32_t>(count)))});
        layer.activation = clamp;
        break;
      default:
        if (random.OneIn(3)) layer.inputs = {static_cast<int>(random.Below(static_cast<uint32_t>(count) + 1)) - 1};
    }
    spec.layers.push_back(layer);
    if (!InferShapes(spec).ok()) spec.layers.pop_back();
  }
  if (random.OneIn(2)) spec.layers.push_back(Plain(LayerKind::kGlobalAverage));
  spec.layers.push_back(Dense(3));
  if (random.OneIn(2)) spec.layers.push_back(Act(Activation::kSoftmax));
  return Made(spec, seed);
}

TEST(Export, RandomModelsAnswerInTheRuntimeAsInTraining) {
  double sum = 0;
  constexpr int kModels = 24;
  for (uint64_t seed = 1; seed <= kModels; ++seed) {
    const Model model = RandomModel(seed);
    SCOPED_TRACE(std::to_string(seed) + "\n" + Summary(model.spec));
    const Errors errors = ErrorsOf(model, RangeMethod::kAuto);
    EXPECT_LT(errors.real, 1e-4f);
    EXPECT_LT(errors.int8, 0.25f);
    EXPECT_LT(errors.int16, 0.05f);
    EXPECT_LT(errors.simulated, 0.15f);
    sum += static_cast<double>(errors.int8);
  }
  EXPECT_LT(sum / kModels, 0.05);
}

}  // namespace
}  // namespace thimble::trainer
