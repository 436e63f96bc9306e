// Operators that treat every element alike melt into the one before, where no bit depends on it.
#include <algorithm>
#include <utility>

#include "compiler/passes/evaluate.h"
#include "compiler/passes/pass.h"
#include "kernels/quantised.h"

namespace thimble::compiler::passes {
namespace {

using tflite::ActivationFunctionType;

/// Where an operator's options hold its fused activation; null: it cannot have one.
ActivationFunctionType* ActivationOf(const Graph& graph, OperatorT& op) {
  const auto field = [](auto* options) { return options == nullptr ? nullptr : &options->fused_activation_function; };
  tflite::BuiltinOptionsUnion& options = op.builtin_options;
  switch (graph.CodeOf(op)) {
    case Code::CONV_2D:
      return field(options.AsConv2DOptions());
    case Code::DEPTHWISE_CONV_2D:
      return field(options.AsDepthwiseConv2DOptions());
    case Code::FULLY_CONNECTED:
      return field(options.AsFullyConnectedOptions());
    case Code::ADD:
      return field(options.AsAddOptions());
    case Code::SUB:
      return field(options.AsSubOptions());
    case Code::MUL:
      return field(options.AsMulOptions());
    case Code::AVERAGE_POOL_2D:
    case Code::MAX_POOL_2D:
      return field(options.AsPool2DOptions());
    default:
      return nullptr;
  }
}

/// The activation that `op`, behind `before`, comes to; nothing if there is none.
std::optional<ActivationFunctionType> Combined(const Graph& graph, const OperatorT& op, ActivationFunctionType before,
                                               int32_t x) {
  constexpr ActivationFunctionType kAll[] = {ActivationFunctionType::NONE, ActivationFunctionType::RELU,
                                             ActivationFunctionType::RELU_N1_TO_1, ActivationFunctionType::RELU6};
  if (std::find(std::begin(kAll), std::end(kAll), before) == std::end(kAll)) return std::nullopt;
  if (graph.TensorAt(x).type == tflite::TensorType::FLOAT32) {
    ActivationFunctionType same = ActivationFunctionType::NONE;
    const Code code = graph.CodeOf(op);
    if (code == Code::RELU) same = ActivationFunctionType::RELU;
    if (code == Code::RELU6) same = ActivationFunctionType::RELU6;
    if (code == Code::RELU_N1_TO_1) same = ActivationFunctionType::RELU_N1_TO_1;
    if (same == ActivationFunctionType::NONE) return std::nullopt;
    if (before == ActivationFunctionType::NONE || before == same) return same;
    return std::nullopt;
  }
  const auto table = TableOf(graph, op);
  if (!table || table->numbers.empty()) return std::nullopt;
  const kernels::Tensor view = graph.View(x);
  const auto range_of = [&](ActivationFunctionType activation) {
    return kernels::StoredRange(static_cast<kernels::Activation>(activation), view);
  };
  for (const ActivationFunctionType candidate : kAll) {
    bool same = true;
    for (size_t i = 0; i < table->numbers.size() && same; ++i) {
      const int32_t value = table->lowest + static_cast<int32_t>(i);
      same = (*table)(range_of(before).Clamp(value)) == range_of(candidate).Clamp(value);
    }
    if (same) return candidate;
  }
  return std::nullopt;
}

}  // namespace

std::string FuseActivations(Graph& graph, const PassOptions&) {
  int fused = 0;
  for (size_t i = 0; i < graph.operator_count();) {
    const bool done = [&] {
      const OperatorT& op = graph.OperatorAt(i);
      if (graph.HasEffects(op) || op.outputs.size() != 1 || !Graph::Has(op, 0)) return false;
      const int32_t y = op.outputs[0];
      // The one input that is no constant.
      int32_t x = -1;
      for (const int32_t input : op.inputs) {
        if (input >= 0 && !graph.IsConstant(input)) x = input;
      }
      if (x < 0 || !graph.IsComputed(x) || graph.IsOutput(x) || graph.UseCount(x) != 1) return false;
      if (!graph.Interchangeable(x, y)) return false;
      OperatorT& producer = graph.OperatorAt(static_cast<size_t>(graph.ProducerOf(x)));
      ActivationFunctionType* activation = ActivationOf(graph, producer);
      if (activation == nullptr ||
          (graph.TensorAt(x).type != tflite::TensorType::FLOAT32 && graph.View(x).scale_count != 1)) {
        return false;
      }
      const auto combined = Combined(graph, op, *activation, x);
      if (!combined) return false;
      *activation = *combined;
      producer.outputs[0] = y;
      graph.Erase(i);
      return true;
    }();
    done ? ++fused : ++i;
  }
  return fused == 0 ? "" : Counted(fused, "activation") + " fused into the operator before";
}

std::string FuseRequantisation(Graph& graph, const PassOptions&) {
  int fused = 0;
  for (size_t i = 0; i < graph.operator_count(); ++i) {
    OperatorT& op = graph.OperatorAt(i);
    if (graph.CodeOf(op) != Code::QUANTIZE) continue;
    const int producer = graph.ProducerOf(op.inputs[0]);
    if (producer < 0) continue;
    const OperatorT& first = graph.OperatorAt(static_cast<size_t>(producer));
    const Code code = graph.CodeOf(first);
    if ((code != Code::QUANTIZE && code != Code::DEQUANTIZE) || graph.TensorAt(first.inputs[0]).is_variable) continue;
    // Both in a row and one alone, for every number there is.
    const auto inner = TableOf(graph, first);
    if (!inner) continue;
    const auto both = Evaluate(graph, op, {{0, inner->outputs}}, &inner->outputs.shape);
    OperatorT alone = op;
    alone.inputs[0] = first.inputs[0];
    const auto one = Evaluate(graph, alone, {{0, inner->input_values}}, &inner->input_values.shape);
    if (!both || !one || *both != *one) continue;
    op.inputs[0] = first.inputs[0];
    ++fused;
  }
  return fused == 0 ? "" : Counted(fused, "requantisation") + " skipped by the next one";
}

}  // namespace thimble::compiler::passes
