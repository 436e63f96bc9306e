#include "trainer/model_quantise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/random.h"

namespace thimble::trainer {
namespace {

LayerSpec Layer(LayerKind kind, int units = 0, Activation activation = Activation::kNone) {
  LayerSpec layer{.kind = kind, .name = {}, .inputs = {}};
  layer.units = units, layer.activation = activation;
  return layer;
}
LayerSpec Dense(int units, Activation activation = Activation::kNone) {
  return Layer(LayerKind::kDense, units, activation);
}
LayerSpec Act(Activation activation) { return Layer(LayerKind::kActivation, 0, activation); }
LayerSpec Reading(LayerSpec layer, std::vector<int> inputs) {
  layer.inputs = std::move(inputs);
  return layer;
}

std::vector<float> Noise(size_t count, uint64_t seed = 3, float deviation = 1) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = deviation * random.Normal();
  return values;
}

Model Made(Shape input, std::vector<LayerSpec> layers) {
  return *Initialise({.input = input, .layers = std::move(layers)}, 1);
}

QuantisedModel Quantised(const Model& model, std::span<const float> rows, const ModelQuantiseOptions& options = {}) {
  auto quantised = Quantise(model, rows, options);
  if (!quantised.ok()) {
    ADD_FAILURE() << quantised.error().message;
    return {};
  }
  return *std::move(quantised);
}

float MeanDifference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  float sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / static_cast<float>(a.size());
}

TEST(QuantiseModel, KeepsWeightsSymmetricWithAScaleForEachChannel) {
  Model model = Made({1, 1, 2}, {Dense(3)});
  model.weights[0].weights = {1, -2, 0.01f, 0.004f, 0, 0};
  model.weights[0].bias = {0, 0, 5};
  const QuantisedLayer layer = Quantised(model, Noise(200)).layers[0];
  EXPECT_EQ(layer.weights[0], 64);
  EXPECT_EQ(layer.weights[1], -127);
  EXPECT_EQ(layer.weights[2], 127);
  EXPECT_EQ(layer.weights[3], 51);
  EXPECT_EQ(layer.weights[4], 0);
  EXPECT_NEAR(layer.weight_scales[0], 2.0f / 127, 1e-7f);
  EXPECT_NEAR(layer.weight_scales[1], 0.01f / 127, 1e-7f);
}

TEST(QuantiseModel, SharesGridsWhereOperatorsCopyStoredValues) {
  const auto convolution = Layer(LayerKind::kConvolution, 3);
  auto pool = Layer(LayerKind::kMaxPool);
  pool.window = {.height = 2, .width = 2};
  auto average = pool;
  average.kind = LayerKind::kAveragePool;
  auto flat = Layer(LayerKind::kReshape);
  flat.shape = {1, 1, 96};
  const Model model = Made({4, 4, 2}, {convolution, pool, Reading(convolution, {-1}), average,
                                       Reading(Layer(LayerKind::kConcat), {1, 3}), flat, Dense(2)});
  const QuantisedModel quantised = Quantised(model, Noise(320));
  for (int layer = 0; layer < 6; ++layer) {
    EXPECT_EQ(quantised.GridOf(layer).scale, quantised.GridOf(5).scale) << layer;
    EXPECT_EQ(quantised.GridOf(layer).zero_point, quantised.GridOf(5).zero_point) << layer;
  }
}

TEST(QuantiseModel, UsesThePrescribedGrids) {
  const struct {
    Activation activation;
    Quantisation int8, int16;
  } wanted[] = {{Activation::kSoftmax, {1.0f / 256, -128}, {1.0f / 32768, 0}},
                {Activation::kSigmoid, {1.0f / 256, -128}, {1.0f / 32768, 0}},
                {Activation::kTanh, {1.0f / 128, 0}, {1.0f / 32768, 0}}};
  for (const auto& it : wanted) {
    const Model model = Made({1, 1, 4}, {Dense(3), Act(it.activation)});
    const Quantisation int8 = Quantised(model, Noise(400)).layers[1].output;
    const Quantisation int16 = Quantised(model, Noise(400), {.precision = Precision::kInt16x8}).layers[1].output;
    EXPECT_EQ(int8.scale, it.int8.scale);
    EXPECT_EQ(int8.zero_point, it.int8.zero_point);
    EXPECT_EQ(int16.scale, it.int16.scale);
    EXPECT_EQ(int16.zero_point, it.int16.zero_point);
  }
}

