// The engine beside libtorch: the same values and gradients for every layer, and for whole well-known models.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "trainer/internal/engine.h"
#include "trainer/libtorch_model.h"
#include "trainer/well_known_models.h"

namespace thimble::trainer {
namespace {

// The largest difference, against the size of what is wanted.
double Distance(const std::vector<float>& given, const std::vector<float>& wanted) {
  EXPECT_EQ(given.size(), wanted.size());
  double size = 1e-3, distance = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    size = std::max(size, std::abs(static_cast<double>(wanted[i])));
    const double difference = static_cast<double>(given[i]) - static_cast<double>(wanted[i]);
    distance = std::isnan(difference) ? 1e9 : std::max(distance, std::abs(difference));
  }
  return distance / size;
}

void ExpectSame(ModelSpec spec, int rows, uint64_t seed, double tolerance = 1e-4) {
  SCOPED_TRACE(Summary(spec));
  for (LayerSpec& layer : spec.layers) layer.rate = 0;  // both would draw other numbers
  auto model = Initialise(spec, seed);
  ASSERT_TRUE(model.ok()) << model.error().message;
  Random random(seed + 1);
  for (LayerWeights& layer : model->weights) {
    for (float& value : layer.bias) value += 0.2f * random.Normal();
  }
  std::vector<float> x(static_cast<size_t>(rows * spec.input.values()));
  for (float& value : x) value = random.Normal();
  for (const bool training : {false, true}) {
    engine::Engine engine(*model, {.batch_rows = rows});
    LibtorchModel torch(*model);
    std::copy(x.begin(), x.end(), engine.input());
    const float* const y = engine.Forward(rows, training);
    const std::vector<float> given(y, y + rows * engine.output_values());
    EXPECT_LT(Distance(given, torch.Forward(x, rows, training)), tolerance);
    std::vector<float> dy(given.size());
    for (float& value : dy) value = random.Normal();
    std::copy(dy.begin(), dy.end(), engine.output_gradient());
    engine.Backward(rows);
    const Model wanted = torch.Gradient(dy);
    std::copy(engine.gradient().begin(), engine.gradient().end(), engine.parameters().begin());
    Model gradient = *model;
    engine.Export(gradient);
    for (size_t i = 0; i < wanted.weights.size(); ++i) {
      const LayerWeights& to = wanted.weights[i];
      EXPECT_LT(Distance(gradient.weights[i].weights, to.weights), tolerance) << "weights of layer " << i;
      // A bias before batch norm has no gradient but rounding.
      const bool normalised = i + 1 < spec.layers.size() && spec.layers[i + 1].kind == LayerKind::kBatchNorm;
      if (!normalised || !training) {
        EXPECT_LT(Distance(gradient.weights[i].bias, to.bias), tolerance) << "bias of layer " << i;
      }
      EXPECT_LT(Distance(gradient.weights[i].recurrent, to.recurrent), tolerance) << "recurrent weights, layer " << i;
      EXPECT_LT(Distance(gradient.weights[i].mean, to.mean), tolerance) << "mean of layer " << i;
      EXPECT_LT(Distance(gradient.weights[i].variance, to.variance), tolerance) << "variance of layer " << i;
    }
  }
}

LayerSpec Convolution(int units, Window window, Activation activation = Activation::kNone) {
  return {.kind = LayerKind::kConvolution, .units = units, .window = window, .activation = activation};
}

TEST(Libtorch, AgreesOnDenseLayersAndActivations) {
  ExpectSame(MotionModel(), 32, 1);
  for (const Activation activation :
       {Activation::kRelu6, Activation::kLeakyRelu, Activation::kSigmoid, Activation::kTanh, Activation::kSoftmax}) {
    ExpectSame({.input = {1, 1, 9},
                .layers = {{.kind = LayerKind::kDense, .units = 21},
                           {.kind = LayerKind::kActivation, .activation = activation},
                           {.kind = LayerKind::kDense, .units = 3}}},
               5, 2);
  }
}

TEST(Libtorch, AgreesOnConvolutionsOfRandomShapes) {
  Random random(9);
  const auto up_to = [&](int most) { return 1 + static_cast<int>(random.Below(static_cast<uint32_t>(most))); };
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const auto window = [&] {
      return Window{up_to(4), up_to(5), up_to(2), up_to(3), up_to(2), up_to(2), Padding::kSame};
    };
    LayerSpec depthwise{.kind = LayerKind::kDepthwise, .window = window(), .activation = Activation::kRelu};
    ExpectSame({.input = {up_to(15), up_to(15), up_to(8)},
                .layers = {Convolution(up_to(33), window(), Activation::kRelu), depthwise, Convolution(4, window())}},
               up_to(6), seed);
  }
}

TEST(Libtorch, AgreesOnPoolsAndBranches) {
  for (const LayerKind kind : {LayerKind::kMaxPool, LayerKind::kAveragePool}) {
    const LayerSpec pool{.kind = kind, .window = {3, 2, 2, 2, 1, 1, Padding::kSame}};
    ExpectSame({.input = {9, 8, 3},
                .layers = {Convolution(7, {.height = 3, .width = 3}),
                           pool,
                           Convolution(7, {.height = 3, .width = 3}),
                           {.kind = LayerKind::kAdd, .inputs = {2, 1}, .activation = Activation::kRelu},
                           {.kind = LayerKind::kConcat, .inputs = {3, 1}},
                           {.kind = LayerKind::kGlobalAverage}}},
               4, 5);
  }
}

TEST(Libtorch, AgreesOnLstm) {
  for (const bool sequences : {false, true}) {
    ExpectSame({.input = {1, 20, 6},
                .layers = {{.kind = LayerKind::kLstm, .units = 13, .sequences = sequences},
                           {.kind = LayerKind::kDense, .units = 4}}},
               8, 6);
  }
}

TEST(Libtorch, AgreesOnWellKnownModels) {
  ExpectSame(KeywordModel(), 32, 1);
  ExpectSame(DsCnnModel(), 8, 2, 1e-3);
  // Twenty-seven batch norms, the last over 36 numbers each, make rounding grow.
  ExpectSame(MobileNetModel(), 4, 3, 2e-2);
}

}  // namespace
}  // namespace thimble::trainer
