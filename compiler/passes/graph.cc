#include "compiler/passes/graph.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace thimble::compiler::passes {
namespace {

bool Contains(const std::vector<int32_t>& list, int32_t index) {
  return std::find(list.begin(), list.end(), index) != list.end();
}

}  // namespace

Code Graph::CodeOf(const OperatorT& op) const {
  // Old files have only the byte; newer ones repeat small numbers there and put 127 for those that do not fit.
  const tflite::OperatorCodeT& code = *model_->operator_codes[op.opcode_index];
  const int old_code = static_cast<uint8_t>(code.deprecated_builtin_code);
  return static_cast<Code>(std::max(old_code, static_cast<int>(code.builtin_code)));
}

void Graph::SetCode(OperatorT& op, Code code, int version) {
  auto entry = std::make_unique<tflite::OperatorCodeT>();
  entry->builtin_code = code;
  entry->deprecated_builtin_code = static_cast<int8_t>(std::min(static_cast<int>(code), 127));
  entry->version = version;
  op.opcode_index = static_cast<uint32_t>(model_->operator_codes.size());
  model_->operator_codes.push_back(std::move(entry));
}

bool Graph::IsConstant(int32_t tensor) const {
  return TensorAt(tensor).type != tflite::TensorType::RESOURCE &&
         (!DataOf(tensor).empty() || CountOf(TensorAt(tensor).shape) == 0);
}

bool Graph::IsInput(int32_t tensor) const { return Contains(main().inputs, tensor); }
bool Graph::IsOutput(int32_t tensor) const { return Contains(main().outputs, tensor); }

bool Graph::IsComputed(int32_t tensor) const {
  return !IsConstant(tensor) && !IsInput(tensor) && !TensorAt(tensor).is_variable &&
         TensorAt(tensor).type != tflite::TensorType::RESOURCE && ProducerOf(tensor) >= 0;
}

bool Graph::HasEffects(const OperatorT& op) const {
  switch (CodeOf(op)) {
    case Code::CALL_ONCE:
    case Code::IF:
    case Code::WHILE:
    case Code::VAR_HANDLE:
    case Code::READ_VARIABLE:
    case Code::ASSIGN_VARIABLE:
    case Code::CUSTOM:
      return true;
    default:
      break;
  }
  return op.outputs.empty() || std::any_of(op.inputs.begin(), op.inputs.end(), [&](int32_t input) {
           return input >= 0 && TensorAt(input).is_variable && !IsConstant(input);
         });
}

const std::vector<uint8_t>& Graph::DataOf(int32_t tensor) const {
  return model_->buffers[TensorAt(tensor).buffer]->data;
}

kernels::Tensor Graph::View(int32_t index) const {
  const TensorT& tensor = TensorAt(index);
  kernels::Tensor view;
  view.type = static_cast<kernels::Type>(tensor.type);
  view.shape = {tensor.shape.data(), static_cast<int32_t>(tensor.shape.size())};
  view.constant = IsConstant(index);
  view.variable = tensor.is_variable && !view.constant;
  if (view.constant) view.data = const_cast<uint8_t*>(DataOf(index).data());  // kernels only read constants
  if (tensor.quantization != nullptr && tensor.type != tflite::TensorType::FLOAT32) {
    view.scales = tensor.quantization->scale.data();
    view.scale_count = static_cast<int32_t>(tensor.quantization->scale.size());
    if (!tensor.quantization->zero_point.empty()) {
      view.zero_point = static_cast<int32_t>(tensor.quantization->zero_point[0]);
    }
    view.quantised_dimension = tensor.quantization->quantized_dimension;
  }
  return view;
}

int Graph::ProducerOf(int32_t tensor) const {
  for (size_t i = 0; i < operator_count(); ++i) {
    if (Contains(OperatorAt(i).outputs, tensor)) return static_cast<int>(i);
  }
  return -1;
}

int Graph::UseCount(int32_t tensor) const {
  int64_t uses = 0;
  for (const auto& op : main().operators) uses += std::count(op->inputs.begin(), op->inputs.end(), tensor);
  return static_cast<int>(uses);
}

bool Graph::SameQuantisation(int32_t a, int32_t b) const {
  const kernels::Tensor x = View(a), y = View(b);
  return x.scale_count == y.scale_count && x.zero_point == y.zero_point &&
         std::equal(x.scales, x.scales + x.scale_count, y.scales) &&
         (x.scale_count <= 1 || x.quantised_dimension == y.quantised_dimension);
}