TEST(QuantiseModel, TakesTheRangesThatTrainingSettledOn) {
  Model model = Made({1, 1, 4}, {Dense(3, Activation::kRelu), Dense(2)});
  model.input_range = {-2, 3.1f};
  model.ranges = {{0, 5.1f}, {-25.6f, 25.4f}};
  const QuantisedModel quantised = Quantised(model, Noise(400));
  EXPECT_FLOAT_EQ(quantised.input.scale, 0.02f);
  EXPECT_EQ(quantised.input.zero_point, -28);
  EXPECT_FLOAT_EQ(quantised.layers[0].output.scale, 0.02f);
  EXPECT_EQ(quantised.layers[0].output.zero_point, -128);
  EXPECT_FLOAT_EQ(quantised.layers[1].output.scale, 0.2f);
  EXPECT_EQ(quantised.layers[1].output.zero_point, 0);
}

TEST(QuantiseModel, CutsRarePeaksOffUnlessToldNotTo) {
  const Model model = Made({1, 1, 4}, {Dense(3)});
  std::vector<float> rows = Noise(4000);
  rows[5] = 1000;
  const auto scale = [&](RangeMethod method) { return Quantised(model, rows, {.ranges = method}).input.scale; };
  EXPECT_GT(scale(RangeMethod::kMinMax), 3.9f);
  EXPECT_LT(scale(RangeMethod::kPercentile), 0.05f);
  EXPECT_LT(scale(RangeMethod::kMse), 0.1f);
  EXPECT_LT(scale(RangeMethod::kAuto), 0.1f);
}

TEST(QuantiseModel, AutoIsAboutAsGoodAsTheBestMethod) {
  const Model model = Made(
      {1, 1, 12}, {Dense(16, Activation::kRelu), Dense(8, Activation::kRelu), Dense(3), Act(Activation::kSoftmax)});
  std::vector<float> rows = Noise(1200);
  for (size_t i = 0; i < rows.size(); i += 97) rows[i] *= 30;
  const auto exact = *trainer::Run(model, rows);
  const auto loss = [&](RangeMethod method) {
    return MeanDifference(exact, *trainer::Run(Quantised(model, rows, {.ranges = method}), rows));
  };
  const float least = std::min({loss(RangeMethod::kMinMax), loss(RangeMethod::kPercentile), loss(RangeMethod::kMse)});
  EXPECT_LE(loss(RangeMethod::kAuto), 1.2f * least);
}

TEST(QuantiseModel, CorrectedBiasesKeepTheMeansOfChannels) {
  Model model = Made({1, 1, 32}, {Dense(4)});
  // All weights are a third of a step too low after rounding, and inputs are positive: without correction that adds up.
  for (float& weight : model.weights[0].weights) weight = 10.33f / 127;
  for (size_t unit = 0; unit < 4; ++unit) model.weights[0].weights[unit * 32] = 1;
  std::vector<float> rows = Noise(32 * 256);
  for (float& value : rows) value = std::abs(value);
  const auto exact = *trainer::Run(model, rows);
  const auto mean_error = [&](bool correct) {
    const auto rounded = *trainer::Run(Quantised(model, rows, {.correct_bias = correct}), rows);
    float sum = 0;
    for (size_t i = 0; i < exact.size(); ++i) sum += rounded[i] - exact[i];
    return std::abs(sum / static_cast<float>(exact.size()));
  };
  EXPECT_LT(mean_error(true), 0.005f);
  EXPECT_GT(mean_error(false), 0.03f);
}

TEST(QuantiseModel, SurvivesExtremes) {
  const std::vector<LayerSpec> layers{Dense(6, Activation::kRelu), Dense(4), Act(Activation::kSoftmax)};
  for (const Precision precision : {Precision::kInt8, Precision::kInt16x8}) {
    // Logits of millions are beyond the softmax of int8: what is left of them saturates, but stays a number.
    const auto survives = [&](const char* what, const Model& model, const std::vector<float>& rows,
                              bool saturates = false) {
      SCOPED_TRACE(what);
      const QuantisedModel quantised = Quantised(model, rows, {.precision = precision});
      const auto outputs = trainer::Run(quantised, rows);
      ASSERT_TRUE(outputs.ok());
      EXPECT_LT(MeanDifference(*outputs, *trainer::Run(model, rows)), saturates ? 1.0f : 0.02f);
      for (const QuantisedLayer& layer : quantised.layers) {
        EXPECT_TRUE(std::isfinite(layer.output.scale) && layer.output.scale > 0);
        for (const int64_t bias : layer.bias) {
          EXPECT_LE(std::abs(bias), precision == Precision::kInt8 ? int64_t{1} << 30 : int64_t{1} << 46);
        }
      }
    };
    const Model model = Made({1, 1, 5}, layers);
    survives("one row", model, Noise(5));
    survives("zeros", model, std::vector<float>(50, 0));
    survives("tiny values", model, std::vector<float>(50, 1e-20f));
    survives("large values", model, Noise(500, 3, 1e6f), precision == Precision::kInt8);
    Model dead = model;
    for (size_t i = 0; i < 10; ++i) dead.weights[0].weights[i] = 0;
    dead.weights[0].bias[0] = 20, dead.weights[0].bias[1] = -1e5f;
    survives("dead channels", dead, Noise(500));
    Model huge = model;
    for (float& weight : huge.weights[0].weights) weight *= 1e8f;
    survives("huge weights", huge, Noise(500), precision == Precision::kInt8);
    Model constant = model;
    for (float& weight : constant.weights[1].weights) weight = 0;
    survives("constant outputs", constant, Noise(500));
  }
}

