// Operators whose result is known before anything runs are computed here and now.
#include <algorithm>
#include <optional>
#include <utility>

#include "compiler/passes/evaluate.h"
#include "compiler/passes/pass.h"

namespace thimble::compiler::passes {
namespace {

/// Whether the operator's result depends on nothing but the model.
bool IsKnown(const Graph& graph, const OperatorT& op) {
  // An output of the network must be written when it runs.
  if (graph.HasEffects(op) ||
      std::any_of(op.outputs.begin(), op.outputs.end(), [&](int32_t output) { return graph.IsOutput(output); })) {
    return false;
  }
  // Of its input only the dimensions matter, and those are part of the model.
  if (graph.CodeOf(op) == Code::SHAPE) return true;
  return std::all_of(op.inputs.begin(), op.inputs.end(),
                     [&](int32_t input) { return input < 0 || graph.IsConstant(input); });
}

size_t OutputBytes(const Graph& graph, const OperatorT& op) {
  size_t bytes = 0;
  for (const int32_t output : op.outputs) bytes += graph.View(output).SizeBytes();
  return bytes;
}

/// Bytes of constants that nobody needs any more without this operator.
size_t FreedBytes(const Graph& graph, const OperatorT& op) {
  size_t bytes = 0;
  for (const int32_t input : op.inputs) {
    if (input >= 0 && graph.UseCount(input) == 1) bytes += graph.DataOf(input).size();
  }
  return bytes;
}

/// The dimensions of the operator's input, in the type of its output.
std::vector<uint8_t> DimensionsFor(const Graph& graph, const OperatorT& op) {
  std::vector<uint8_t> data;
  const size_t bytes = graph.TensorAt(op.outputs[0]).type == tflite::TensorType::INT64 ? 8 : 4;
  for (const int32_t dimension : graph.TensorAt(op.inputs[0]).shape) AppendInteger(data, dimension, bytes);
  return data;
}

}  // namespace

std::string FoldConstants(Graph& graph, const PassOptions& options) {
  int folded = 0;
  for (size_t i = 0; i < graph.operator_count();) {
    const OperatorT& op = graph.OperatorAt(i);
    const bool folds =
        IsKnown(graph, op) && OutputBytes(graph, op) <= FreedBytes(graph, op) + options.most_growth_bytes;
    std::optional<std::vector<std::vector<uint8_t>>> known;
    if (folds && graph.CodeOf(op) == Code::SHAPE) {
      known = {DimensionsFor(graph, op)};
    } else if (folds) {
      known = Evaluate(graph, op, {});
    }
    if (!known) {
      ++i;
      continue;
    }
    const std::vector<int32_t> outputs = op.outputs;
    for (size_t k = 0; k < outputs.size(); ++k) {
      auto buffer = std::make_unique<tflite::BufferT>();
      buffer->data = (*known)[k];
      graph.TensorAt(outputs[k]).buffer = static_cast<uint32_t>(graph.model().buffers.size());
      graph.model().buffers.push_back(std::move(buffer));
    }
    graph.Erase(i);
    ++folded;
  }
  return folded == 0 ? "" : Counted(folded, "operator") + " on constants computed beforehand";
}

}  // namespace thimble::compiler::passes
