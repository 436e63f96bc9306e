// Small models for tests of plans: one for each way in which a plan is made.
#ifndef THIMBLE_COMPILER_TEST_PLANS_H_
#define THIMBLE_COMPILER_TEST_PLANS_H_

#include <string>
#include <vector>

#include "base/random.h"
#include "compiler/compile.h"
#include "runtime/test_subgraphs.h"

namespace thimble::compiler {

using runtime::AlignedBytes;
using runtime::ModelBuilder;

inline ModelBuilder::TestTensor Int8(std::vector<int32_t> shape, float scale, int64_t zero_point) {
  return {.shape = std::move(shape), .type = tflite::TensorType::INT8, .scales = {scale}, .zero_points = {zero_point}};
}

inline ModelBuilder::TestTensor Weights(std::vector<int32_t> shape, uint64_t seed) {
  ModelBuilder::TestTensor tensor = Int8(std::move(shape), 0.02f, 0);
  Random random(seed);
  int count = 1;
  for (const int32_t dim : tensor.shape) count *= dim;
  for (int i = 0; i < count; ++i) tensor.data.push_back(static_cast<uint8_t>(random.Below(255) - 127));
  return tensor;
}

inline ModelBuilder::TestTensor Bias(int32_t count, float scale, uint64_t seed) {
  ModelBuilder::TestTensor tensor = {
      .shape = {count}, .type = tflite::TensorType::INT32, .scales = {scale}, .zero_points = {0}};
  Random random(seed);
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<int32_t>(random.Below(2000)) - 1000;
    const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
    tensor.data.insert(tensor.data.end(), bytes, bytes + sizeof value);
  }
  return tensor;
}

/// Image -> convolution -> depthwise convolution -> average pool -> dense -> softmax.
inline ModelBuilder SmallClassifier() {
  using tflite::BuiltinOperator;
  using tflite::BuiltinOptions;
  ModelBuilder model;
  model.tensors = {
      Int8({1, 8, 8, 2}, 0.05f, -3),  // 0
      Weights({8, 3, 3, 2}, 1),
      Bias(8, 0.05f * 0.02f, 2),       // 1, 2
      Int8({1, 8, 8, 8}, 0.1f, -128),  // 3
      Weights({1, 3, 3, 8}, 3),
      Bias(8, 0.1f * 0.02f, 4),     // 4, 5
      Int8({1, 4, 4, 8}, 0.1f, 5),  // 6
      Int8({1, 2, 2, 8}, 0.1f, 5),  // 7
      Weights({4, 32}, 5),
      Bias(4, 0.1f * 0.02f, 6),  // 8, 9
      Int8({1, 4}, 0.3f, 10),
      Int8({1, 4}, 1.0f / 256, -128),  // 10, 11
  };
  const auto convolve = [](auto& builder) {
    return tflite::CreateConv2DOptions(builder, tflite::Padding::SAME, 1, 1, tflite::ActivationFunctionType::RELU)
        .Union();
  };
  const auto depthwise = [](auto& builder) {
    return tflite::CreateDepthwiseConv2DOptions(builder, tflite::Padding::SAME, 2, 2, 1,
                                                tflite::ActivationFunctionType::NONE)
        .Union();
  };
  const auto pool = [](auto& builder) {
    return tflite::CreatePool2DOptions(builder, tflite::Padding::VALID, 2, 2, 2, 2).Union();
  };
  const auto dense = [](auto& builder) { return tflite::CreateFullyConnectedOptions(builder).Union(); };
  const auto softmax = [](auto& builder) { return tflite::CreateSoftmaxOptions(builder, 1.0f).Union(); };
  model.operators = {
      {BuiltinOperator::CONV_2D, {0, 1, 2}, {3}, {BuiltinOptions::Conv2DOptions, convolve}},
      {BuiltinOperator::DEPTHWISE_CONV_2D, {3, 4, 5}, {6}, {BuiltinOptions::DepthwiseConv2DOptions, depthwise}},
      {BuiltinOperator::AVERAGE_POOL_2D, {6}, {7}, {BuiltinOptions::Pool2DOptions, pool}},
      {BuiltinOperator::FULLY_CONNECTED, {7, 8, 9}, {10}, {BuiltinOptions::FullyConnectedOptions, dense}},
      {BuiltinOperator::SOFTMAX, {10}, {11}, {BuiltinOptions::SoftmaxOptions, softmax}},
  };
  model.inputs = {0};
  model.outputs = {11};
  return model;
}

struct NamedModel {
  std::string name;
  ModelBuilder model;
};

/// Packed steps, floats, subgraphs that are chosen and that repeat, a state that lasts.
inline std::vector<NamedModel> SmallModels() {
  return {{"classifier", SmallClassifier()},
          {"adder", runtime::subgraph_models::Adder(1)},
          {"choice", runtime::subgraph_models::Choice()},
          {"counter", runtime::subgraph_models::Counter()},
          {"total", runtime::subgraph_models::Total()}};
}

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_TEST_PLANS_H_
