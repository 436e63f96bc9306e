#include "trainer/tflite_writer.h"

#include <array>
#include <cstring>
#include <span>
#include <string>

#include "runtime/schema_generated.h"

namespace thimble::trainer {
namespace {

using tflite::ActivationFunctionType;
using tflite::BuiltinOperator;
using tflite::BuiltinOptions;
using tflite::TensorType;

struct Scales {
  std::vector<float> scales;
  int64_t zero_point = 0;
};

Scales ScalesOf(const Quantisation& grid) { return {{grid.scale}, grid.zero_point}; }

// Collects tensors and operators, then makes the file of them.
class Writer {
 public:
  // An empty buffer comes first: it is what tensors without constant data refer to.
  Writer() { AddBuffer({}); }

  // The index of a tensor that is computed at run time.
  int AddTensor(const std::string& name, const std::vector<int32_t>& shape, TensorType type, const Scales& scales) {
    tensors_.push_back(CreateTensor(name, shape, type, 0, scales));
    return static_cast<int>(tensors_.size()) - 1;
  }

  // The index of a tensor with these values.
  template <typename T>
  int AddConstant(const std::string& name, const std::vector<int32_t>& shape, TensorType type,
                  const std::vector<T>& values, const Scales& scales) {
    const uint32_t buffer = AddBuffer(std::as_bytes(std::span(values)));
    tensors_.push_back(CreateTensor(name, shape, type, buffer, scales));
    return static_cast<int>(tensors_.size()) - 1;
  }

  void AddFullyConnected(bool relu, int version, const std::vector<int32_t>& inputs, int output) {
    const auto options = tflite::CreateFullyConnectedOptions(
        builder_, relu ? ActivationFunctionType::RELU : ActivationFunctionType::NONE);
    AddOperator(BuiltinOperator::FULLY_CONNECTED, version, inputs, output, BuiltinOptions::FullyConnectedOptions,
                options.Union());
  }

  void AddSoftmax(int version, int input, int output) {
    const auto options = tflite::CreateSoftmaxOptions(builder_, 1.0f);
    AddOperator(BuiltinOperator::SOFTMAX, version, {input}, output, BuiltinOptions::SoftmaxOptions, options.Union());
  }

  // `minimum_version` of TensorFlow Lite, which its tools show.
  std::vector<std::byte> Finish(int input, int output, const std::string& minimum_version) && {
    std::array<char, 16> version{};  // a fixed size, filled up with zeros, is what TensorFlow's converter writes
    minimum_version.copy(version.data(), version.size() - 1);
    const auto metadata = tflite::CreateMetadataDirect(builder_, "min_runtime_version",
                                                       AddBuffer(std::as_bytes(std::span<const char>(version))));
    const std::vector<int32_t> inputs{input};
    const std::vector<int32_t> outputs{output};
    const std::vector subgraphs{
        tflite::CreateSubGraphDirect(builder_, &tensors_, &inputs, &outputs, &operators_, "main")};
    const std::vector metadata_list{metadata};
    const auto model = tflite::CreateModelDirect(builder_, kSchemaVersion, &operator_codes_, &subgraphs, "thimble",
                                                 &buffers_, nullptr, &metadata_list);
    tflite::FinishModelBuffer(builder_, model);
    const auto bytes = std::as_bytes(std::span(builder_.GetBufferPointer(), builder_.GetSize()));
    return {bytes.begin(), bytes.end()};
  }

 private:
  static constexpr uint32_t kSchemaVersion = 3;

  uint32_t AddBuffer(std::span<const std::byte> bytes) {
    std::vector<uint8_t> data(bytes.size());
    if (!bytes.empty()) std::memcpy(data.data(), bytes.data(), bytes.size());
    buffers_.push_back(tflite::CreateBufferDirect(builder_, data.empty() ? nullptr : &data));
    return static_cast<uint32_t>(buffers_.size()) - 1;
  }

  flatbuffers::Offset<tflite::Tensor> CreateTensor(const std::string& name, const std::vector<int32_t>& shape,
                                                   TensorType type, uint32_t buffer, const Scales& scales) {
    flatbuffers::Offset<tflite::QuantizationParameters> quantization;
    if (!scales.scales.empty()) {
      const std::vector<int64_t> zero_points(scales.scales.size(), scales.zero_point);
      quantization =
          tflite::CreateQuantizationParametersDirect(builder_, nullptr, nullptr, &scales.scales, &zero_points);
    }
    return tflite::CreateTensorDirect(builder_, &shape, type, buffer, name.c_str(), quantization);
  }

