#include "trainer/tflite_writer.h"

#include <string>
#include <utility>

#include "trainer/internal/tflite_file.h"

namespace thimble::trainer {
namespace {

using tflite::ActivationFunctionType;
using tflite::BuiltinOperator;
using tflite::BuiltinOptions;
using tflite::TensorType;

Scales ScalesOf(const Quantisation& grid) { return {{grid.scale}, grid.zero_point}; }

void AddFullyConnected(TfliteFile& file, bool relu, int version, const std::vector<int32_t>& inputs, int output) {
  const auto options = tflite::CreateFullyConnectedOptions(
      file.builder(), relu ? ActivationFunctionType::RELU : ActivationFunctionType::NONE);
  file.AddOperator(BuiltinOperator::FULLY_CONNECTED, version, inputs, output,
                   {BuiltinOptions::FullyConnectedOptions, options.Union()});
}

void AddSoftmax(TfliteFile& file, int version, int input, int output) {
  const auto options = tflite::CreateSoftmaxOptions(file.builder(), 1.0f);
  file.AddOperator(BuiltinOperator::SOFTMAX, version, {input}, output,
                   {BuiltinOptions::SoftmaxOptions, options.Union()});
}

std::string DenseName(size_t index) { return "dense_" + std::to_string(index); }

// What the last tensor holds: of a classifier one score a label, of a regressor one value a target.
const char* OutputName(bool softmax) { return softmax ? "scores" : "values"; }

}  // namespace

std::vector<std::byte> WriteTflite(const QuantisedNetwork& network) {
  // The operator versions that brought int8.
  constexpr int kFullyConnectedVersion = 4;
  constexpr int kSoftmaxVersion = 2;
  TfliteFile file;
  const int input = file.AddTensor("features", {1, network.input_count()}, TensorType::INT8, ScalesOf(network.input));
  int value = input;
  float input_scale = network.input.scale;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const QuantisedDenseLayer& layer = network.layers[i];
    const bool gives_output = i + 1 == network.layers.size() && !network.softmax;
    std::vector<float> bias_scales = layer.weight_scales;
    for (float& scale : bias_scales) scale *= input_scale;
    const int weights = file.AddConstant(DenseName(i) + "/weights", {layer.output_count, layer.input_count},
                                         TensorType::INT8, layer.weights, {layer.weight_scales});
    const int bias =
        file.AddConstant(DenseName(i) + "/bias", {layer.output_count}, TensorType::INT32, layer.bias, {bias_scales});
    const int output = file.AddTensor(gives_output ? OutputName(false) : DenseName(i), {1, layer.output_count},
                                      TensorType::INT8, ScalesOf(layer.output));
    AddFullyConnected(file, layer.relu, kFullyConnectedVersion, {value, weights, bias}, output);
    value = output;
    input_scale = layer.output.scale;
  }
  if (network.softmax) {
    const int scores =
        file.AddTensor(OutputName(true), {1, network.output_count()}, TensorType::INT8, ScalesOf(network.output));
    AddSoftmax(file, kSoftmaxVersion, value, scores);
    value = scores;
  }
  return std::move(file).Finish(input, value, "1.14.0");
}

std::vector<std::byte> WriteTflite(const Network& network) {
  TfliteFile file;
  const int input = file.AddTensor("features", {1, network.input_count()}, TensorType::FLOAT32, {});
  int value = input;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const DenseLayer& layer = network.layers[i];
    const bool gives_output = i + 1 == network.layers.size() && !network.softmax;
    const int weights = file.AddConstant(DenseName(i) + "/weights", {layer.output_count, layer.input_count},
                                         TensorType::FLOAT32, layer.weights, {});
    const int bias =
        file.AddConstant(DenseName(i) + "/bias", {layer.output_count}, TensorType::FLOAT32, layer.bias, {});
    const int output = file.AddTensor(gives_output ? OutputName(false) : DenseName(i), {1, layer.output_count},
                                      TensorType::FLOAT32, {});
    AddFullyConnected(file, layer.relu, 1, {value, weights, bias}, output);
    value = output;
  }
  if (network.softmax) {
    const int scores = file.AddTensor(OutputName(true), {1, network.output_count()}, TensorType::FLOAT32, {});
    AddSoftmax(file, 1, value, scores);
    value = scores;
  }
  return std::move(file).Finish(input, value, "1.5.0");
}

}  // namespace thimble::trainer
