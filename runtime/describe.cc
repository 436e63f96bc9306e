#ifndef THIMBLE_DEVICE

#include "runtime/describe.h"

#include <cctype>

#include "runtime/model.h"
#include "runtime/schema_generated.h"

namespace thimble::runtime {
namespace {

using kernels::Tensor;
using kernels::Type;

const char* TypeName(Type type) {
  switch (type) {
    case Type::kFloat32:
      return "float32";
    case Type::kInt32:
      return "int32";
    case Type::kUInt8:
      return "uint8";
    case Type::kInt64:
      return "int64";
    case Type::kBool:
      return "bool";
    case Type::kInt16:
      return "int16";
    case Type::kInt8:
      return "int8";
    case Type::kResource:
      return "variable";
    case Type::kAbsent:
      return "absent";
  }
  return "unknown type";
}

std::string DescribeList(const char* one, const Graph& graph, flat::Vector<int32_t> tensors) {
  if (tensors.size() == 0) return std::string("no ") + one;
  std::string text = tensors.size() == 1 ? one : std::string(one) + "s";
  for (int i = 0; i < tensors.size(); ++i) {
    text += (i == 0 ? " " : ", ") + (tensors[i] < 0 ? "absent" : Describe(graph.TensorAt(tensors[i])));
  }
  return text;
}

bool IsAboutOperands(Reason reason) {
  return reason == Reason::kTypeMissing || (reason >= Reason::kInputCount && reason <= Reason::kOperandQuantisation);
}

}  // namespace

std::string Describe(const Tensor& tensor) {
  std::string text = TypeName(tensor.type);
  if (!tensor.present()) return text;
  text += '[';
  for (int i = 0; i < tensor.shape.rank; ++i) text += (i == 0 ? "" : ",") + std::to_string(tensor.shape[i]);
  return text + ']';
}

std::string OperatorName(int tflite_code) {
  const std::string upper = tflite::EnumNameBuiltinOperator(static_cast<tflite::BuiltinOperator>(tflite_code));
  if (upper.empty()) return "builtin " + std::to_string(tflite_code);
  std::string name;
  for (const char letter : upper) name += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return name;
}

std::string Describe(std::span<const std::byte> bytes, std::span<const kernels::Operator* const> operators,
                     const Fault& fault) {
  std::string sentence = Sentence(fault.reason);
  // How far the file itself can be asked depends on how far its verification came.
  Model model;
  Fault of_file;
  const bool verified = ok(model.Open(bytes, of_file));
  std::string where;
  if (fault.subgraph_index > 0) where = "subgraph " + std::to_string(fault.subgraph_index) + ": ";
  if (!verified) {
    if (fault.operator_index >= 0) return where + "operator " + std::to_string(fault.operator_index) + ": " + sentence;
    if (fault.tensor_index >= 0) return where + "tensor " + std::to_string(fault.tensor_index) + ": " + sentence;
    if (fault.byte > 0) return "byte " + std::to_string(fault.byte) + ": " + sentence;
    return sentence;
  }
  const Graph graph = model.GraphAt(fault.subgraph_index);
  if (fault.operator_index >= 0 && fault.operator_index < graph.operator_count()) {
    const Graph::Code code = graph.CodeOf(fault.operator_index);
    where += "operator " + std::to_string(fault.operator_index) + " (" + OperatorName(code.builtin) + "): ";
    if (fault.reason == Reason::kOperatorVersion) {
      sentence += " (version " + std::to_string(code.version);
      for (const kernels::Operator* op : operators) {
        if (op->tflite_code == code.builtin) sentence += "; this program has " + std::to_string(op->max_version);
      }
      sentence += ")";
    }
    if (IsAboutOperands(fault.reason)) {
      sentence += " (" + DescribeList("input", graph, graph.InputsOf(fault.operator_index)) + "; " +
                  DescribeList("output", graph, graph.OutputsOf(fault.operator_index)) + ")";
    }
  }
  if (fault.tensor_index >= 0 && fault.tensor_index < graph.tensor_count()) {
    where += "tensor " + std::to_string(fault.tensor_index);
    if (const std::string_view name = graph.NameOf(fault.tensor_index); !name.empty()) {
      where += " (" + std::string(name) + ")";
    }
    where += ": ";
  }
  return where + sentence;
}

}  // namespace thimble::runtime

#endif  // THIMBLE_DEVICE
