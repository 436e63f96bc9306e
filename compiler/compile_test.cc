#include "compiler/compile.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/lower.h"
#include "compiler/plan_comparison.h"
#include "runtime/test_models.h"

namespace thimble::compiler {
namespace {

using runtime::AlignedBytes;
using runtime::ModelBuilder;
using tflite::BuiltinOperator;
using tflite::BuiltinOptions;
using tflite::TensorType;

ModelBuilder::TestTensor Int8(std::vector<int32_t> shape, float scale = 0.5f, int64_t zero_point = 0) {
  return {std::move(shape), TensorType::INT8, {scale}, {zero_point}};
}

/// A constant with anything in it.
ModelBuilder::TestTensor Weights(std::vector<int32_t> shape, uint64_t seed = 1) {
  ModelBuilder::TestTensor tensor = Int8(std::move(shape), 0.01f);
  size_t count = 1;
  for (const int32_t dim : tensor.shape) count *= static_cast<size_t>(dim);
  Random random(seed);
  for (size_t i = 0; i < count; ++i) tensor.data.push_back(static_cast<uint8_t>(random.Below(255) - 127));
  return tensor;
}

ModelBuilder::TestTensor Indices(std::vector<int32_t> shape, const std::vector<int32_t>& values) {
  ModelBuilder::TestTensor tensor = {std::move(shape), TensorType::INT32};
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  tensor.data.assign(bytes, bytes + values.size() * sizeof(int32_t));
  return tensor;
}

ModelBuilder::Options ConvolutionOptions(tflite::Padding padding, int32_t stride = 1) {
  return {BuiltinOptions::Conv2DOptions, [=](flatbuffers::FlatBufferBuilder& builder) {
            return tflite::CreateConv2DOptions(builder, padding, stride, stride).Union();
          }};
}

ModelBuilder::Options DepthwiseOptions(tflite::Padding padding, int32_t multiplier) {
  return {BuiltinOptions::DepthwiseConv2DOptions, [=](flatbuffers::FlatBufferBuilder& builder) {
            return tflite::CreateDepthwiseConv2DOptions(builder, padding, 1, 1, multiplier).Union();
          }};
}

/// An image with a border around it, then a 3x3 convolution with stride 2, then LOGISTIC.
ModelBuilder PaddedConvolution() {
  ModelBuilder model;
  model.tensors = {
      Int8({1, 7, 6, 3}, 0.5f, 5),   Indices({4, 2}, {0, 0, 1, 2, 0, 1, 0, 0}),
      Int8({1, 10, 7, 3}, 0.5f, 5),  Weights({4, 3, 3, 3}),
      Int8({1, 4, 3, 4}, 0.03f, -3), Int8({1, 4, 3, 4}, 1.0f / 256, -128),
  };
  model.operators = {{BuiltinOperator::PAD, {0, 1}, {2}},
                     {BuiltinOperator::CONV_2D, {2, 3, -1}, {4}, ConvolutionOptions(tflite::Padding::VALID, 2)},
                     {BuiltinOperator::LOGISTIC, {4}, {5}}};
  model.inputs = {0};
  model.outputs = {5};
  return model;
}

Lowered LowerModel(const AlignedBytes& model, const std::set<std::string>& without = {}) {
  const auto loaded = LoadNetwork(model.span(), kernels::AllOperators());
  EXPECT_TRUE(loaded) << loaded.error().message;
  std::vector<std::string> remarks;
  return Lower(loaded->network, without, remarks);
}

/// For all cores, in both preferences.
void ExpectTheSame(const AlignedBytes& model, const std::set<std::string>& without = {}) {
  for (const TargetName& target : kTargets) {
    for (const Preference preference : {Preference::kSpeed, Preference::kSize}) {
      CompileOptions options;
      options.target = target.target;
      options.preference = preference;
      options.without_passes = without;
      const auto plan = Compile(model.span(), options);
      ASSERT_TRUE(plan) << plan.error().message;
      EXPECT_EQ(Difference(model.span(), *plan), "") << target.name;
    }
  }
}

TEST(Lower, MakesABorderThePaddingOfTheConvolutionBehind) {
  const AlignedBytes model = PaddedConvolution().Build();
  const Lowered lowered = LowerModel(model);
  const std::vector<Layer>& layers = lowered.graphs.at(0).layers;
  ASSERT_EQ(layers.size(), 2u);
  const auto& convolution = std::get<steps::Convolution>(layers[0].kind);
  EXPECT_EQ(convolution.input_height, 7);
  EXPECT_EQ(convolution.input_width, 6);
  EXPECT_EQ(convolution.pad_top, 1);
  EXPECT_EQ(convolution.pad_left, 0);
  EXPECT_EQ(layers[0].calls.size(), 2u);
  EXPECT_EQ(TitleOf(layers[0]), "pad + conv_2d 3x3 stride 2: 7x6x3 -> 4x3x4");
  EXPECT_EQ(LowerModel(model, {"border_fusion"}).graphs[0].layers.size(), 3u);
  ExpectTheSame(model);
  ExpectTheSame(model, {"border_fusion"});
}

TEST(Lower, LeavesABorderThatIsReadTwice) {
  ModelBuilder model = PaddedConvolution();
  model.outputs = {5, 2};
  EXPECT_EQ(LowerModel(model.Build()).graphs[0].layers.size(), 3u);
  ExpectTheSame(model.Build());
}

TEST(Lower, MakesATableOfAFunctionAndOneOfTwo) {
  ModelBuilder model;
  model.tensors = {Int8({1, 40}, 0.05f, 3), Int8({1, 40}, 1.0f / 256, -128), Int8({1, 40}, 0.004f, -128)};
  model.operators = {{BuiltinOperator::LOGISTIC, {0}, {1}}, {BuiltinOperator::QUANTIZE, {1}, {2}}};
  model.inputs = {0};
  model.outputs = {2};
  const AlignedBytes bytes = model.Build();
  EXPECT_EQ(LowerModel(bytes).graphs[0].layers.size(), 1u);
  const Lowered two = LowerModel(bytes, {"lookup_fusion"});
  ASSERT_EQ(two.graphs[0].layers.size(), 2u);
  for (const Layer& layer : two.graphs[0].layers) EXPECT_TRUE(std::holds_alternative<steps::Mapping>(layer.kind));
  const Lowered none = LowerModel(bytes, {"lookup_tables"});
  EXPECT_TRUE(std::holds_alternative<std::monostate>(none.graphs[0].layers.at(0).kind));
  for (const char* without : {"lookup_fusion", "lookup_tables", "overlap"}) ExpectTheSame(bytes, {without});
  ExpectTheSame(bytes);
}

TEST(Lower, MakesATableOfArithmeticWithANumber) {
  for (const bool number_first : {false, true}) {
    ModelBuilder model;
    ModelBuilder::TestTensor number = Int8({1, 1}, 0.1f, -4);
    number.data = {77};
    model.tensors = {Int8({1, 30}, 0.05f, 3), number, Int8({1, 30}, 0.1f, 10)};
    model.operators = {{BuiltinOperator::SUB, number_first ? std::vector{1, 0} : std::vector{0, 1}, {2}}};
    model.inputs = {0};
    model.outputs = {2};
    const AlignedBytes bytes = model.Build();
    EXPECT_TRUE(std::holds_alternative<steps::Mapping>(LowerModel(bytes).graphs[0].layers.at(0).kind));
    ExpectTheSame(bytes);
  }
}

TEST(Lower, LeavesALimitToTheLayerBefore) {
  // RELU with the scale and zero point that it has: nothing but a limit.
  ModelBuilder model;
  model.tensors = {Int8({1, 4, 4, 2}), Weights({5, 3, 3, 2}), Int8({1, 2, 2, 5}, 0.04f, -20),
                   Int8({1, 2, 2, 5}, 0.04f, -20)};
  model.operators = {{BuiltinOperator::CONV_2D, {0, 1, -1}, {2}, ConvolutionOptions(tflite::Padding::VALID)},
                     {BuiltinOperator::RELU, {2}, {3}}};
  model.inputs = {0};
  model.outputs = {3};
  const AlignedBytes bytes = model.Build();
  const Lowered lowered = LowerModel(bytes);
  ASSERT_EQ(lowered.graphs[0].layers.size(), 1u);
  EXPECT_EQ(std::get<steps::Convolution>(lowered.graphs[0].layers[0].kind).clamp_low, -20);
  EXPECT_EQ(LowerModel(bytes, {"clamp_fusion"}).graphs[0].layers.size(), 2u);
  ExpectTheSame(bytes, {"activation_fusion"});
  ExpectTheSame(bytes, {"activation_fusion", "clamp_fusion"});
}

TEST(Lower, TreatsDepthwiseOfOneChannelAsAConvolution) {
  ModelBuilder model;
  model.tensors = {Int8({1, 6, 5, 1}, 0.5f, -7), Weights({1, 3, 2, 4}), Int8({1, 6, 5, 4}, 0.1f)};
  model.operators = {{BuiltinOperator::DEPTHWISE_CONV_2D, {0, 1, -1}, {2}, DepthwiseOptions(tflite::Padding::SAME, 4)}};
  model.inputs = {0};
  model.outputs = {2};
  const AlignedBytes bytes = model.Build();
  const Lowered lowered = LowerModel(bytes);
  const auto& convolution = std::get<steps::Convolution>(lowered.graphs[0].layers.at(0).kind);
  EXPECT_FALSE(convolution.depthwise());
  EXPECT_EQ(convolution.macs(), 6 * 5 * 4 * 3 * 2);
  ExpectTheSame(bytes, {"depthwise_one_channel"});
}

TEST(Lower, TreatsAConvolutionOverAWholeImageAsADenseLayer) {
  ModelBuilder model;
  model.tensors = {Int8({1, 3, 4, 2}), Weights({6, 3, 4, 2}), Int8({1, 1, 1, 6}, 0.2f)};
  model.operators = {{BuiltinOperator::CONV_2D, {0, 1, -1}, {2}, ConvolutionOptions(tflite::Padding::VALID)}};
  model.inputs = {0};
  model.outputs = {2};
  const AlignedBytes bytes = model.Build();
  EXPECT_EQ(std::get<steps::Convolution>(LowerModel(bytes).graphs[0].layers.at(0).kind).input_channels, 24);
  EXPECT_EQ(
      std::get<steps::Convolution>(LowerModel(bytes, {"dense_convolution"}).graphs[0].layers[0].kind).input_channels,
      2);
  ExpectTheSame(bytes);
  ExpectTheSame(bytes, {"dense_convolution"});
}

TEST(Lower, GivesADenseLayerAPixelForEachRow) {
  ModelBuilder model;
  model.tensors = {Int8({5, 12}, 0.5f, 9), Weights({3, 12}), Int8({5, 3}, 0.2f, 1)};
  model.operators = {{BuiltinOperator::FULLY_CONNECTED, {0, 1, -1}, {2}}};
  model.inputs = {0};
  model.outputs = {2};
  const AlignedBytes bytes = model.Build();
  const Lowered lowered = LowerModel(bytes);
  const auto& layer = std::get<steps::Convolution>(lowered.graphs[0].layers.at(0).kind);
  EXPECT_EQ(layer.input_width, 5);
  EXPECT_EQ(layer.output_width, 5);
  EXPECT_EQ(layer.input_channels, 12);
  ExpectTheSame(bytes);
}

TEST(Compile, GivesViewsTheBytesThatTheyRepeat) {
  ModelBuilder model;
  model.tensors = {Int8({1, 24}), Indices({2}, {4, 6}), Int8({4, 6}), Int8({4, 6}, 1.0f / 256, -128)};
  model.operators = {{BuiltinOperator::RESHAPE, {0, 1}, {2}}, {BuiltinOperator::LOGISTIC, {2}, {3}}};
  model.inputs = {0};
  model.outputs = {3};
  const AlignedBytes bytes = model.Build();
  const auto plan = Compile(bytes.span(), {});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->graphs[0].steps.size(), 1u);
  EXPECT_EQ(plan->arena_bytes, 32u) << "in place";
  CompileOptions apart;
  apart.without_passes = {"overlap"};
  EXPECT_EQ(Compile(bytes.span(), apart)->arena_bytes, 64u);
  ExpectTheSame(bytes);
}

TEST(Compile, IsTheSameEveryTime) {
  const AlignedBytes model = PaddedConvolution().Build();
  const auto first = Compile(model.span(), {}), second = Compile(model.span(), {});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(WritePackage(*first), WritePackage(*second));
}

TEST(Compile, CountsEveryMacAndNamesEveryLayer) {
  CompileOptions options;
  options.without_passes = {"padding_fusion"};
  const auto plan = Compile(PaddedConvolution().Build().span(), options);
  ASSERT_TRUE(plan) << plan.error().message;
  int64_t macs = 0;
  for (const PlanStep& step : plan->graphs[0].steps) macs += step.macs;
  EXPECT_EQ(macs, 4 * 3 * 4 * 3 * 3 * 3);
  EXPECT_GT(PredictCycles(*plan), static_cast<double>(macs) / 2) << "no core here does more than two in a cycle";
  EXPECT_EQ(plan->graphs[0].steps[0].layer, "pad + conv_2d 3x3 stride 2: 7x6x3 -> 4x3x4");
}

TEST(Compile, PredictsTheStepsAndWhatIsAroundThem) {
  const auto plan = Compile(PaddedConvolution().Build().span(), {});
  ASSERT_TRUE(plan) << plan.error().message;
  double steps = 0;
  for (const PlanStep& step : plan->graphs[0].steps) {
    EXPECT_GT(step.cycles, 0) << step.layer;
    steps += step.cycles;
  }
  EXPECT_GT(PredictCycles(*plan), steps + 50) << "starting takes time, too";
  EXPECT_LT(PredictCycles(*plan), steps + 150);
  EXPECT_EQ(PredictRamBytes(*plan), plan->arena_bytes + 2 * sizeof(uint32_t));
}

TEST(Compile, SaysWhatTheLeastIsWhenABudgetIsTooSmall) {
  const AlignedBytes model = PaddedConvolution().Build();
  CompileOptions options;
  options.ram_bytes = 100;
  const auto ram = Compile(model.span(), options);
  ASSERT_FALSE(ram);
  EXPECT_EQ(ram.error().status, Status::kOutOfMemory);
  EXPECT_NE(ram.error().message.find("bytes of RAM at least, which is more than the 100 bytes"), std::string::npos)
      << ram.error().message;
  // What it says is enough.
  options.ram_bytes = std::stoi(ram.error().message.substr(std::string("the network needs ").size()));
  EXPECT_TRUE(Compile(model.span(), options));
  options.ram_bytes = *options.ram_bytes - 1;
  EXPECT_FALSE(Compile(model.span(), options));

  CompileOptions flash;
  flash.flash_bytes = 10;
  const auto refused = Compile(model.span(), flash);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("of constants at least"), std::string::npos) << refused.error().message;
}

