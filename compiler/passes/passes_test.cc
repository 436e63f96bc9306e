// Every pass does what it says to small models, and changes no bit of any model.
#include "compiler/passes.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/aligned_memory.h"
#include "compiler/model_file.h"
#include "compiler/passes/graph.h"
#include "kernels/all_operators.h"

namespace thimble::compiler {
namespace {

namespace fs = std::filesystem;
using passes::Code;
using passes::Graph;
using passes::OperatorT;
using passes::SetOptions;
using tflite::ActivationFunctionType;
using tflite::BuiltinOptions;
using tflite::Padding;
using tflite::TensorType;
using Shape = std::vector<int32_t>;
using Random = std::mt19937;

/// A model put together tensor by tensor.
class Sketch {
 public:
  Sketch() {
    model_.version = 3;
    model_.buffers.push_back(std::make_unique<tflite::BufferT>());
    AddSubgraph();
  }

  /// What follows goes into a further subgraph.
  void AddSubgraph() { model_.subgraphs.push_back(std::make_unique<tflite::SubGraphT>()); }

  int Tensor(const Shape& shape, TensorType type = TensorType::INT8, std::vector<float> scales = {0.5f},
             int64_t zero_point = 0, int dimension = 0) {
    auto tensor = std::make_unique<passes::TensorT>();
    tensor->shape = shape;
    tensor->type = type;
    tensor->name = "t" + std::to_string(main().tensors.size());
    if (type != TensorType::FLOAT32 && !scales.empty()) {
      tensor->quantization = std::make_unique<tflite::QuantizationParametersT>();
      tensor->quantization->zero_point.assign(scales.size(), zero_point);
      tensor->quantization->scale = std::move(scales);
      tensor->quantization->quantized_dimension = dimension;
    }
    main().tensors.push_back(std::move(tensor));
    return static_cast<int>(main().tensors.size()) - 1;
  }
  int Input(int tensor) {
    main().inputs.push_back(tensor);
    return tensor;
  }
  void Output(int tensor) { main().outputs.push_back(tensor); }

  template <typename T>
  int Constant(int tensor, const std::vector<T>& values) {
    model_.buffers.push_back(std::make_unique<tflite::BufferT>());
    model_.buffers.back()->data.resize(values.size() * sizeof(T));
    std::memcpy(model_.buffers.back()->data.data(), values.data(), values.size() * sizeof(T));
    main().tensors[static_cast<size_t>(tensor)]->buffer = static_cast<uint32_t>(model_.buffers.size()) - 1;
    return tensor;
  }
  int Int8(const Shape& shape, const std::vector<int8_t>& values, std::vector<float> scales = {0.01f}, int dim = 0) {
    return Constant(Tensor(shape, TensorType::INT8, std::move(scales), 0, dim), values);
  }
  int Int32(const std::vector<int32_t>& values) {
    return Constant(Tensor({static_cast<int32_t>(values.size())}, TensorType::INT32, {}), values);
  }

  OperatorT& Operator(Code code, std::vector<int32_t> inputs, std::vector<int32_t> outputs, int version = 1) {
    auto entry = std::make_unique<tflite::OperatorCodeT>();
    entry->builtin_code = code;
    entry->deprecated_builtin_code = static_cast<int8_t>(std::min(static_cast<int>(code), 127));
    entry->version = version;
    auto op = std::make_unique<OperatorT>();
    op->opcode_index = static_cast<uint32_t>(model_.operator_codes.size());
    op->inputs = std::move(inputs);
    op->outputs = std::move(outputs);
    model_.operator_codes.push_back(std::move(entry));
    main().operators.push_back(std::move(op));
    return *main().operators.back();
  }
  int Reshape(int x, const Shape& shape) {
    const int y = Tensor(shape);
    tflite::ReshapeOptionsT options;
    options.new_shape = shape;
    SetOptions(Operator(Code::RESHAPE, {x}, {y}), BuiltinOptions::ReshapeOptions, options);
    return y;
  }
  void Convolve(int x, int weights, int bias, int y, Padding padding = Padding::SAME, int stride = 1,
                ActivationFunctionType activation = ActivationFunctionType::NONE) {
    tflite::Conv2DOptionsT options;
    options.padding = padding;
    options.stride_w = options.stride_h = stride;
    options.fused_activation_function = activation;
    SetOptions(Operator(Code::CONV_2D, {x, weights, bias}, {y}, 3), BuiltinOptions::Conv2DOptions, options);
  }
  void Depthwise(int x, int weights, int bias, int y, Padding padding = Padding::SAME, int stride = 1,
                 ActivationFunctionType activation = ActivationFunctionType::NONE) {
    tflite::DepthwiseConv2DOptionsT options;
    options.padding = padding;
    options.stride_w = options.stride_h = stride;
    options.depth_multiplier = 1;
    options.fused_activation_function = activation;
    SetOptions(Operator(Code::DEPTHWISE_CONV_2D, {x, weights, bias}, {y}, 3), BuiltinOptions::DepthwiseConv2DOptions,
               options);
  }
  void Dense(int x, int weights, int bias, int y) {
    SetOptions(Operator(Code::FULLY_CONNECTED, {x, weights, bias}, {y}, 4), BuiltinOptions::FullyConnectedOptions,
               tflite::FullyConnectedOptionsT{});
  }

  std::vector<std::byte> Bytes() const { return passes::Pack(model_); }