bool Graph::Interchangeable(int32_t a, int32_t b) const {
  return TensorAt(a).type == TensorAt(b).type && TensorAt(a).shape == TensorAt(b).shape && SameQuantisation(a, b);
}

int32_t Graph::AddConstantLike(int32_t model_tensor, std::vector<int32_t> shape, std::span<const uint8_t> data) {
  auto tensor = std::make_unique<TensorT>(TensorAt(model_tensor));
  tensor->shape = std::move(shape);
  tensor->shape_signature.clear();
  tensor->is_variable = false;
  tensor->sparsity = nullptr;
  tensor->buffer = static_cast<uint32_t>(model_->buffers.size());
  auto buffer = std::make_unique<tflite::BufferT>();
  buffer->data.assign(data.begin(), data.end());
  model_->buffers.push_back(std::move(buffer));
  main().tensors.push_back(std::move(tensor));
  return static_cast<int32_t>(main().tensors.size()) - 1;
}

void Graph::SetShape(int32_t tensor, std::vector<int32_t> shape) {
  TensorAt(tensor).shape = std::move(shape);
  TensorAt(tensor).shape_signature.clear();
}

void Graph::MakeReshape(OperatorT& op, int32_t input) {
  if (CodeOf(op) != Code::RESHAPE) SetCode(op, Code::RESHAPE, 1);
  op.inputs = {input};
  tflite::ReshapeOptionsT options;
  options.new_shape = TensorAt(op.outputs[0]).shape;
  SetOptions(op, tflite::BuiltinOptions::ReshapeOptions, std::move(options));
}

bool Graph::Bypass(size_t index, int32_t x) {
  const int32_t y = OperatorAt(index).outputs[0];
  const auto replace = [this](int32_t old_tensor, int32_t new_tensor) {
    for (auto& op : main().operators) std::replace(op->inputs.begin(), op->inputs.end(), old_tensor, new_tensor);
  };
  // A variable changes while the network runs; what was read of it earlier must not.
  if (TensorAt(x).is_variable || IsConstant(x)) return false;
  if (!IsOutput(y)) {
    replace(y, x);
    Erase(index);
    return true;
  }
  if (!IsComputed(x) || IsOutput(x)) return false;
  OperatorT& producer = OperatorAt(static_cast<size_t>(ProducerOf(x)));
  std::replace(producer.outputs.begin(), producer.outputs.end(), x, y);
  replace(x, y);
  Erase(index);
  return true;
}

void Graph::Erase(size_t index) {
  main().operators.erase(main().operators.begin() + static_cast<std::ptrdiff_t>(index));
}

int64_t CountOf(const std::vector<int32_t>& shape) {
  int64_t count = 1;
  for (const int32_t size : shape) count *= size;
  return count;
}

std::vector<int64_t> IntegersOf(const Graph& graph, int32_t tensor) {
  const kernels::Tensor view = graph.View(tensor);
  std::vector<int64_t> values(static_cast<size_t>(view.shape.Count()));
  for (size_t i = 0; i < values.size(); ++i) {
    const auto index = static_cast<int32_t>(i);
    values[i] = view.type == kernels::Type::kInt64 ? view.Int64At(index) : view.As<int32_t>()[i];
  }
  return values;
}

void AppendInteger(std::vector<uint8_t>& data, int64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) data.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

int64_t MacsOf(const Graph& graph) {
  int64_t macs = 0;
  for (const auto& op : graph.main().operators) {
    const Code code = graph.CodeOf(*op);
    if (code != Code::CONV_2D && code != Code::DEPTHWISE_CONV_2D && code != Code::FULLY_CONNECTED) continue;
    const std::vector<int32_t>& weights = graph.TensorAt(op->inputs[1]).shape;
    const int64_t outputs = CountOf(graph.TensorAt(op->outputs[0]).shape);
    if (code == Code::DEPTHWISE_CONV_2D) {
      macs += outputs * weights[1] * weights[2];
    } else {
      macs += outputs * CountOf(weights) / weights[0];
    }
  }
  return macs;
}

std::string Counted(int64_t count, const char* noun) {
  std::string digits = std::to_string(count);
  for (size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits + " " + noun + (count == 1 ? "" : "s");
}

std::vector<std::byte> Pack(const tflite::ModelT& model) {
  flatbuffers::FlatBufferBuilder builder;
  tflite::FinishModelBuffer(builder, tflite::CreateModel(builder, &model));
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

}  // namespace thimble::compiler::passes
