#include "trainer/model_tflite.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "runtime/schema_generated.h"
#include "trainer/test_models.h"

namespace thimble::trainer {
namespace {

Model Small(bool softmax) {
  return DenseModel(
      3, {Weights({1, 2, 3, -4, -5, -6}, {0.5f, -0.5f}), Weights(std::vector(8, 0.25f), std::vector(4, 1.0f))},
      softmax);
}

QuantisedModel SmallQuantised() {
  QuantisedModel model;
  model.input_shape = {1, 1, 3};
  model.input = {0.5f, 3};
  const ModelSpec spec = Small(true).spec;
  for (int i = 0; i < 3; ++i) {
    QuantisedLayer& layer = model.layers.emplace_back();
    layer.spec = spec.layers[static_cast<size_t>(i)];
    layer.spec.inputs = {i - 1};
    layer.shape = {1, 1, i == 0 ? 2 : 4};
    layer.source = i;
  }
  model.layers[0].weights = {1, 2, 3, -4, -5, -127};
  model.layers[0].weight_scales = {0.25f, 0.125f};
  model.layers[0].bias = {100, -7};
  model.layers[0].output = {0.75f, -128};
  model.layers[1].weights = {1, 2, 3, 4, 5, 6, 7, 8};
  model.layers[1].weight_scales = {1, 2, 3, 4};
  model.layers[1].bias = {1, 2, 3, 4};
  model.layers[1].output = {2.0f, 5};
  model.layers[2].output = {1.0f / 256, -128};
  return model;
}

const tflite::Model* Verified(const std::vector<std::byte>& file) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(file.data());
  flatbuffers::Verifier verifier(bytes, file.size());
  EXPECT_TRUE(tflite::VerifyModelBuffer(verifier));
  return tflite::GetModel(bytes);
}

template <typename T>
std::vector<T> Constant(const tflite::Model* model, const tflite::Tensor* tensor) {
  const auto* data = model->buffers()->Get(tensor->buffer())->data();
  std::vector<T> values(data->size() / sizeof(T));
  std::memcpy(values.data(), data->data(), data->size());
  return values;
}

template <typename Vector>
auto List(const Vector* vector) {
  return std::vector(vector->begin(), vector->end());
}

TEST(WriteTflite, WritesWhatTheNetworkHolds) {
  const QuantisedModel network = SmallQuantised();
  const auto file = WriteTflite(network);
  const tflite::Model* model = Verified(file);
  EXPECT_EQ(model->version(), 3u);
  EXPECT_EQ(model->description()->str(), "thimble");
  EXPECT_EQ(model->buffers()->Get(0)->data(), nullptr);
  EXPECT_EQ(model->metadata()->Get(0)->name()->str(), "min_runtime_version");
  ASSERT_EQ(model->subgraphs()->size(), 1u);
  const tflite::SubGraph* graph = model->subgraphs()->Get(0);
  ASSERT_EQ(graph->operators()->size(), 3u);

  const auto tensor = [&](int index) { return graph->tensors()->Get(static_cast<unsigned>(index)); };
  const tflite::Tensor* input = tensor(graph->inputs()->Get(0));
  EXPECT_EQ(input->name()->str(), "features");
  EXPECT_EQ(input->type(), tflite::TensorType::INT8);
  EXPECT_EQ(List(input->shape()), (std::vector{1, 3}));
  EXPECT_EQ(input->quantization()->scale()->Get(0), 0.5f);
  EXPECT_EQ(input->quantization()->zero_point()->Get(0), 3);

  const tflite::Operator* dense = graph->operators()->Get(0);
  const tflite::OperatorCode* code = model->operator_codes()->Get(dense->opcode_index());
  EXPECT_EQ(code->builtin_code(), tflite::BuiltinOperator::FULLY_CONNECTED);
  EXPECT_EQ(code->deprecated_builtin_code(), 9);
  EXPECT_EQ(code->version(), 4);
  EXPECT_EQ(dense->builtin_options_as_FullyConnectedOptions()->fused_activation_function(),
            tflite::ActivationFunctionType::RELU);
  const tflite::Tensor* weights = tensor(dense->inputs()->Get(1));
  EXPECT_EQ(List(weights->shape()), (std::vector{2, 3}));
  EXPECT_EQ(Constant<int8_t>(model, weights), network.layers[0].weights);
  EXPECT_EQ(List(weights->quantization()->scale()), network.layers[0].weight_scales);
  EXPECT_EQ(List(weights->quantization()->zero_point()), (std::vector<int64_t>{0, 0}));
  EXPECT_EQ(weights->quantization()->quantized_dimension(), 0);
  const tflite::Tensor* bias = tensor(dense->inputs()->Get(2));
  EXPECT_EQ(bias->type(), tflite::TensorType::INT32);
  EXPECT_EQ(Constant<int32_t>(model, bias), (std::vector<int32_t>{100, -7}));
  EXPECT_EQ(List(bias->quantization()->scale()), (std::vector{0.125f, 0.0625f}));

  // The second layer's input is the first one's output, of scale 0.75.
  const tflite::Tensor* next_bias = tensor(graph->operators()->Get(1)->inputs()->Get(2));
  EXPECT_EQ(List(next_bias->quantization()->scale()), (std::vector{0.75f, 1.5f, 2.25f, 3.0f}));

  const tflite::Operator* softmax = graph->operators()->Get(2);
  EXPECT_EQ(model->operator_codes()->Get(softmax->opcode_index())->builtin_code(), tflite::BuiltinOperator::SOFTMAX);
  EXPECT_EQ(softmax->builtin_options_as_SoftmaxOptions()->beta(), 1.0f);
  const tflite::Tensor* output = tensor(graph->outputs()->Get(0));
  EXPECT_EQ(output->name()->str(), "scores");
  EXPECT_EQ(output->quantization()->scale()->Get(0), 1.0f / 256);
  EXPECT_EQ(output->quantization()->zero_point()->Get(0), -128);
  EXPECT_EQ(List(output->shape()), (std::vector{1, 4}));
}

TEST(WriteTflite, WritesFloatNetworks) {
  const Model network = Small(false);
  const auto file = *WriteTflite(network);
  const tflite::Model* model = Verified(file);
  const tflite::SubGraph* graph = model->subgraphs()->Get(0);
  ASSERT_EQ(graph->operators()->size(), 2u);
  const auto* dense = graph->operators()->Get(1);
  const auto* weights = graph->tensors()->Get(static_cast<unsigned>(dense->inputs()->Get(1)));
  EXPECT_EQ(weights->type(), tflite::TensorType::FLOAT32);
  EXPECT_EQ(Constant<float>(model, weights), network.weights[1].weights);
  EXPECT_EQ(graph->tensors()->Get(static_cast<unsigned>(graph->outputs()->Get(0)))->name()->str(), "values");
  EXPECT_EQ(Verified(*WriteTflite(Small(true)))->subgraphs()->Get(0)->operators()->size(), 3u);
}

TEST(WriteTflite, StartsEveryBufferAtAMultipleOfSixteen) {
  const auto file = WriteTflite(SmallQuantised());
  for (const tflite::Buffer* buffer : *Verified(file)->buffers()) {
    if (buffer->data() == nullptr) continue;
    EXPECT_EQ((reinterpret_cast<const std::byte*>(buffer->data()->data()) - file.data()) % 16, 0);
  }
}

TEST(WriteTflite, WritesTheSameBytesEachTime) {
  EXPECT_EQ(WriteTflite(SmallQuantised()), WriteTflite(SmallQuantised()));
}

// The schema is right if files of many other producers read well with it.
TEST(Schema, ReadsTheGoldenModels) {
  const char* set = std::getenv("THIMBLE_SHARED");
  const std::filesystem::path models =
      std::filesystem::path(set != nullptr ? set : THIMBLE_SOURCE_DIR "/../shared") / "golden" / "models";
  if (!std::filesystem::exists(models)) GTEST_SKIP() << models << " is not here";
  const std::map<std::string, std::string> options_of{{"FULLY_CONNECTED", "FullyConnectedOptions"},
                                                      {"CONV_2D", "Conv2DOptions"},
                                                      {"DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions"},
                                                      {"AVERAGE_POOL_2D", "Pool2DOptions"},
                                                      {"SOFTMAX", "SoftmaxOptions"},
                                                      {"SVDF", "SVDFOptions"}};
  int read = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(models)) {
    if (entry.path().extension() != ".tflite") continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    const std::string file{std::istreambuf_iterator<char>(stream), {}};
    const auto* bytes = reinterpret_cast<const uint8_t*>(file.data());
    flatbuffers::Verifier verifier(bytes, file.size());
    ASSERT_TRUE(tflite::VerifyModelBuffer(verifier)) << entry.path();
    const tflite::Model* model = tflite::GetModel(bytes);
    EXPECT_EQ(model->version(), 3u) << entry.path();
    for (const tflite::Operator* op : *model->subgraphs()->Get(0)->operators()) {
      // An operator's options must be those of its code: that ties the two lists of numbers together.
      const std::string name =
          tflite::EnumNameBuiltinOperator(model->operator_codes()->Get(op->opcode_index())->builtin_code());
      const std::string options = tflite::EnumNameBuiltinOptions(op->builtin_options_type());
      const auto wanted = options_of.find(name);
      if (wanted != options_of.end()) {
        EXPECT_EQ(options, wanted->second) << entry.path();
      }
    }
    ++read;
  }
  EXPECT_EQ(read, 12);
}

}  // namespace
}  // namespace thimble::trainer