 private:
  tflite::SubGraphT& main() { return *model_.subgraphs.back(); }
  tflite::ModelT model_;
};

/// Bytes that floats and integers of all types can be.
void FillInputs(runtime::Network& network, Random& random) {
  for (int i = 0; i < network.input_count(); ++i) {
    const kernels::Tensor input = network.input(i);
    for (int32_t k = 0; k < input.shape.Count(); ++k) {
      if (input.type == kernels::Type::kFloat32) {
        input.As<float>()[k] = static_cast<float>(random() % 4001) / 1000 - 2;
      } else {
        for (size_t byte = 0; byte < kernels::BytesOf(input.type); ++byte) {
          input.As<uint8_t>()[static_cast<size_t>(k) * kernels::BytesOf(input.type) + byte] =
              static_cast<uint8_t>(input.type == kernels::Type::kBool ? random() % 2 : random());
        }
      }
    }
  }
}

/// The outputs of a few runs in a row, one behind the other; from memory that held other things before.
std::vector<uint8_t> Answers(std::span<const std::byte> model, int runs = 2) {
  const AlignedMemory file(model);
  auto loaded = LoadNetwork(file.span(), kernels::AllOperators());
  EXPECT_TRUE(loaded) << loaded.error().message;
  std::vector<uint8_t> answers;
  if (!loaded) return answers;
  Random random(1);
  for (int run = 0; run < runs; ++run) {
    FillInputs(loaded->network, random);
    EXPECT_TRUE(ok(loaded->network.Invoke()));
    for (int i = 0; i < loaded->network.output_count(); ++i) {
      const kernels::Tensor output = loaded->network.output(i);
      const uint8_t* data = output.As<uint8_t>();
      answers.insert(answers.end(), data, data + output.SizeBytes());
    }
  }
  return answers;
}

/// What is left after some passes, which must answer as before.
struct Simplified {
  explicit Simplified(const Sketch& sketch, const PassOptions& options = {}, int runs = 8) {
    const std::vector<std::byte> before = sketch.Bytes();
    auto simplified = Simplify(before, options, &report);
    EXPECT_TRUE(simplified) << simplified.error().message;
    if (!simplified) return;
    bytes = *simplified;
    EXPECT_EQ(Answers(bytes, runs), Answers(before, runs));
    graph.emplace(tflite::UnPackModel(bytes.data()));
  }
  /// "CONV_2D RESHAPE"
  std::string operators() const {
    std::string names;
    for (size_t i = 0; i < graph->operator_count(); ++i) {
      names += (i == 0 ? "" : " ") + std::string(EnumNameBuiltinOperator(graph->CodeOf(graph->OperatorAt(i))));
    }
    return names;
  }
  Shape ShapeOfInput(size_t op, size_t input) const {
    const OperatorT& about = graph->OperatorAt(op);
    return Graph::Has(about, input) ? graph->TensorAt(about.inputs[input]).shape : Shape{};
  }

