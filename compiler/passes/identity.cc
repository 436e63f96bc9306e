// Operators that only repeat their input go; those that repeat it under another shape become one view.
#include <algorithm>
#include <utility>

#include "compiler/passes/evaluate.h"
#include "compiler/passes/pass.h"

namespace thimble::compiler::passes {
namespace {

/// The order of elements stays when dimensions larger than 1 keep theirs.
bool KeepsOrder(const std::vector<int32_t>& shape, const std::vector<int64_t>& permutation) {
  int64_t last = -1;
  for (const int64_t dimension : permutation) {
    const int64_t d = dimension < 0 ? dimension + static_cast<int64_t>(shape.size()) : dimension;
    if (shape[static_cast<size_t>(d)] == 1) continue;
    if (d < last) return false;
    last = d;
  }
  return true;
}

bool AllOnes(const std::vector<int64_t>& values) {
  return std::all_of(values.begin(), values.end(), [](int64_t value) { return value == 1; });
}

bool IsView(Code code) { return code == Code::RESHAPE || code == Code::SQUEEZE || code == Code::EXPAND_DIMS; }

/// The input whose bytes the operator's output repeats in the same order, or -1.
int32_t RepeatedBy(const Graph& graph, const OperatorT& op) {
  if (op.outputs.size() != 1 || op.inputs.empty() || op.inputs[0] < 0) return -1;
  const Code code = graph.CodeOf(op);
  const int32_t x = op.inputs[code == Code::SPLIT ? 1 : 0], y = op.outputs[0];
  const std::vector<int32_t>& from = graph.TensorAt(x).shape;
  const std::vector<int32_t>& to = graph.TensorAt(y).shape;
  if (graph.TensorAt(x).type != graph.TensorAt(y).type || CountOf(from) != CountOf(to)) return -1;
  const bool repeats = [&] {
    switch (code) {
      case Code::RESHAPE:
      case Code::SQUEEZE:
      case Code::EXPAND_DIMS:
      case Code::CAST:   // to the type that it has
      case Code::SPLIT:  // into one
      case Code::SPLIT_V:
      case Code::UNPACK:
      case Code::SLICE:         // of everything, because nothing is missing
      case Code::BROADCAST_TO:  // as often as once
      case Code::TILE:
        return true;
      case Code::CONCATENATION:  // of one
      case Code::PACK:
      case Code::ADD_N:
        return op.inputs.size() == 1;
      case Code::PAD:  // with nothing
      case Code::PADV2:
      case Code::MIRROR_PAD:
      case Code::SPACE_TO_DEPTH:  // in blocks of one
      case Code::DEPTH_TO_SPACE:
      case Code::SPACE_TO_BATCH_ND:
      case Code::BATCH_TO_SPACE_ND:
        return from == to;
      case Code::TRANSPOSE:
        return graph.IsConstant(op.inputs[1]) && KeepsOrder(from, IntegersOf(graph, op.inputs[1]));
      case Code::STRIDED_SLICE:  // of everything, forwards
        return graph.IsConstant(op.inputs[3]) && AllOnes(IntegersOf(graph, op.inputs[3]));
      case Code::AVERAGE_POOL_2D:
      case Code::MAX_POOL_2D: {
        const auto* options = op.builtin_options.AsPool2DOptions();
        return from == to && options != nullptr && options->filter_width == 1 && options->filter_height == 1 &&
               options->fused_activation_function == tflite::ActivationFunctionType::NONE &&
               graph.TensorAt(x).type != tflite::TensorType::FLOAT32;  // which would lose infinities
      }
      case Code::QUANTIZE: {
        const auto table = TableOf(graph, op);
        return table && table->outputs.data == table->input_values.data;
      }
      default:
        return false;
    }
  }();
  return repeats ? x : -1;
}

/// A TRANSPOSE of a TRANSPOSE becomes one of the first one's input.
bool MergeTransposes(Graph& graph, OperatorT& op) {
  if (graph.CodeOf(op) != Code::TRANSPOSE || !graph.IsConstant(op.inputs[1])) return false;
  const int producer = graph.ProducerOf(op.inputs[0]);
  if (producer < 0) return false;
  const OperatorT& first = graph.OperatorAt(static_cast<size_t>(producer));
  if (graph.CodeOf(first) != Code::TRANSPOSE || !graph.IsConstant(first.inputs[1])) return false;
  if (graph.TensorAt(first.inputs[0]).is_variable || graph.UseCount(op.inputs[0]) > 1) return false;
  const std::vector<int64_t> inner = IntegersOf(graph, first.inputs[1]), outer = IntegersOf(graph, op.inputs[1]);
  if (inner.size() != outer.size()) return false;
  const auto rank = static_cast<int64_t>(inner.size());
  std::vector<uint8_t> permutation;
  const bool wide = graph.TensorAt(op.inputs[1]).type == tflite::TensorType::INT64;
  for (const int64_t d : outer) {
    int64_t source = inner[static_cast<size_t>(d < 0 ? d + rank : d)];
    if (source < 0) source += rank;
    AppendInteger(permutation, source, wide ? 8 : 4);
  }
  op.inputs[1] = graph.AddConstantLike(op.inputs[1], graph.TensorAt(op.inputs[1]).shape, permutation);
  op.inputs[0] = first.inputs[0];
  return true;
}

/// A view of a view becomes a view of what the first one shows.
bool SkipView(Graph& graph, OperatorT& op, int32_t x) {
  const int producer = graph.ProducerOf(x);
  if (producer < 0) return false;
  const OperatorT& first = graph.OperatorAt(static_cast<size_t>(producer));
  if (!IsView(graph.CodeOf(first)) || graph.TensorAt(first.inputs[0]).is_variable) return false;
  graph.MakeReshape(op, first.inputs[0]);
  return true;
}

}  // namespace

std::string RemoveIdentities(Graph& graph, const PassOptions&) {
  int removed = 0, views = 0, merged = 0;
  for (size_t i = 0; i < graph.operator_count();) {
    OperatorT& op = graph.OperatorAt(i);
    if (!graph.HasEffects(op) && MergeTransposes(graph, op)) ++merged;
    const int32_t x = graph.HasEffects(op) ? -1 : RepeatedBy(graph, op);
    if (x < 0) {
      ++i;
      continue;
    }
    if (graph.Interchangeable(x, op.outputs[0]) && graph.Bypass(i, x)) {
      ++removed;
      continue;
    }
    if (SkipView(graph, op, x)) {
      ++merged;
    } else if (!IsView(graph.CodeOf(op))) {
      graph.MakeReshape(op, x);
      ++views;
    }
    ++i;
  }
  if (removed + views + merged == 0) return "";
  std::string what;
  const auto add = [&what](int count, const char* noun, const char* verb) {
    if (count > 0) what += (what.empty() ? "" : ", ") + Counted(count, noun) + verb;
  };
  add(removed, "operator", " that changed nothing removed");
  add(views, "operator", " turned into reshapes, which cost nothing");
  add(merged, "chain", " shortened");
  return what;
}

}  // namespace thimble::compiler::passes