TEST(QuantiseModel, SaysWhatItCannotTake) {
  const Model model = Made({1, 1, 4}, {Dense(3), Reading(Dense(2), {0})});
  const auto message = [](const auto& result) { return result.ok() ? std::string() : result.error().message; };
  EXPECT_EQ(message(Quantise(model, {})), "there are no calibration rows; give some of the training part");
  EXPECT_EQ(message(Quantise(model, Noise(7))),
            "the model takes 4 values a row; 7 calibration values are not whole rows");
  std::vector<float> rows = Noise(8);
  rows[6] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(message(Quantise(model, rows)),
            "calibration row 1, value 2 is not a finite number; leave the row out or mend what made it");
  Model broken = model;
  broken.weights[1].weights[0] = std::numeric_limits<float>::infinity();
  EXPECT_NE(message(Quantise(broken, Noise(8))), "");
  Model large = model;
  for (auto& weights : large.weights) std::fill(weights.weights.begin(), weights.weights.end(), 1e30f);
  EXPECT_EQ(
      message(Quantise(large, Noise(8))),
      "layer 1 (dense) computes numbers that are too large for float32; train it again, with smaller features or a "
      "lower learning rate");
  EXPECT_NE(message(trainer::Run(Quantised(model, Noise(8)), Noise(5))), "");
}

TEST(LayerLosses, NamesTheLayerThatLosesMost) {
  Model model = Made({1, 1, 8}, {Dense(8), Dense(8), Dense(8)});
  model.spec.layers[1].name = "wide";
  // One unit of the second layer is a thousand times larger than the others, and the third takes that back.
  for (size_t i = 0; i < 8; ++i)
    model.weights[1].weights[3 * 8 + i] *= 1000, model.weights[2].weights[i * 8 + 3] /= 1000;
  const auto rows = Noise(800);
  const auto losses = LayerLosses(model, Quantised(model, rows, {.ranges = RangeMethod::kMinMax}), rows);
  ASSERT_TRUE(losses.ok()) << losses.error().message;
  ASSERT_EQ(losses->size(), 4u);
  EXPECT_EQ(losses->front().layer, 1);
  EXPECT_GT(losses->front().output_error, 0.2f);
  EXPECT_TRUE(std::is_sorted(losses->begin(), losses->end(),
                             [](const LayerLoss& a, const LayerLoss& b) { return a.output_error > b.output_error; }));
  const std::string sentence = Text(*losses);
  EXPECT_EQ(sentence.find("layer 1 (dense \"wide\") loses most: quantised alone it moves the outputs by "), 0u)
      << sentence;
  EXPECT_NE(sentence.find("; then "), std::string::npos) << sentence;
}

TEST(LayerLosses, CountsLayersAsTheFloatModelDoes) {
  const Model model = Made({1, 1, 8}, {Layer(LayerKind::kDropout), Dense(8), Layer(LayerKind::kBatchNorm),
                                       Act(Activation::kRelu), Dense(3), Act(Activation::kSoftmax)});
  const auto rows = Noise(800);
  const auto losses = LayerLosses(model, Quantised(model, rows), rows);
  ASSERT_TRUE(losses.ok());
  std::vector<int> layers;
  for (const LayerLoss& loss : *losses) layers.push_back(loss.layer);
  std::sort(layers.begin(), layers.end());
  EXPECT_EQ(layers, (std::vector{kModelInput, 1, 4}));
}

TEST(LayerLosses, RefusesAnotherModel) {
  const Model model = Made({1, 1, 4}, {Dense(3)}), other = Made({1, 1, 4}, {Dense(3), Dense(2)});
  EXPECT_FALSE(LayerLosses(other, Quantised(model, Noise(8)), Noise(8)).ok());
}

}  // namespace
}  // namespace thimble::trainer