  PassReport report;
  std::vector<std::byte> bytes;
  std::optional<Graph> graph;
};

std::vector<int8_t> RandomWeights(size_t count, Random& random) {
  std::vector<int8_t> weights(count);
  for (int8_t& weight : weights) weight = static_cast<int8_t>(static_cast<int>(random() % 255) - 127);
  return weights;
}

/// Sets the weights of output `o` of [O, per_output] to zero.
void Silence(std::vector<int8_t>& weights, size_t o, size_t per_output) {
  std::fill_n(weights.begin() + static_cast<std::ptrdiff_t>(o * per_output), per_output, int8_t{0});
}

TEST(Passes, HaveNamesOfTheirOwnAndRefuseOthers) {
  std::set<std::string> names;
  for (const PassInfo& pass : Passes()) EXPECT_TRUE(names.insert(pass.name).second) << pass.name;
  EXPECT_TRUE(names.contains("dead_channels"));
  const auto refused = Simplify(Sketch().Bytes(), {.without = {"dead_chanels"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, Status::kInvalidArgument);
  EXPECT_NE(refused.error().message.find("dead_channels"), std::string::npos) << refused.error().message;
}

TEST(Passes, RefuseWhatTheRuntimeRefuses) {
  std::vector<std::byte> bytes = Sketch().Bytes();
  bytes.resize(bytes.size() / 2);
  EXPECT_FALSE(Simplify(bytes));
}

TEST(ConstantFolding, ComputesWhatDependsOnConstantsOnly) {
  Sketch sketch;
  const int x = sketch.Input(sketch.Tensor({1, 3}, TensorType::FLOAT32));
  const int weights = sketch.Tensor({1, 3}, TensorType::FLOAT32);
  sketch.Operator(Code::DEQUANTIZE, {sketch.Int8({1, 3}, {3, -4, 5})}, {weights}, 2);
  const int y = sketch.Tensor({1, 3}, TensorType::FLOAT32);
  SetOptions(sketch.Operator(Code::ADD, {x, weights}, {y}), BuiltinOptions::AddOptions, tflite::AddOptionsT{});
  sketch.Output(y);
  EXPECT_EQ(Simplified(sketch).operators(), "ADD");
  EXPECT_EQ(Simplified(sketch, {.without = {"constant_folding"}}).operators(), "DEQUANTIZE ADD");
  // 3 bytes would become 12.
  EXPECT_EQ(Simplified(sketch, {.most_growth_bytes = 8}).operators(), "DEQUANTIZE ADD");
  EXPECT_EQ(Simplified(sketch, {.most_growth_bytes = 9}).operators(), "ADD");
}

TEST(ConstantFolding, KnowsTheShapeOfWhatIsNotConstant) {
  Sketch sketch;
  const int x = sketch.Input(sketch.Tensor({2, 3}));
  const int shape = sketch.Tensor({2}, TensorType::INT32, {});
  tflite::ShapeOptionsT options;
  options.out_type = TensorType::INT32;
  SetOptions(sketch.Operator(Code::SHAPE, {x}, {shape}), BuiltinOptions::ShapeOptions, options);
  const int y = sketch.Tensor({3, 2});
  sketch.Operator(Code::RESHAPE, {x, shape}, {y});
  sketch.Output(y);
  EXPECT_EQ(Simplified(sketch).operators(), "RESHAPE");
}

TEST(Identity, RemovesWhatChangesNothingAndMakesOneViewOfMany) {
  Sketch sketch;
  const int x = sketch.Input(sketch.Tensor({1, 2, 3}));
  int y = sketch.Reshape(x, {1, 2, 3});
  const int requantised = sketch.Tensor({1, 2, 3});
  sketch.Operator(Code::QUANTIZE, {y}, {requantised}, 2);
  const int turned = sketch.Tensor({2, 1, 3});  // the elements stay in their order
  sketch.Operator(Code::TRANSPOSE, {requantised, sketch.Int32({1, 0, 2})}, {turned});
  y = sketch.Reshape(sketch.Reshape(turned, {3, 2}), {6});
  const int z = sketch.Tensor({6});
  sketch.Operator(Code::ABS, {y}, {z});
  sketch.Output(z);
  EXPECT_EQ(Simplified(sketch).operators(), "RESHAPE ABS");
  EXPECT_EQ(Simplified(sketch, {.without = {"identity"}}).operators(),
            "RESHAPE QUANTIZE TRANSPOSE RESHAPE RESHAPE ABS");
}

TEST(Identity, LeavesWhatIsSeenFromOutside) {
  Sketch sketch;
  const int x = sketch.Input(sketch.Tensor({2, 3}));
  sketch.Output(sketch.Reshape(x, {2, 3}));  // the input itself cannot be the output
  const int y = sketch.Tensor({2, 3});
  sketch.Operator(Code::ABS, {x}, {y});
  sketch.Output(sketch.Reshape(y, {2, 3}));  // here ABS can write the output
  const Simplified simplified(sketch);
  EXPECT_EQ(simplified.operators(), "RESHAPE ABS");
  EXPECT_EQ(simplified.graph->main().outputs.size(), 2u);
}

TEST(Identity, KeepsTransposesThatMoveSomethingButMergesTwo) {
  Sketch sketch;
  const int x = sketch.Input(sketch.Tensor({2, 3, 4}));
  const int y = sketch.Tensor({3, 4, 2}), z = sketch.Tensor({4, 2, 3});
  sketch.Operator(Code::TRANSPOSE, {x, sketch.Int32({1, 2, 0})}, {y});
  sketch.Operator(Code::TRANSPOSE, {y, sketch.Int32({1, 2, 0})}, {z});
  sketch.Output(z);
  EXPECT_EQ(Simplified(sketch).operators(), "TRANSPOSE");
}

Sketch RoundTrip(float scale) {
  Sketch sketch;
  const int x = sketch.Input(sketch.Tensor({4}));
  const int real = sketch.Tensor({4}, TensorType::FLOAT32), stored = sketch.Tensor({4}, TensorType::INT8, {scale}, 3);
  sketch.Operator(Code::DEQUANTIZE, {x}, {real}, 2);
  sketch.Operator(Code::QUANTIZE, {real}, {stored});
  sketch.Output(stored);
  return sketch;
}

TEST(RequantiseFusion, SkipsARoundTripThroughRealNumbersThatChangesNoBit) {
  EXPECT_EQ(Simplified(RoundTrip(0.5f)).operators(), "QUANTIZE");
  EXPECT_EQ(Simplified(RoundTrip(0.25f)).operators(), "QUANTIZE");
  // To a quarter of the number: fixed point rounds twice.
  EXPECT_EQ(Simplified(RoundTrip(2.0f)).operators(), "DEQUANTIZE QUANTIZE");
  EXPECT_EQ(Simplified(RoundTrip(0.5f), {.without = {"requantise_fusion"}}).operators(), "DEQUANTIZE QUANTIZE");
}

TEST(RequantiseFusion, KeepsARequantisationThatLosesBits) {
  Sketch sketch;
  const int x = sketch.Input(sketch.Tensor({4}));
  const int coarse = sketch.Tensor({4}, TensorType::INT8, {2.0f}), fine = sketch.Tensor({4});
  sketch.Operator(Code::QUANTIZE, {x}, {coarse}, 2);
  sketch.Operator(Code::QUANTIZE, {coarse}, {fine}, 2);
  sketch.Output(fine);
  EXPECT_EQ(Simplified(sketch).operators(), "QUANTIZE QUANTIZE");
}

Sketch ConvolutionAndRelu(float relu_scale, ActivationFunctionType before) {
  Random random(3);
  Sketch sketch;
  const int x = sketch.Input(sketch.Tensor({1, 4, 4, 2}));
  const int y = sketch.Tensor({1, 4, 4, 3}, TensorType::INT8, {0.05f}, -20);
  sketch.Convolve(x, sketch.Int8({3, 1, 1, 2}, RandomWeights(6, random)), sketch.Int32({1, 2, 3}), y, Padding::SAME, 1,
                  before);
  const int z = sketch.Tensor({1, 4, 4, 3}, TensorType::INT8, {relu_scale}, -20);
  sketch.Operator(Code::RELU, {y}, {z});
  sketch.Output(z);
  return sketch;
}

TEST(ActivationFusion, LeavesAReluToTheConvolutionWhenTheNumbersMeanTheSame) {
  const Simplified fused(ConvolutionAndRelu(0.05f, ActivationFunctionType::NONE));
  EXPECT_EQ(fused.operators(), "CONV_2D");
  EXPECT_EQ(fused.graph->OperatorAt(0).builtin_options.AsConv2DOptions()->fused_activation_function,
            ActivationFunctionType::RELU);
  EXPECT_EQ(Simplified(ConvolutionAndRelu(0.05f, ActivationFunctionType::NONE), {.without = {"activation_fusion"}})
                .operators(),
            "CONV_2D RELU");
  EXPECT_EQ(Simplified(ConvolutionAndRelu(0.06f, ActivationFunctionType::NONE)).operators(), "CONV_2D RELU");
}

TEST(ActivationFusion, KnowsWhatTwoActivationsComeTo) {
  // 6 / 0.05 steps above -20 is 100: a RELU behind RELU6 changes nothing.
  const Simplified fused(ConvolutionAndRelu(0.05f, ActivationFunctionType::RELU6));
  EXPECT_EQ(fused.operators(), "CONV_2D");
  EXPECT_EQ(fused.graph->OperatorAt(0).builtin_options.AsConv2DOptions()->fused_activation_function,
            ActivationFunctionType::RELU6);
  // Between -1 and 1, then above 0, is none that there is.
  EXPECT_EQ(Simplified(ConvolutionAndRelu(0.05f, ActivationFunctionType::RELU_N1_TO_1)).operators(), "CONV_2D RELU");
}

Sketch PaddedConvolution(int size, int stride, int before, int after) {
  Random random(4);
  Sketch sketch;
  const int padded = size + before + after, output = (padded - 3) / stride + 1;
  const int x = sketch.Input(sketch.Tensor({1, size, size, 2}, TensorType::INT8, {0.5f}, 7));
  const int y = sketch.Tensor({1, padded, padded, 2}, TensorType::INT8, {0.5f}, 7);
  const int paddings = sketch.Constant(sketch.Tensor({4, 2}, TensorType::INT32, {}),
                                       std::vector<int32_t>{0, 0, before, after, before, after, 0, 0});
  sketch.Operator(Code::PAD, {x, paddings}, {y});
  const int z = sketch.Tensor({1, output, output, 4}, TensorType::INT8, {2.0f}, 5);
  sketch.Convolve(y, sketch.Int8({4, 3, 3, 2}, RandomWeights(72, random)), sketch.Int32({0, 1, 2, 3}), z,
                  Padding::VALID, stride);
  sketch.Output(z);
  return sketch;
}

TEST(PaddingFusion, LeavesABorderToTheConvolutionWhoseOwnIsTheSame) {
  EXPECT_EQ(Simplified(PaddedConvolution(6, 1, 1, 1)).operators(), "CONV_2D");
  EXPECT_EQ(Simplified(PaddedConvolution(6, 2, 0, 1)).operators(), "CONV_2D");
  EXPECT_EQ(Simplified(PaddedConvolution(7, 2, 1, 1)).operators(), "CONV_2D");
  // SAME would begin on the first pixel here: that is why the border is explicit.
  EXPECT_EQ(Simplified(PaddedConvolution(6, 2, 1, 1)).operators(), "PAD CONV_2D");
  EXPECT_EQ(Simplified(PaddedConvolution(6, 1, 2, 2)).operators(), "PAD CONV_2D");
  EXPECT_EQ(Simplified(PaddedConvolution(6, 1, 1, 1), {.without = {"padding_fusion"}}).operators(), "PAD CONV_2D");
}

TEST(DepthwiseOneChannel, BecomesAPlainConvolution) {
  Random random(5);
  Sketch sketch;
  const int x = sketch.Input(sketch.Tensor({1, 5, 5, 1}, TensorType::INT8, {0.5f}, 7));
  const int y = sketch.Tensor({1, 5, 5, 3}, TensorType::INT8, {1.0f}, -5);
  sketch.Depthwise(x, sketch.Int8({1, 3, 3, 3}, RandomWeights(27, random), {0.01f, 0.02f, 0.03f}, 3),
                   sketch.Int32({10, 20, 30}), y, Padding::SAME, 1, ActivationFunctionType::RELU);
  sketch.Output(y);
  const Simplified simplified(sketch);
  EXPECT_EQ(simplified.operators(), "CONV_2D");
  EXPECT_EQ(simplified.ShapeOfInput(0, 1), (Shape{3, 3, 3, 1}));
  EXPECT_EQ(Simplified(sketch, {.without = {"depthwise_one_channel"}}).operators(), "DEPTHWISE_CONV_2D");
}

/// Pointwise, depthwise 3x3, pointwise. Channel 1 of 4 is the constant `constant` behind the first, whose outputs have
/// zero point -10; a depthwise filter of `depthwise_weight` in all places waits for it.
Sketch Separable(int32_t constant, int8_t depthwise_weight, Padding padding = Padding::SAME) {
  Random random(6);
  Sketch sketch;
  const int size = 5, inner = padding == Padding::SAME ? size : size - 2;
  const int x = sketch.Input(sketch.Tensor({1, size, size, 3}, TensorType::INT8, {1.0f}, 4));
  std::vector<int8_t> first = RandomWeights(12, random), filters = RandomWeights(36, random);
  Silence(first, 1, 3);
  for (size_t tap = 0; tap < 9; ++tap) filters[tap * 4 + 1] = depthwise_weight;
  const int a = sketch.Tensor({1, size, size, 4}, TensorType::INT8, {1.0f}, -10);
  // Weights have scale 1/64: a bias of 64 is one step.
  sketch.Convolve(x, sketch.Int8({4, 1, 1, 3}, first, {1.0f / 64}), sketch.Int32({5, 64 * (constant + 10), -7, 99}), a);
  const int b = sketch.Tensor({1, inner, inner, 4}, TensorType::INT8, {4.0f}, 3);
  sketch.Depthwise(a, sketch.Int8({1, 3, 3, 4}, filters, {1.0f / 64}), sketch.Int32({1, 2000, 3, 4}), b, padding);
  const int c = sketch.Tensor({1, inner, inner, 2}, TensorType::INT8, {4.0f}, 1);
  sketch.Convolve(b, sketch.Int8({2, 1, 1, 4}, RandomWeights(8, random), {1.0f / 32}), -1, c);
  sketch.Output(c);
  return sketch;
}

void ExpectChannels(const Simplified& simplified, int32_t channels) {
  EXPECT_EQ(simplified.operators(), "CONV_2D DEPTHWISE_CONV_2D CONV_2D");
  EXPECT_EQ(simplified.ShapeOfInput(0, 1), (Shape{channels, 1, 1, 3}));
  EXPECT_EQ(simplified.ShapeOfInput(1, 0).back(), channels);
  EXPECT_EQ(simplified.ShapeOfInput(1, 1), (Shape{1, 3, 3, channels}));
  EXPECT_EQ(simplified.ShapeOfInput(2, 1), (Shape{2, 1, 1, channels}));
}

TEST(DeadChannels, GoThroughPointwiseDepthwisePointwise) {
  const Simplified simplified(Separable(-10, 100));
  ExpectChannels(simplified, 3);
  // What the constant contributed is a bias now, where there was none.
  EXPECT_EQ(simplified.ShapeOfInput(2, 2), (Shape{2}));
  EXPECT_EQ(simplified.report.macs_before - simplified.report.macs_after, 25 * (3 + 9 + 2));
  ExpectChannels(Simplified(Separable(-10, 100), {.without = {"dead_channels"}}), 4);
}

TEST(DeadChannels, StayWhereTheyFillAGroup) {
  ExpectChannels(Simplified(Separable(-10, 100), {.channels_together = 4}), 4);
  ExpectChannels(Simplified(Separable(-10, 100), {.channels_together = 3}), 3);
}

TEST(DeadChannels, StayWhereTheBorderMakesADifference) {
  const Simplified simplified(Separable(50, 100));
  ExpectChannels(simplified, 4);
  EXPECT_TRUE(simplified.report.lines.empty());
}

TEST(DeadChannels, GoWhereTheBorderMakesNone) {
  ExpectChannels(Simplified(Separable(50, 0)), 3);
  ExpectChannels(Simplified(Separable(50, 100, Padding::VALID)), 3);
}

TEST(DeadChannels, AreThoseThatSaturateToo) {
  // A bias beyond all sums: the output is at its upper end for every input.
  ExpectChannels(Simplified(Separable(-10, 100)), 3);
  Random random(7);
  Sketch sketch;
  const int x = sketch.Input(sketch.Tensor({1, 6}, TensorType::INT8, {0.1f}, -3));
  const int y = sketch.Tensor({1, 4}, TensorType::INT8, {0.1f}, 0), z = sketch.Tensor({1, 2}, TensorType::INT8, {0.5f});
  sketch.Dense(x, sketch.Int8({4, 6}, RandomWeights(24, random)), sketch.Int32({100, 1000000, -1000000, 10}), y);
  sketch.Dense(y, sketch.Int8({2, 4}, RandomWeights(8, random)), sketch.Int32({7, 8}), z);
  sketch.Output(z);
  const Simplified simplified(sketch);
  EXPECT_EQ(simplified.ShapeOfInput(0, 1), (Shape{2, 6}));
  EXPECT_EQ(simplified.ShapeOfInput(1, 1), (Shape{2, 2}));
}

TEST(DeadChannels, AreThoseThatNobodyReads) {
  Random random(8);
  Sketch sketch;
  const int x = sketch.Input(sketch.Tensor({1, 4, 4, 2}));
  const int a = sketch.Tensor({1, 4, 4, 3}), b = sketch.Tensor({1, 2, 2, 3}), d = sketch.Tensor({1, 2});
  sketch.Convolve(x, sketch.Int8({3, 3, 3, 2}, RandomWeights(54, random)), sketch.Int32({1, 2, 3}), a);
  tflite::Pool2DOptionsT pool;
  pool.stride_w = pool.stride_h = pool.filter_width = pool.filter_height = 2;
  SetOptions(sketch.Operator(Code::MAX_POOL_2D, {a}, {b}, 2), BuiltinOptions::Pool2DOptions, pool);
  std::vector<int8_t> weights = RandomWeights(24, random);
  for (size_t i = 0; i < weights.size(); i += 3) weights[i] = 0;  // channel 0 at every position
  sketch.Dense(sketch.Reshape(b, {1, 12}), sketch.Int8({2, 12}, weights), -1, d);
  sketch.Output(d);
  const Simplified simplified(sketch);
  EXPECT_EQ(simplified.operators(), "CONV_2D MAX_POOL_2D RESHAPE FULLY_CONNECTED");
  EXPECT_EQ(simplified.ShapeOfInput(0, 1), (Shape{2, 3, 3, 2}));
  EXPECT_EQ(simplified.ShapeOfInput(3, 0), (Shape{1, 8}));
  EXPECT_EQ(simplified.ShapeOfInput(3, 1), (Shape{2, 8}));
}

TEST(DeadChannels, NeverLeaveADenseLayerWithOneOfSeveralScales) {
  // With one scale TFLite multiplies floats, with several doubles: another last bit.
  Sketch sketch;
  const int x = sketch.Input(sketch.Tensor({1, 2}));
  const int y = sketch.Tensor({1, 3}), z = sketch.Tensor({1, 2});
  sketch.Dense(x, sketch.Int8({3, 2}, {0, 0, 90, 80, 0, 0}, {0.1f, 0.2f, 0.3f}), -1, y);
  sketch.Dense(y, sketch.Int8({2, 3}, {1, 20, 3, 4, 50, 6}), -1, z);
  sketch.Output(z);
  EXPECT_EQ(Simplified(sketch).ShapeOfInput(0, 1), (Shape{2, 2}));
}

TEST(DeadChannels, StayInEveryOperandOfASumIfOneNeedsThem) {
  for (const bool both : {false, true}) {
    Random random(9);
    Sketch sketch;
    const int x = sketch.Input(sketch.Tensor({1, 3, 3, 2}));
    const int a = sketch.Tensor({1, 3, 3, 4}), b = sketch.Tensor({1, 3, 3, 4}), sum = sketch.Tensor({1, 3, 3, 4});
    const int y = sketch.Tensor({1, 3, 3, 1});
    std::vector<int8_t> first = RandomWeights(8, random), second = RandomWeights(8, random);
    Silence(first, 2, 2);
    if (both) Silence(second, 2, 2);
    sketch.Convolve(x, sketch.Int8({4, 1, 1, 2}, first), sketch.Int32({1, 2, 300, 4}), a);
    sketch.Convolve(x, sketch.Int8({4, 1, 1, 2}, second), sketch.Int32({1, 2, 300, 4}), b);
    SetOptions(sketch.Operator(Code::ADD, {a, b}, {sum}, 2), BuiltinOptions::AddOptions, tflite::AddOptionsT{});
    sketch.Convolve(sum, sketch.Int8({1, 1, 1, 4}, RandomWeights(4, random)), -1, y);
    sketch.Output(y);
    EXPECT_EQ(Simplified(sketch).ShapeOfInput(3, 1), (Shape{1, 1, 1, both ? 3 : 4}));
  }
}

TEST(Unused, LeavesOutWhatNobodyReadsAndKeepsEqualConstantsOnce) {
  Sketch sketch;
  const int x = sketch.Input(sketch.Tensor({1, 2}));
  sketch.Tensor({7, 7});
  sketch.Operator(Code::ABS, {x}, {sketch.Tensor({1, 2})});
  const int y = sketch.Tensor({1, 2}), z = sketch.Tensor({1, 2});
  sketch.Dense(x, sketch.Int8({2, 2}, {90, 20, 30, 40}), -1, y);
  sketch.Dense(y, sketch.Int8({2, 2}, {90, 20, 30, 40}), -1, z);
  sketch.Output(z);
  const Simplified simplified(sketch);
  EXPECT_EQ(simplified.operators(), "FULLY_CONNECTED FULLY_CONNECTED");
  EXPECT_EQ(simplified.graph->main().tensors.size(), 5u);
  EXPECT_EQ(simplified.graph->model().buffers.size(), 2u);  // the empty one, the weights
  EXPECT_EQ(simplified.graph->model().operator_codes.size(), 1u);
  EXPECT_EQ(Simplified(sketch, {.without = {"unused"}}).operators(), "ABS FULLY_CONNECTED FULLY_CONNECTED");
}

TEST(Passes, LeaveOtherSubgraphsAsTheyAre) {
  Sketch sketch;
  const int condition = sketch.Input(sketch.Tensor({1}, TensorType::BOOL, {}));
  const int x = sketch.Input(sketch.Tensor({1, 2}));
  const int same = sketch.Reshape(x, {1, 2}), y = sketch.Tensor({1, 2});
  tflite::IfOptionsT options;
  options.then_subgraph_index = 1;
  options.else_subgraph_index = 2;
  SetOptions(sketch.Operator(Code::IF, {condition, same}, {y}), BuiltinOptions::IfOptions, options);
  sketch.Output(y);
  for (const int8_t weight : {int8_t{50}, int8_t{-50}}) {
    sketch.AddSubgraph();
    const int input = sketch.Input(sketch.Tensor({1, 2})), output = sketch.Tensor({1, 2});
    sketch.Dense(sketch.Reshape(input, {1, 2}), sketch.Int8({2, 2}, {weight, 2, 3, 4}), -1, output);
    sketch.Output(output);
  }
  const Simplified simplified(sketch);
  EXPECT_EQ(simplified.operators(), "IF");
  ASSERT_EQ(simplified.graph->model().subgraphs.size(), 3u);
  EXPECT_EQ(simplified.graph->model().subgraphs[2]->operators.size(), 2u);
}

TEST(Passes, GiveAModelBackAsItIsWhenThereIsNothingToDo) {
  Random random(2);
  Sketch sketch;
  const int y = sketch.Tensor({1, 2});
  sketch.Dense(sketch.Input(sketch.Tensor({1, 3})), sketch.Int8({2, 3}, RandomWeights(6, random)), -1, y);
  sketch.Output(y);
  const Simplified simplified(sketch);
  EXPECT_EQ(simplified.bytes, sketch.Bytes());
  EXPECT_TRUE(simplified.report.lines.empty());
}

TEST(Passes, GiveTheSameBytesEachTime) {
  const std::vector<std::byte> model = Separable(-10, 100).Bytes();
  const auto once = Simplify(model), again = Simplify(model);
  ASSERT_TRUE(once && again);
  EXPECT_EQ(*once, *again);
  const auto twice = Simplify(*once);
  ASSERT_TRUE(twice);
  EXPECT_EQ(*twice, *once) << "there was something left to do";
}

/// A chain of convolutions, sums and the like, many of whose channels are silent, saturated or unread.
class RandomNetwork {
 public:
  explicit RandomNetwork(uint32_t seed) : random_(seed) {
    x_ = sketch_.Input(Tensor());
    for (int layer = Pick(2, 5); layer > 0; --layer) AddLayer();
    if (Pick(0, 1) != 0) {
      const int mean = sketch_.Tensor({1, channels_}, TensorType::INT8, {scale_}, Pick(-128, 127));
      SetOptions(sketch_.Operator(Code::MEAN, {x_, sketch_.Int32({1, 2})}, {mean}, 2), BuiltinOptions::ReducerOptions,
                 tflite::ReducerOptionsT{});
      x_ = mean;
      height_ = width_ = 1;
    } else {
      x_ = sketch_.Reshape(x_, {1, height_ * width_ * channels_});
    }
    const int inputs = height_ * width_ * channels_, outputs = Pick(1, 3);
    const int weights = Weights({outputs, inputs}, outputs, 0), bias = Bias(outputs);
    const int y = sketch_.Tensor({1, outputs}, TensorType::INT8, {scale_}, Pick(-128, 127));
    sketch_.Dense(x_, weights, bias, y);
    sketch_.Output(y);
  }

  Sketch& sketch() { return sketch_; }

 private:
  int Pick(int low, int high) { return low + static_cast<int>(random_() % static_cast<uint32_t>(high - low + 1)); }
  ActivationFunctionType Activation() { return static_cast<ActivationFunctionType>(Pick(0, 3)); }

  /// An image of what is now the size.
  int Tensor() { return sketch_.Tensor({1, height_, width_, channels_}, TensorType::INT8, {scale_}, Pick(-128, 127)); }

  /// Weights of `outputs` outputs along `dimension` of the shape, of which some are zero here and there, at regular
  /// distances, or for a whole output; the scale becomes one that the sums fill more or less.
  int Weights(const Shape& shape, int outputs, int dimension) {
    const auto count = static_cast<size_t>(passes::CountOf(shape));
    std::vector<int8_t> weights = RandomWeights(count, random_);
    const auto step = static_cast<size_t>(Pick(2, 6));
    for (size_t i = 0; i < count && step < 5; i += step) weights[i] = 0;
    const size_t per_output = count / static_cast<size_t>(outputs);
    for (int o = 0; o < outputs; ++o) {
      if (Pick(0, 2) != 0) continue;
      for (size_t i = 0; i < per_output; ++i) {
        weights[dimension == 0 ? static_cast<size_t>(o) * per_output + i
                               : i * static_cast<size_t>(outputs) + static_cast<size_t>(o)] = 0;
      }
    }
    std::vector<float> scales(Pick(0, 1) != 0 ? static_cast<size_t>(outputs) : 1);
    for (float& scale : scales) scale = 0.0005f * static_cast<float>(Pick(5, 15));
    const float spread = 0.005f * 60 * std::sqrt(static_cast<float>(per_output));
    scale_ *= spread * static_cast<float>(Pick(5, 20)) / 10;
    bias_unit_ = 128 * 60 * std::sqrt(static_cast<float>(per_output));
    return sketch_.Int8(shape, weights, scales, dimension);
  }

  int Bias(int outputs) {
    if (Pick(0, 4) == 0) return -1;
    std::vector<int32_t> bias(static_cast<size_t>(outputs));
    for (int32_t& value : bias) {
      value = static_cast<int32_t>(bias_unit_ * static_cast<float>(Pick(-100, 100)) / (Pick(0, 5) == 0 ? 1 : 100));
    }
    return sketch_.Int32(bias);
  }

  void AddLayer() {
    const Padding padding = height_ > 3 && width_ > 3 && Pick(0, 1) != 0 ? Padding::VALID : Padding::SAME;
    const int stride = Pick(1, 2), filter = Pick(0, 1) != 0 ? 3 : 1;
    const auto slide = [&](int& size) { size = (size - (padding == Padding::SAME ? 1 : filter)) / stride + 1; };
    const int inputs = channels_;
    switch (Pick(0, 6)) {
      case 0:
      case 1: {
        channels_ = Pick(1, 8);
        const int weights = Weights({channels_, filter, filter, inputs}, channels_, 0), bias = Bias(channels_);
        slide(height_);
        slide(width_);
        const int y = Tensor();
        sketch_.Convolve(x_, weights, bias, y, padding, stride, Activation());
        x_ = y;
        return;
      }
      case 2:
      case 3: {
        channels_ *= Pick(1, 2);
        const int weights = Weights({1, filter, filter, channels_}, channels_, 3), bias = Bias(channels_);
        slide(height_);
        slide(width_);
        const int y = Tensor();
        sketch_.Depthwise(x_, weights, bias, y, padding, stride, Activation());
        x_ = y;
        return;
      }
      case 4: {  // a second way, and both added
        const int weights = Weights({channels_, 1, 1, channels_}, channels_, 0), bias = Bias(channels_);
        const int y = Tensor(), sum = Tensor();
        sketch_.Convolve(x_, weights, bias, y);
        tflite::AddOptionsT add;
        add.fused_activation_function = Activation();
        SetOptions(sketch_.Operator(Code::ADD, {x_, y}, {sum}, 2), BuiltinOptions::AddOptions, add);
        x_ = sum;
        return;
      }
      case 5: {  // a second way, and both side by side
        channels_ = Pick(1, 4);
        const int weights = Weights({channels_, 1, 1, inputs}, channels_, 0), bias = Bias(channels_);
        const int y = Tensor();
        channels_ += inputs;
        const int both = Tensor();
        sketch_.Convolve(x_, weights, bias, y);
        tflite::ConcatenationOptionsT concatenation;
        concatenation.axis = 3;
        SetOptions(sketch_.Operator(Code::CONCATENATION, {x_, y}, {both}, 2), BuiltinOptions::ConcatenationOptions,
                   concatenation);
        x_ = both;
        return;
      }
      default: {
        const int y = Tensor();
        sketch_.Operator(Pick(0, 1) != 0 ? Code::RELU : Code::QUANTIZE, {x_}, {y}, 2);
        x_ = y;
      }
    }
  }

  Random random_;
  Sketch sketch_;
  int x_ = -1, height_ = Pick(3, 7), width_ = Pick(3, 7), channels_ = Pick(1, 5);
  float scale_ = 0.05f, bias_unit_ = 0;
};

TEST(Passes, ChangeNoBitOfRandomNetworks) {
  int64_t before = 0, after = 0;
  for (uint32_t seed = 0; seed < 2000 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const Simplified simplified(RandomNetwork(seed).sketch(), {.channels_together = 1 + seed % 3}, 3);
    before += simplified.report.macs_before;
    after += simplified.report.macs_after;
  }
  EXPECT_LT(after, before * 4 / 5) << "the networks have too little that could go";
}

fs::path GoldenFolder() {
  const char* shared = getenv("THIMBLE_SHARED");
  return (shared != nullptr ? fs::path(shared) : fs::path(THIMBLE_SOURCE_DIR) / "../shared") / "golden";
}

TEST(WellKnownModels, AnswerTheSameWithAndWithoutEachPass) {
  if (!fs::exists(GoldenFolder() / "models")) GTEST_SKIP() << "no reference models: set THIMBLE_SHARED";
  int models = 0;
  for (const auto& entry : fs::directory_iterator(GoldenFolder() / "models")) {
    if (!entry.is_directory()) continue;
    SCOPED_TRACE(entry.path().filename());
    ++models;
    const auto model = ReadTflite(entry.path() / "model.tflite");
    ASSERT_TRUE(model) << model.error().message;
    const std::vector<uint8_t> expected = Answers(model->span(), 1);
    std::vector<std::vector<std::byte>> seen;
    for (size_t left_out = 0; left_out <= Passes().size(); ++left_out) {
      PassOptions options;
      if (left_out < Passes().size()) options.without = {Passes()[left_out].name};
      const auto simplified = Simplify(model->span(), options);
      ASSERT_TRUE(simplified) << simplified.error().message;
      if (std::find(seen.begin(), seen.end(), *simplified) != seen.end()) continue;
      seen.push_back(*simplified);
      EXPECT_EQ(Answers(*simplified, 1), expected) << (options.without.empty() ? "all" : *options.without.begin());
    }
  }
  EXPECT_GE(models, 12);
}

TEST(WellKnownModels, LoseHalfOfTheWorkOfVisualWakeWords) {
  const fs::path file = GoldenFolder() / "models/vww_96_int8/model.tflite";
  if (!fs::exists(file)) GTEST_SKIP() << "no reference models: set THIMBLE_SHARED";
  const auto model = ReadTflite(file);
  ASSERT_TRUE(model) << model.error().message;
  PassReport report;
  ASSERT_TRUE(Simplify(model->span(), {}, &report));
  EXPECT_EQ(report.macs_before, 7489664);
  EXPECT_EQ(report.macs_after, 3772835);
}

TEST(ArchivedModels, AnswerTheSameAfterAllPasses) {
  const fs::path packed = GoldenFolder() / "tflite-models.tar.xz";
  if (!fs::exists(packed)) GTEST_SKIP() << "no model archive: set THIMBLE_SHARED";
  std::string folder = (fs::temp_directory_path() / "thimble-passes-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string command = "tar -xJf '" + packed.string() + "' -C '" + folder + "' --wildcards '*.tflite'";
  ASSERT_EQ(system(command.c_str()), 0) << command;
  int compared = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".tflite") continue;
    SCOPED_TRACE(entry.path().filename());
    const auto model = ReadTflite(entry.path());
    ASSERT_TRUE(model) << model.error().message;
    PassReport report;
    const auto simplified = Simplify(model->span(), {}, &report);
    if (!simplified) {
      EXPECT_NE(simplified.error().status, Status::kFailed) << simplified.error().message;
      continue;
    }
    if (report.lines.empty() && report.macs_before > 3000000) continue;  // nothing changed, and it would take long
    EXPECT_EQ(Answers(*simplified), Answers(model->span()));
    ++compared;
  }
  EXPECT_GE(compared, 200);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

}  // namespace
}  // namespace thimble::compiler
