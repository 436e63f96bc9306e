#include "compiler/passes/evaluate.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "compiler/model_file.h"
#include "kernels/all_operators.h"

namespace thimble::compiler::passes {
namespace {

template <typename T>
std::vector<int32_t> Numbers(const std::vector<uint8_t>& data) {
  std::vector<int32_t> numbers(data.size() / sizeof(T));
  for (size_t i = 0; i < numbers.size(); ++i) {
    T value;
    std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
    numbers[i] = value;
  }
  return numbers;
}

template <typename T>
Value AllNumbers() {
  constexpr int32_t kLow = std::numeric_limits<T>::lowest(), kHigh = std::numeric_limits<T>::max();
  Value value = {{kHigh - kLow + 1}, {}};
  for (int32_t i = kLow; i <= kHigh; ++i) {
    const T number = static_cast<T>(i);
    uint8_t bytes[sizeof(T)];
    std::memcpy(bytes, &number, sizeof(T));
    value.data.insert(value.data.end(), bytes, bytes + sizeof(T));
  }
  return value;
}

/// Element i of the output depends on no element of the inputs but i.
bool IsElementwise(Code code) {
  switch (code) {
    case Code::ABS:
    case Code::ADD:
    case Code::DEQUANTIZE:
    case Code::ELU:
    case Code::EXP:
    case Code::HARD_SWISH:
    case Code::LEAKY_RELU:
    case Code::LOG:
    case Code::LOGISTIC:
    case Code::MAXIMUM:
    case Code::MINIMUM:
    case Code::MUL:
    case Code::NEG:
    case Code::PRELU:
    case Code::QUANTIZE:
    case Code::RELU:
    case Code::RELU6:
    case Code::RELU_0_TO_1:
    case Code::RELU_N1_TO_1:
    case Code::RSQRT:
    case Code::SQRT:
    case Code::SQUARE:
    case Code::SUB:
    case Code::TANH:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::vector<int32_t> NumbersOf(tflite::TensorType type, const std::vector<uint8_t>& data) {
  switch (type) {
    case tflite::TensorType::INT8:
      return Numbers<int8_t>(data);
    case tflite::TensorType::UINT8:
      return Numbers<uint8_t>(data);
    case tflite::TensorType::INT16:
      return Numbers<int16_t>(data);
    default:
      return {};
  }
}

std::optional<std::vector<std::vector<uint8_t>>> Evaluate(const Graph& graph, const OperatorT& op,
                                                          const std::map<size_t, Value>& fed,
                                                          const std::vector<int32_t>* output_shape) {
  // A model of this one operator.
  tflite::ModelT model;
  model.version = 3;
  model.operator_codes.push_back(
      std::make_unique<tflite::OperatorCodeT>(*graph.model().operator_codes[op.opcode_index]));
  model.buffers.push_back(std::make_unique<tflite::BufferT>());
  model.subgraphs.push_back(std::make_unique<tflite::SubGraphT>());
  tflite::SubGraphT& main = *model.subgraphs[0];
  main.operators.push_back(std::make_unique<OperatorT>(op));
  OperatorT& only = *main.operators[0];
  only.opcode_index = 0;
  only.intermediates.clear();
  const auto add = [&](int32_t tensor) {
    main.tensors.push_back(std::make_unique<TensorT>(graph.TensorAt(tensor)));
    main.tensors.back()->buffer = 0;
    return static_cast<int32_t>(main.tensors.size()) - 1;
  };
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i] < 0) continue;
    only.inputs[i] = add(op.inputs[i]);
    if (const auto value = fed.find(i); value != fed.end()) {
      main.tensors.back()->shape = value->second.shape;
      main.inputs.push_back(only.inputs[i]);
    } else {
      main.tensors.back()->buffer = static_cast<uint32_t>(model.buffers.size());
      model.buffers.push_back(std::make_unique<tflite::BufferT>());
      model.buffers.back()->data = graph.DataOf(op.inputs[i]);
    }
  }
  for (size_t i = 0; i < op.outputs.size(); ++i) {
    only.outputs[i] = add(op.outputs[i]);
    if (output_shape != nullptr) main.tensors.back()->shape = *output_shape;
    main.outputs.push_back(only.outputs[i]);
  }
  const AlignedMemory file{std::span<const std::byte>(Pack(model))};
  auto loaded = LoadNetwork(file.span(), kernels::AllOperators());
  if (!loaded) return std::nullopt;

  int input = 0;
  for (const auto& [index, value] : fed) {
    const kernels::Tensor tensor = loaded->network.input(input++);
    if (tensor.SizeBytes() != value.data.size()) return std::nullopt;
    std::memcpy(tensor.data, value.data.data(), value.data.size());
  }
  if (!ok(loaded->network.Invoke())) return std::nullopt;
  std::vector<std::vector<uint8_t>> results;
  for (int i = 0; i < loaded->network.output_count(); ++i) {
    const kernels::Tensor tensor = loaded->network.output(i);
    const uint8_t* data = tensor.As<uint8_t>();
    results.emplace_back(data, data + tensor.SizeBytes());
  }
  return results;
}

std::optional<Table> TableOf(const Graph& graph, const OperatorT& op) {
  if (!IsElementwise(graph.CodeOf(op)) || op.outputs.size() != 1) return std::nullopt;
  Table table;
  int fed = 0;
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i] < 0) return std::nullopt;
    if (!graph.IsConstant(op.inputs[i])) {
      table.input = i;
      ++fed;
    } else if (CountOf(graph.TensorAt(op.inputs[i]).shape) != 1) {
      return std::nullopt;
    }
  }
  if (fed != 1) return std::nullopt;
  switch (graph.TensorAt(op.inputs[table.input]).type) {
    case tflite::TensorType::INT8:
      table.input_values = AllNumbers<int8_t>();
      table.lowest = -128;
      break;
    case tflite::TensorType::UINT8:
      table.input_values = AllNumbers<uint8_t>();
      break;
    case tflite::TensorType::INT16:
      table.input_values = AllNumbers<int16_t>();
      table.lowest = -32768;
      break;
    default:
      return std::nullopt;
  }
  // As many dimensions as the widest operand: constants of one element may have some.
  size_t rank = 1;
  for (const int32_t input : op.inputs) rank = std::max(rank, graph.TensorAt(input).shape.size());
  table.input_values.shape.insert(table.input_values.shape.begin(), rank - 1, 1);
  auto outputs = Evaluate(graph, op, {{table.input, table.input_values}}, &table.input_values.shape);
  if (!outputs) return std::nullopt;
  table.outputs = {table.input_values.shape, std::move((*outputs)[0])};
  table.numbers = NumbersOf(graph.TensorAt(op.outputs[0]).type, table.outputs.data);
  return table;
}

}  // namespace thimble::compiler::passes
