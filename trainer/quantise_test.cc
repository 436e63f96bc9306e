#include "trainer/quantise.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "kernels/all_operators.h"
#include "runtime/describe.h"
#include "runtime/network.h"
#include "trainer/evaluate.h"
#include "trainer/test_tables.h"
#include "trainer/tflite_writer.h"
#include "trainer/train.h"

namespace thimble::trainer {
namespace {

// What follows is the integer arithmetic of the TFLite 8-bit specification in its plainest form, as an oracle: the sum,
// a 31-bit multiplier with a shift, rounded twice.
struct Multiplier {
  int64_t mantissa;
  int shift;  // to the left
};

Multiplier MultiplierOf(double real) {
  int shift = 0;
  const double fraction = std::frexp(real, &shift);
  auto mantissa = static_cast<int64_t>(std::llround(fraction * 2147483648.0));
  if (mantissa == int64_t{1} << 31) {
    mantissa /= 2;
    ++shift;
  }
  return shift < -31 ? Multiplier{0, 0} : Multiplier{mantissa, shift};
}

int32_t Multiply(int32_t value, Multiplier by) {
  const int left = std::max(by.shift, 0);
  const int right = std::max(-by.shift, 0);
  const int64_t product = static_cast<int64_t>(value) * (int64_t{1} << left) * by.mantissa;
  const int64_t high = (product + (product >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30))) / (int64_t{1} << 31);
  const int64_t mask = (int64_t{1} << right) - 1;
  const int64_t threshold = (mask >> 1) + (high < 0 ? 1 : 0);
  return static_cast<int32_t>((high >> right) + ((high & mask) > threshold ? 1 : 0));
}

std::vector<int8_t> ToInt8(std::span<const float> values, const Quantisation& grid) {
  std::vector<int8_t> steps;
  for (const float value : values) {
    steps.push_back(static_cast<int8_t>(
        std::clamp(std::round(value / grid.scale) + static_cast<float>(grid.zero_point), -128.0f, 127.0f)));
  }
  return steps;
}

// The last dense layer's outputs for one row.
std::vector<int8_t> RunDenseLayers(const QuantisedNetwork& network, std::span<const float> features) {
  std::vector<int8_t> x = ToInt8(features, network.input);
  Quantisation grid = network.input;
  for (const QuantisedDenseLayer& layer : network.layers) {
    std::vector<int8_t> y;
    for (size_t o = 0; o < layer.bias.size(); ++o) {
      int32_t sum = layer.bias[o];
      for (size_t i = 0; i < x.size(); ++i) sum += (x[i] - grid.zero_point) * layer.weights[o * x.size() + i];
      const Multiplier multiplier =
          MultiplierOf(static_cast<double>(grid.scale) * static_cast<double>(layer.weight_scales[o]) /
                       static_cast<double>(layer.output.scale));
      const int32_t low = layer.relu ? layer.output.zero_point : -128;
      y.push_back(static_cast<int8_t>(std::clamp(Multiply(sum, multiplier) + layer.output.zero_point, low, 127)));
    }
    x = y;
    grid = layer.output;
  }
  return x;
}

struct Trained {
  Table table;
  Network network;
  QuantisedNetwork quantised;
};

Trained TrainedClouds() {
  Trained trained{.table = Clouds(4, 6, 30, 1), .network = {}, .quantised = {}};
  trained.network = Train(trained.table, {.epochs = 30, .least_steps = 1000})->network;
  trained.quantised = *Quantise(trained.network, trained.table);
  return trained;
}

Trained TrainedSine() {
  Trained trained{.table = Sine(1000, 0.05f, 1), .network = {}, .quantised = {}};
  trained.network = Train(trained.table, SineOptions())->network;
  trained.quantised = *Quantise(trained.network, trained.table);
  return trained;
}

TEST(Quantise, KeepsAClassifiersAnswers) {
  const Trained trained = TrainedClouds();
  const auto exact = Decide(trainer::Run(trained.network, trained.table.features), 4);
  const auto rounded = Decide(trainer::Run(trained.quantised, trained.table.features), 4);
  EXPECT_GT(Evaluate(exact, rounded, {}, 4).accuracy, 0.99);
}

TEST(Quantise, KeepsACurve) {
  const Trained trained = TrainedSine();
  const Table clean = Sine(1000, 0, 2);
  EXPECT_LT(
      EvaluateRegression(trainer::Run(trained.network, clean.features), trainer::Run(trained.quantised, clean.features))
          .mean_absolute,
      0.01);
}

TEST(Quantise, IsHardlyDisturbedByAnOutlierAmongTheFeatures) {
  Trained trained = TrainedClouds();
  const auto exact = Decide(trainer::Run(trained.network, trained.table.features), 4);
  Table calibration = trained.table;
  calibration.features[5] = 4000;  // a hundred times the range of all others
  const auto rounded = Decide(trainer::Run(*Quantise(trained.network, calibration), trained.table.features), 4);
  EXPECT_GT(Evaluate(exact, rounded, {}, 4).accuracy, 0.98);
}

TEST(Quantise, ComputesInFloatWithinAStepOfTheIntegers) {
  for (const Trained& trained : {TrainedClouds(), TrainedSine()}) {
    QuantisedNetwork without_softmax = trained.quantised;
    without_softmax.softmax = false;
    const auto values = trainer::Run(without_softmax, trained.table.features);
    const auto outputs = static_cast<size_t>(trained.quantised.output_count());
    const Quantisation grid = trained.quantised.layers.back().output;
    for (int row = 0; row < trained.table.rows(); ++row) {
      const auto wanted = RunDenseLayers(trained.quantised, trained.table.row(row));
      const auto got = ToInt8(std::span(values).subspan(static_cast<size_t>(row) * outputs, outputs), grid);
      for (size_t o = 0; o < outputs; ++o) ASSERT_NEAR(got[o], wanted[o], 2) << "row " << row;
    }
  }
}

TEST(Quantise, GivesTheRuntimeWhatItComputesToTheLastBit) {
  for (const Trained& trained : {TrainedClouds(), TrainedSine()}) {
    QuantisedNetwork without_softmax = trained.quantised;
    without_softmax.softmax = false;
    alignas(16) static std::byte arena[16384];
    const auto file = WriteTflite(without_softmax);
    runtime::Network network;
    runtime::Fault fault;
    ASSERT_EQ(network.Load(file, kernels::AllOperators(), arena, &fault), Status::kOk)
        << runtime::Describe(file, kernels::AllOperators(), fault);
    for (int row = 0; row < trained.table.rows(); ++row) {
      const auto input = ToInt8(trained.table.row(row), trained.quantised.input);
      std::memcpy(network.input(0).data, input.data(), input.size());
      ASSERT_TRUE(ok(network.Invoke()));
      const auto wanted = RunDenseLayers(trained.quantised, trained.table.row(row));
      ASSERT_EQ(std::memcmp(network.output(0).data, wanted.data(), wanted.size()), 0) << "row " << row;
    }
  }
}

TEST(Quantise, GivesTheRuntimeAClassifierThatDecidesAlike) {
  const Trained trained = TrainedClouds();
  alignas(16) static std::byte arena[16384];
  const auto file = WriteTflite(trained.quantised);
  runtime::Network network;
  runtime::Fault fault;
  ASSERT_EQ(network.Load(file, kernels::AllOperators(), arena, &fault), Status::kOk)
      << runtime::Describe(file, kernels::AllOperators(), fault);
  const auto scores = trainer::Run(trained.quantised, trained.table.features);
  const auto wanted = Decide(scores, 4);
  int alike = 0;
  for (int row = 0; row < trained.table.rows(); ++row) {
    const auto input = ToInt8(trained.table.row(row), trained.quantised.input);
    std::memcpy(network.input(0).data, input.data(), input.size());
    ASSERT_TRUE(ok(network.Invoke()));
    const auto* output = static_cast<const int8_t*>(network.output(0).data);
    alike += std::max_element(output, output + 4) - output == wanted[static_cast<size_t>(row)];
  }
  EXPECT_GE(alike, trained.table.rows() - 5);
}

RC_GTEST_PROP(Quantise, KeepsAllNumbersInTheirRanges, ()) {
  // Weights, biases and features of any size, zeros among them.
  const auto seed = *rc::gen::arbitrary<uint64_t>();
  Random random(seed);
  const auto numbers = [&](size_t count) {
    std::vector<float> values(count);
    const float size = std::exp2(static_cast<float>(random.Below(21)) - 10);
    for (float& value : values) value = random.Below(4) == 0 ? 0 : size * random.Normal();
    return values;
  };
  const int inputs = 1 + static_cast<int>(random.Below(6));
  Network network;
  network.softmax = random.Below(2) == 0;
  int width = inputs;
  for (int layer = 0; layer < 3; ++layer) {
    const int units = 1 + static_cast<int>(random.Below(6));
    network.layers.push_back({.input_count = width,
                              .output_count = units,
                              .relu = layer < 2,
                              .weights = numbers(static_cast<size_t>(units * width)),
                              .bias = numbers(static_cast<size_t>(units))});
    width = units;
  }
  Table table;
  table.feature_count = inputs;
  table.features = numbers(static_cast<size_t>(inputs) * 8);
  table.labels.resize(8);
  const auto quantised = Quantise(network, table);
  RC_ASSERT(quantised.ok());
  for (const QuantisedDenseLayer& layer : quantised->layers) {
    RC_ASSERT(std::isfinite(layer.output.scale) && layer.output.scale > 0);
    RC_ASSERT(layer.output.zero_point >= -128 && layer.output.zero_point <= 127);
    RC_ASSERT(!layer.relu || layer.output.zero_point == -128 || layer.output.scale == 1);
    for (const float scale : layer.weight_scales) RC_ASSERT(std::isfinite(scale) && scale > 0);
    for (const int8_t weight : layer.weights) RC_ASSERT(weight >= -127);
    for (const int32_t bias : layer.bias) RC_ASSERT(std::abs(bias) <= 1 << 30);
  }
  for (const float score : trainer::Run(*quantised, table.features)) RC_ASSERT(std::isfinite(score));
}

TEST(FeaturesBelowAStep, NamesTheFeatureThatInt8RoundsAway) {
  Table table = Clouds(2, 4, 20, 1);
  for (size_t i = 1; i < table.features.size(); i += 3) table.features[i] *= 0.001f;
  for (size_t i = 2; i < table.features.size(); i += 3) table.features[i] = 7;
  const auto result = Train(table, {.epochs = 3, .least_steps = 0});
  EXPECT_EQ(FeaturesBelowAStep(*Quantise(result->network, table), table), std::vector{1});
}

TEST(Quantise, SaysWhenTheNetworkOverflows) {
  Trained trained = TrainedClouds();
  for (float& weight : trained.network.layers[1].weights) weight *= 1e38f;
  const auto result = Quantise(trained.network, trained.table);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().status, Status::kFailed);
}

TEST(Quantise, SaysWhenTheRowsDoNotFit) {
  const Trained trained = TrainedClouds();
  const auto result = Quantise(trained.network, Sine(10, 0, 1));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "the network takes 3 features, the calibration rows have 1");
}

}  // namespace
}  // namespace thimble::trainer