TEST(Compile, RefusesNamesAndPassesThatAreNone) {
  const AlignedBytes model = PaddedConvolution().Build();
  CompileOptions options;
  options.name = "7 dwarfs";
  EXPECT_EQ(Compile(model.span(), options).error().status, Status::kInvalidArgument);
  options.name = "dwarfs";
  options.without_passes = {"magic"};
  const auto refused = Compile(model.span(), options);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("no pass 'magic'"), std::string::npos);
  EXPECT_NE(refused.error().message.find("border_fusion"), std::string::npos) << "says which there are";
}

TEST(Compile, RefusesWhatTheInterpreterRefuses) {
  AlignedBytes model = PaddedConvolution().Build();
  const AlignedBytes half(model.span().first(model.span().size() / 2));
  EXPECT_FALSE(Compile(half.span(), {}));
}

TEST(Compile, HasPassesWithDifferentNames) {
  std::set<std::string> names;
  for (const PassInfo& pass : AllPasses()) EXPECT_TRUE(names.insert(pass.name).second) << pass.name;
}

TEST(Compile, MakesIdentifiersOfFileNames) {
  EXPECT_EQ(IdentifierOf("folder/my-model.v2.tflite"), "my_model_v2");
  EXPECT_EQ(IdentifierOf("7.tflite"), "model_7");
  EXPECT_EQ(IdentifierOf(""), "model_");
}

TEST(Compile, DrawsTheArenaThatItPlans) {
  const auto plan = Compile(PaddedConvolution().Build().span(), {});
  ASSERT_TRUE(plan);
  const ArenaFacts arena = ArenaOf(*plan);
  EXPECT_EQ(arena.bytes, plan->arena_bytes);
  EXPECT_EQ(arena.live_bytes.size(), plan->graphs[0].steps.size());
  size_t end = 0;
  for (const Piece& piece : arena.pieces) end = std::max(end, piece.offset_bytes + piece.size_bytes);
  EXPECT_LE(end, arena.bytes);
  EXPECT_GT(end + 16, arena.bytes);
  for (const size_t live : arena.live_bytes) EXPECT_LE(live, arena.bytes);
}

}  // namespace
}  // namespace thimble::compiler
