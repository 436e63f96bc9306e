#include "trainer/model_read.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/random.h"
#include "trainer/fit.h"
#include "trainer/model_quantise.h"
#include "trainer/model_tflite.h"
#include "trainer/zoo.h"

namespace thimble::trainer {
namespace {

std::vector<float> Noise(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = random.Normal();
  return values;
}

/// Fresh weights, biases that are not 0.
Model Made(const ModelSpec& spec) {
  auto made = Initialise(spec, 1);
  if (!made.ok()) {
    ADD_FAILURE() << made.error().message;
    return {};
  }
  Random random(2);
  for (LayerWeights& weights : made->weights) {
    for (float& bias : weights.bias) bias += 0.2f * random.Normal();
  }
  return *made;
}

/// What comes back from a file computes what went in, and makes the same file again.
void ExpectSame(const Model& model) {
  const auto file = WriteTflite(model);
  ASSERT_TRUE(file.ok()) << file.error().message;
  const auto read = ReadTflite(*file);
  ASSERT_TRUE(read.ok()) << read.error().message;
  const auto inputs = Noise(static_cast<size_t>(model.spec.input.values()) * 5, 9);
  const auto before = Run(model, inputs), after = Run(*read, inputs);
  ASSERT_TRUE(before.ok() && after.ok());
  ASSERT_EQ(before->size(), after->size());
  for (size_t i = 0; i < before->size(); ++i) {
    ASSERT_NEAR((*before)[i], (*after)[i], 1e-4f * (1 + std::abs((*before)[i]))) << i;
  }
  const auto again = WriteTflite(*read);
  ASSERT_TRUE(again.ok()) << again.error().message;
  const auto second = ReadTflite(*again);
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(second->spec.layers.size(), read->spec.layers.size());
}

TEST(ReadTflite, EveryArchitectureComesBack) {
  for (const ArchitectureWords& words : Architectures()) {
    SCOPED_TRACE(std::string(words.name));
    const bool is_picture = words.architecture == Architecture::kMobilenetV1 ||
                            words.architecture == Architecture::kMobilenetV2 ||
                            words.architecture == Architecture::kConv2d;
    const dsp::Layout layout =
        is_picture ? dsp::Layout{.kind = dsp::Layout::Kind::kImage, .width = 24, .height = 24, .channels = 3}
                   : dsp::Layout{.kind = dsp::Layout::Kind::kSpectrogram, .width = 49, .height = 10};
    const auto spec = MakeSpec(words.architecture, layout, 4);
    if (!spec.ok()) continue;  // some want frames of sound
    ExpectSame(Made(*spec));
  }
}

TEST(ReadTflite, EveryLayerComesBack) {
  using Kind = LayerKind;
  ExpectSame(Made({.input = {6, 5, 3},
                   .layers = {{.kind = Kind::kConvolution,
                               .units = 4,
                               .window = {.height = 3, .width = 2, .stride_width = 2, .padding = Padding::kValid}},
                              {.kind = Kind::kActivation, .activation = Activation::kLeakyRelu, .slope = 0.1f},
                              {.kind = Kind::kDepthwise,
                               .window = {.height = 3, .width = 3, .dilation_height = 2},
                               .activation = Activation::kRelu6},
                              {.kind = Kind::kAdd, .inputs = {0, 2}, .activation = Activation::kRelu},
                              {.kind = Kind::kConcat, .inputs = {1, 3}},
                              {.kind = Kind::kAveragePool, .window = {.height = 2, .width = 1, .stride_height = 2}},
                              {.kind = Kind::kActivation, .activation = Activation::kTanh},
                              {.kind = Kind::kGlobalAverage},
                              {.kind = Kind::kDense, .units = 3},
                              {.kind = Kind::kActivation, .activation = Activation::kSigmoid}}}));
}

TEST(ReadTflite, AMemoryComesBack) {
  ExpectSame(Made({.input = {1, 7, 3},
                   .layers = {{.kind = LayerKind::kLstm, .units = 5, .sequences = true},
                              {.kind = LayerKind::kLstm, .units = 4},
                              {.kind = LayerKind::kDense, .units = 2}}}));
}

TEST(ReadTflite, RefusesWholeNumbersWithWhatToDo) {
  const Model model = Made({.input = {1, 1, 6}, .layers = {{.kind = LayerKind::kDense, .units = 3}}});
  const auto int8 = Quantise(model, Noise(60, 3));
  ASSERT_TRUE(int8.ok());
  const auto read = ReadTflite(WriteTflite(*int8));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().status, Status::kUnsupported);
  EXPECT_NE(read.error().message.find("model.float.tflite"), std::string::npos) << read.error().message;
}

TEST(ReadTflite, RefusesDamage) {
  const Model model = Made({.input = {1, 1, 6}, .layers = {{.kind = LayerKind::kDense, .units = 3}}});
  const auto file = WriteTflite(model);
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(ReadTflite({}).ok());
  int refused = 0;
  for (size_t size = 8; size < file->size(); size += 8) {
    const auto part = ReadTflite(std::span(*file).first(size));
    refused += part.ok() ? 0 : 1;
    if (!part.ok()) {
      EXPECT_FALSE(part.error().message.empty());
    }
  }
  EXPECT_GT(refused, static_cast<int>(file->size() / 8 / 2));
}

}  // namespace
}  // namespace thimble::trainer