  void AddOperator(BuiltinOperator code, int version, const std::vector<int32_t>& inputs, int output,
                   BuiltinOptions options_type, flatbuffers::Offset<void> options) {
    size_t index = 0;
    while (index < codes_.size() && codes_[index] != code) ++index;
    if (index == codes_.size()) {
      codes_.push_back(code);
      operator_codes_.push_back(tflite::CreateOperatorCode(builder_, static_cast<int8_t>(code), 0, version, code));
    }
    const std::vector<int32_t> outputs{output};
    operators_.push_back(
        tflite::CreateOperatorDirect(builder_, static_cast<uint32_t>(index), &inputs, &outputs, options_type, options));
  }

  flatbuffers::FlatBufferBuilder builder_;
  std::vector<BuiltinOperator> codes_;
  std::vector<flatbuffers::Offset<tflite::OperatorCode>> operator_codes_;
  std::vector<flatbuffers::Offset<tflite::Tensor>> tensors_;
  std::vector<flatbuffers::Offset<tflite::Operator>> operators_;
  std::vector<flatbuffers::Offset<tflite::Buffer>> buffers_;
};

std::string LayerName(size_t index) { return "dense_" + std::to_string(index); }

// What the last tensor holds: of a classifier one score a label, of a regressor one value a target.
const char* OutputName(bool softmax) { return softmax ? "scores" : "values"; }

}  // namespace

std::vector<std::byte> WriteTflite(const QuantisedNetwork& network) {
  // The operator versions that brought int8.
  constexpr int kFullyConnectedVersion = 4;
  constexpr int kSoftmaxVersion = 2;
  Writer writer;
  const int input = writer.AddTensor("features", {1, network.input_count()}, TensorType::INT8, ScalesOf(network.input));
  int value = input;
  float input_scale = network.input.scale;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const QuantisedDenseLayer& layer = network.layers[i];
    const bool gives_output = i + 1 == network.layers.size() && !network.softmax;
    std::vector<float> bias_scales = layer.weight_scales;
    for (float& scale : bias_scales) scale *= input_scale;
    const int weights = writer.AddConstant(LayerName(i) + "/weights", {layer.output_count, layer.input_count},
                                           TensorType::INT8, layer.weights, {layer.weight_scales});
    const int bias =
        writer.AddConstant(LayerName(i) + "/bias", {layer.output_count}, TensorType::INT32, layer.bias, {bias_scales});
    const int output = writer.AddTensor(gives_output ? OutputName(false) : LayerName(i), {1, layer.output_count},
                                        TensorType::INT8, ScalesOf(layer.output));
    writer.AddFullyConnected(layer.relu, kFullyConnectedVersion, {value, weights, bias}, output);
    value = output;
    input_scale = layer.output.scale;
  }
  if (network.softmax) {
    const int scores =
        writer.AddTensor(OutputName(true), {1, network.output_count()}, TensorType::INT8, ScalesOf(network.output));
    writer.AddSoftmax(kSoftmaxVersion, value, scores);
    value = scores;
  }
  return std::move(writer).Finish(input, value, "1.14.0");
}

std::vector<std::byte> WriteTflite(const Network& network) {
  Writer writer;
  const int input = writer.AddTensor("features", {1, network.input_count()}, TensorType::FLOAT32, {});
  int value = input;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const DenseLayer& layer = network.layers[i];
    const bool gives_output = i + 1 == network.layers.size() && !network.softmax;
    const int weights = writer.AddConstant(LayerName(i) + "/weights", {layer.output_count, layer.input_count},
                                           TensorType::FLOAT32, layer.weights, {});
    const int bias =
        writer.AddConstant(LayerName(i) + "/bias", {layer.output_count}, TensorType::FLOAT32, layer.bias, {});
    const int output = writer.AddTensor(gives_output ? OutputName(false) : LayerName(i), {1, layer.output_count},
                                        TensorType::FLOAT32, {});
    writer.AddFullyConnected(layer.relu, 1, {value, weights, bias}, output);
    value = output;
  }
  if (network.softmax) {
    const int scores = writer.AddTensor(OutputName(true), {1, network.output_count()}, TensorType::FLOAT32, {});
    writer.AddSoftmax(1, value, scores);
    value = scores;
  }
  return std::move(writer).Finish(input, value, "1.5.0");
}

}  // namespace thimble::trainer
