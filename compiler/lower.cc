#include "compiler/lower.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/arena.h"
#include "kernels/add/op.h"
#include "kernels/conv_2d/op.h"
#include "kernels/depthwise_conv_2d/op.h"
#include "kernels/fully_connected/op.h"
#include "kernels/lattice.h"
#include "kernels/max_pool_2d/op.h"
#include "kernels/mul/op.h"
#include "kernels/padding.h"
#include "kernels/softmax/op.h"
#include "kernels/svdf/op.h"
#include "kernels/unidirectional_sequence_lstm/op.h"
#include "runtime/plan.h"
#include "steps/pool/pack.h"

namespace thimble::compiler {
namespace {

using kernels::Axis;
using kernels::Call;
using kernels::Sharing;
using kernels::Tensor;
using kernels::Type;
using runtime::Graph;
using runtime::Network;
using steps::Convolution;
using steps::Mapping;

bool Is(const OperatorCall& call, std::string_view folder) { return call.op->name == folder; }

/// Views of a call's operands, as kernels take them.
struct Views {
  explicit Views(const OperatorCall& source) {
    for (const Operand& operand : source.in) in.push_back(operand.tensor);
    for (const Operand& operand : source.out) out.push_back(operand.tensor);
    call.in = in;
    call.out = out;
  }
  Views(const Views&) = delete;
  Views& operator=(const Views&) = delete;

  std::vector<Tensor> in, out;
  Call call;
};

template <typename Op>
const typename Op::Params& ParamsOf(const OperatorCall& call) {
  return *reinterpret_cast<const typename Op::Params*>(call.params.data());
}

// ------------------------------------------------------------------------------------------------------------------
// Variables.

/// Where what stays between runs lies: variable tensors, and variables with names.
class State {
 public:
  State(const Network& network, Lowered& lowered) : lowered_(lowered) {
    const runtime::Model& model = network.model();
    if (model.graph_count() > 1) lowered_.state_bytes = runtime::kRunStateBytes;
    slots_.assign(static_cast<size_t>(model.total_tensors()), -1);
    for (int g = 0; g < model.graph_count(); ++g) {
      const Graph graph = model.GraphAt(g);
      for (int i = 0; i < graph.tensor_count(); ++i) {
        if (graph.TensorAt(i).variable) SlotOf(graph, i) = Take(graph.TensorAt(i));
      }
    }
    NumberNames(network);
    PlaceNamed(network);
  }

  int64_t OffsetOf(const Graph& graph, int tensor) const {
    return slots_[static_cast<size_t>(graph.first_tensor() + tensor)];
  }

 private:
  using Name = std::pair<std::string, std::string>;  // container, shared name: VAR_HANDLE's options

  int64_t& SlotOf(const Graph& graph, int tensor) { return slots_[static_cast<size_t>(graph.first_tensor() + tensor)]; }

  int64_t Take(const Tensor& tensor) {
    const int64_t offset = lowered_.state_bytes;
    lowered_.state_bytes += static_cast<int64_t>(AlignUp(tensor.SizeBytes()));
    lowered_.initial_state.push_back(InitialOf(tensor, offset));
    return offset;
  }

  static InitialState InitialOf(const Tensor& tensor, int64_t offset) {
    // Stored zeros, but for int8 the real zero, as the interpreter has it.
    const int32_t value = tensor.type == Type::kInt8 ? tensor.zero_point : 0;
    return {static_cast<uint32_t>(offset), static_cast<uint32_t>(tensor.SizeBytes()), static_cast<uint8_t>(value)};
  }

  template <typename Visit>
  static void ForEachHandler(const Network& network, Visit visit) {
    for (int g = 0; g < network.model().graph_count(); ++g) {
      const Graph graph = network.model().GraphAt(g);
      for (int i = 0; i < graph.operator_count(); ++i) {
        if (network.OperatorOf(graph, i).variable_support != nullptr) visit(graph, i);
      }
    }
  }

  void NumberNames(const Network& network) {
    ForEachHandler(network, [&](const Graph& graph, int i) {
      if (graph.InputsOf(i).size() != 0) return;
      const auto text = [&](int field) {
        const auto options = graph.OptionsTableOf(i);
        if (!options.present()) return std::string();
        const auto list = options.List<char>(field);
        return std::string(reinterpret_cast<const char*>(list.data()), static_cast<size_t>(list.size()));
      };
      const auto number = names_.emplace(Name{text(0), text(1)}, names_.size()).first->second;
      handles_[graph.first_tensor() + graph.OutputsOf(i)[0]] = number;
    });
  }

  void PlaceNamed(const Network& network) {
    std::map<size_t, int64_t> offsets;
    ForEachHandler(network, [&](const Graph& graph, int i) {
      const auto inputs = graph.InputsOf(i);
      if (inputs.size() == 0) return;
      const Tensor value = graph.TensorAt(inputs.size() == 1 ? graph.OutputsOf(i)[0] : inputs[1]);
      const size_t number = handles_.at(graph.first_tensor() + inputs[0]);
      const auto [found, is_new] = offsets.emplace(number, lowered_.state_bytes);
      if (is_new) {
        Take(value);
        return;
      }
      // Whoever reads or assigns last says what the variable is at first.
      for (InitialState& initial : lowered_.initial_state) {
        if (initial.offset == static_cast<uint32_t>(found->second)) initial = InitialOf(value, found->second);
      }
    });
    for (const auto& [slot, number] : handles_) {
      const auto found = offsets.find(number);
      slots_[static_cast<size_t>(slot)] = found == offsets.end() ? 0 : found->second;
    }
  }

  Lowered& lowered_;
  std::vector<int64_t> slots_;     // by tensor of all subgraphs; -1: not in the state
  std::map<Name, size_t> names_;   // to numbers
  std::map<int, size_t> handles_;  // tensors of type resource, to numbers
};

// ------------------------------------------------------------------------------------------------------------------
// Layers that steps may know.

/// What the weights, biases and scales of a layer say. False: they are not what steps take.
bool FillWeights(const Views& views, int32_t outputs, kernels::Activation activation, kernels::ScaleProduct product,
                 Convolution& layer) {
  const Tensor &x = views.in[0], &w = views.in[1], &y = views.out[0];
  const Tensor bias = views.call.Optional(2);
  if (x.type != Type::kInt8 && x.type != Type::kInt16) return false;
  if (!w.constant || (bias.present() && !bias.constant)) return false;
  const kernels::Range<int32_t> range = kernels::StoredRange(activation, y);
  layer.int16 = x.type == Type::kInt16;
  layer.wide_sums = layer.int16 && bias.type == Type::kInt64;
  layer.input_zero_point = layer.int16 ? 0 : x.zero_point;
  layer.output_zero_point = layer.int16 ? 0 : y.zero_point;
  layer.clamp_low = range.low;
  layer.clamp_high = range.high;
  layer.output_channels = outputs;
  layer.weights.assign(w.As<int8_t>(), w.As<int8_t>() + w.shape.Count());
  if (w.zero_point != 0) {  // only dense layers have one
    for (int8_t& weight : layer.weights) {
      const int32_t centred = weight - w.zero_point;
      if (centred < INT8_MIN || centred > INT8_MAX) return false;
      weight = static_cast<int8_t>(centred);
    }
  }
  for (int32_t o = 0; o < outputs; ++o) {
    const kernels::Requantiser requantiser = kernels::RequantiserOf(x, w, bias, y, o, range, product);
    layer.bias.push_back(layer.wide_sums ? requantiser.bias : static_cast<int32_t>(requantiser.bias));
    layer.mantissa.push_back(requantiser.multiplier.mantissa);
    layer.shift.push_back(requantiser.multiplier.shift);
  }
  return true;
}

LayerKind ConvolutionOf(const OperatorCall& source, bool depthwise) {
  const Views views(source);
  const auto& params = ParamsOf<kernels::Conv2d>(source);
  const Tensor &x = views.in[0], &w = views.in[1], &y = views.out[0];
  if (x.shape[0] != 1 || (!depthwise && w.shape[3] != x.shape[3])) return {};
  Convolution layer;
  layer.input_height = x.shape[1], layer.input_width = x.shape[2], layer.input_channels = x.shape[3];
  layer.output_height = y.shape[1], layer.output_width = y.shape[2];
  layer.kernel_height = w.shape[1], layer.kernel_width = w.shape[2];
  layer.stride_height = params.stride_height, layer.stride_width = params.stride_width;
  layer.dilation_height = params.dilation_height, layer.dilation_width = params.dilation_width;
  layer.pad_top = Axis{x.shape[1], y.shape[1], w.shape[1], params.stride_height, params.dilation_height}.Before();
  layer.pad_left = Axis{x.shape[2], y.shape[2], w.shape[2], params.stride_width, params.dilation_width}.Before();
  if (!FillWeights(views, y.shape[3], params.activation, kernels::ScaleProduct::kOfDoubles, layer)) return {};
  if (!depthwise) return layer;
  layer.depth_multiplier = y.shape[3] / x.shape[3];
  if (layer.input_channels > 1) return layer;
  // With one input channel all outputs see all input channels: an ordinary convolution, [K, L, O] -> [O, K, L, 1].
  const auto outputs = static_cast<size_t>(layer.output_channels);
  const size_t taps = layer.weights.size() / outputs;
  std::vector<int8_t> weights(layer.weights.size());
  for (size_t o = 0; o < outputs; ++o) {
    for (size_t tap = 0; tap < taps; ++tap) weights[o * taps + tap] = layer.weights[tap * outputs + o];
  }
  layer.weights = std::move(weights);
  layer.depth_multiplier = 0;
  return layer;
}

LayerKind DenseOf(const OperatorCall& source) {
  const Views views(source);
  const auto& params = ParamsOf<kernels::FullyConnected>(source);
  const Tensor &w = views.in[1], &y = views.out[0];
  if (!w.constant || w.shape.Count() == 0) return {};
  Convolution layer;
  const int32_t outputs = w.shape[0];
  layer.input_channels = w.shape[1];
  layer.input_width = layer.output_width = y.shape.Count() / outputs;
  const auto product = w.scale_count > 1 ? kernels::ScaleProduct::kOfDoubles : kernels::ScaleProduct::kOfFloats;
  if (!FillWeights(views, outputs, params.activation, product, layer)) return {};
  return layer;
}

/// PAD around an image, with what stands for 0.
LayerKind BorderOf(const OperatorCall& source) {
  const Tensor &x = source.in[0].tensor, &paddings = source.in[1].tensor;
  const bool is_image = x.shape.rank == 4 && (x.type == Type::kInt8 || x.type == Type::kInt16) && x.scale_count == 1;
  if (!is_image || source.out[0].tensor.zero_point != x.zero_point) return {};
  for (const int dimension : {0, 3}) {
    if (kernels::Before(paddings, dimension) != 0 || kernels::After(paddings, dimension) != 0) return {};
  }
  return Border{kernels::Before(paddings, 1), kernels::After(paddings, 1), kernels::Before(paddings, 2),
                kernels::After(paddings, 2)};
}

/// A function of single bytes, made into a table by running the operator on all of them. `varying` is its one input
/// that is not constant.
LayerKind MappingOf(const OperatorCall& source, size_t varying) {
  if (source.out.size() != 1 || source.op->callees != nullptr) return {};
  const Tensor &x = source.in[varying].tensor, &y = source.out[0].tensor;
  if (BytesOf(x.type) != 1 || BytesOf(y.type) != 1 || x.type == Type::kBool) return {};
  if (x.shape.Count() != y.shape.Count()) return {};
  // Such an operator computes each element from one of its first input. Of its other inputs only single numbers may
  // take part, and only where it is known that the first is not special.
  const bool is_function = source.op->sharing == Sharing::kOverwrite || Is(source, "quantize");
  constexpr std::string_view kWithNumber[] = {
      "add",  "sub",     "mul",   "maximum",       "minimum",    "squared_difference", "equal",
      "less", "greater", "prelu", "greater_equal", "less_equal", "not_equal"};
  const bool takes_number =
      std::find(std::begin(kWithNumber), std::end(kWithNumber), source.op->name) != std::end(kWithNumber);
  if (source.in.size() == 1 ? !is_function : !takes_number) return {};
  for (size_t i = 0; i < source.in.size(); ++i) {
    const Tensor& other = source.in[i].tensor;
    if (i != varying && (!other.constant || other.shape.Count() != 1)) return {};
  }
  // As many dimensions as there were, so that numbers still repeat.
  int32_t dims[kernels::kMaxRank] = {1, 1, 1, 1, 1, 1};
  const int32_t rank = std::max(y.shape.rank, 1);
  dims[rank - 1] = 256;
  Views views(source);
  std::array<uint8_t, 256> bytes{};
  Mapping mapping;
  mapping.count = x.shape.Count();
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i - 128);
  views.in[varying].shape = views.out[0].shape = {dims, rank};
  views.in[varying].data = bytes.data();
  views.out[0].data = mapping.values.data();
  if (!kernels::ok(source.op->check(source.params.data(), views.call))) return {};
  if (source.op->scratch_bytes(source.params.data(), views.call) != 0) return {};
  source.op->run(source.params.data(), views.call);
  return mapping;
}

/// Two int8 tensors of which no element is repeated, to a third.
bool ArePairs(const Views& views) {
  for (const Tensor& tensor : {views.in[0], views.in[1], views.out[0]}) {
    if (!kernels::IsInt8(tensor) || tensor.shape.Count() != views.out[0].shape.Count()) return false;
  }
  return true;
}

/// What sums and products of pairs have in common.
template <typename Pairs>
Pairs PairsOf(const OperatorCall& source, const Views& views) {
  const auto range = kernels::StoredRange(ParamsOf<kernels::Add>(source).activation, views.out[0]);
  Pairs pairs;
  pairs.count = views.out[0].shape.Count();
  pairs.a_zero_point = views.in[0].zero_point;
  pairs.b_zero_point = views.in[1].zero_point;
  pairs.output_zero_point = views.out[0].zero_point;
  pairs.clamp_low = range.low;
  pairs.clamp_high = range.high;
  return pairs;
}

LayerKind AdditionOf(const OperatorCall& source) {
  const Views views(source);
  if (!ArePairs(views)) return {};
  auto layer = PairsOf<steps::Addition>(source, views);
  const kernels::CommonScale scale = kernels::CommonScaleOf(views.call, false);
  layer.a_multiplier = scale.a;
  layer.b_multiplier = scale.b;
  layer.multiplier = scale.result;
  return layer;
}

LayerKind ProductOf(const OperatorCall& source) {
  const Views views(source);
  if (!ArePairs(views)) return {};
  auto layer = PairsOf<steps::Product>(source, views);
  layer.multiplier = QuantiseRatio(views.in[0].Scale(), views.in[1].Scale(), views.out[0].Scale());
  return layer;
}

LayerKind PoolingOf(const OperatorCall& source, steps::Pooling::Kind kind) {
  const Views views(source);
  const Tensor &x = views.in[0], &y = views.out[0];
  if (!kernels::IsInt8(x) || x.shape[0] != 1) return {};
  const auto& params = ParamsOf<kernels::MaxPool2d>(source);
  const Axis vertical = params.Vertical(views.call), horizontal = params.Horizontal(views.call);
  const auto range = kernels::StoredRange(params.activation, y);
  steps::Pooling layer;
  layer.kind = kind;
  layer.input_height = vertical.input, layer.input_width = horizontal.input, layer.channels = x.shape[3];
  layer.output_height = vertical.output, layer.output_width = horizontal.output;
  layer.kernel_height = vertical.filter, layer.kernel_width = horizontal.filter;
  layer.stride_height = vertical.stride, layer.stride_width = horizontal.stride;
  layer.pad_top = vertical.Before(), layer.pad_left = horizontal.Before();
  layer.clamp_low = range.low, layer.clamp_high = range.high;
  return layer;
}

/// MEAN, SUM or REDUCE_MAX along neighbouring dimensions: the tensor is an image of one column, with a window for each
/// group.
LayerKind ReductionOf(const OperatorCall& source) {
  const Tensor &x = source.in[0].tensor, &axes = source.in[1].tensor, &y = source.out[0].tensor;
  if (!kernels::IsInt8(x) || !kernels::IsInt8(y) || y.shape.Count() == 0) return {};
  bool is_reduced[kernels::kMaxRank] = {};
  for (int32_t i = 0; i < axes.shape.Count(); ++i) {
    const int32_t axis = kernels::IndexAt(axes, i);
    is_reduced[axis < 0 ? axis + x.shape.rank : axis] = true;
  }
  // Before them, they, and behind them; dimensions of size 1 belong to anything.
  int32_t counts[3] = {1, 1, 1};
  int part = 0;
  for (int d = 0; d < x.shape.rank; ++d) {
    if (x.shape[d] == 1) continue;
    if (is_reduced[d] && part == 0) part = 1;
    if (!is_reduced[d] && part == 1) part = 2;
    if (is_reduced[d] && part == 2) return {};
    counts[part] *= x.shape[d];
  }
  steps::Pooling layer;
  layer.input_height = counts[0] * counts[1];
  layer.channels = counts[2];
  layer.output_height = counts[0];
  layer.kernel_height = layer.stride_height = counts[1];
  if (Is(source, "reduce_max")) return layer;
  layer.kind = steps::Pooling::Kind::kMean;
  layer.input_zero_point = x.zero_point;
  layer.output_zero_point = y.zero_point;
  layer.multiplier = QuantiseRatio(x.Scale(), 1, y.Scale());
  if (Is(source, "mean")) layer.multiplier = steps::WithDivisor(layer.multiplier, counts[1]);
  return layer;
}

LayerKind DistributionOf(const OperatorCall& source) {
  const Tensor &x = source.in[0].tensor, &y = source.out[0].tensor;
  if (!kernels::IsInt8(x) || !kernels::IsInt8(y)) return {};
  steps::Distribution layer;
  layer.columns = x.shape.Last();
  layer.rows = x.shape.Count() / layer.columns;
  layer.difference = QuantiseRatio(ParamsOf<kernels::Softmax>(source).beta, x.Scale(), 1.0f / (1 << 26));
  return layer;
}

/// Whether x is in the frame, the operands in `states` in the state, and all else is constant, if it is there at all.
bool HasState(const OperatorCall& source, std::initializer_list<size_t> states) {
  if (!source.in[0].in_frame() || !source.out[0].in_frame()) return false;
  for (size_t i = 1; i < source.in.size(); ++i) {
    const Operand& operand = source.in[i];
    const bool is_state = std::find(states.begin(), states.end(), i) != states.end();
    if (operand.tensor.present() && (is_state ? !operand.in_state() : !operand.tensor.constant)) return false;
  }
  return true;
}

/// The elements of a constant.
template <typename T>
std::vector<T> ElementsOf(const Tensor& tensor) {
  return {tensor.As<T>(), tensor.As<T>() + tensor.shape.Count()};
}

LayerKind TimeFilterOf(const OperatorCall& source) {
  const Views views(source);
  const Tensor &x = views.in[0], &w = views.in[1], &time = views.in[2], &bias = views.in[3], &state = views.in[4];
  if (!kernels::IsInt8(x) || !HasState(source, {4})) return {};
  const kernels::Svdf::Scales scales = kernels::Svdf::ScalesOf(views.call);
  steps::TimeFilter layer;
  layer.batches = x.shape[0], layer.inputs = x.shape[1];
  layer.rank = ParamsOf<kernels::Svdf>(source).rank;
  layer.units = w.shape[0] / layer.rank;
  layer.moments = time.shape[1];
  layer.input_zero_point = x.zero_point, layer.state_zero_point = state.zero_point;
  layer.output_zero_point = views.out[0].zero_point;
  layer.to_state = scales.to_state, layer.to_output = scales.to_output;
  layer.int16_state = state.type == Type::kInt16;
  layer.state = source.in[4].state_offset;
  layer.weights = ElementsOf<int8_t>(w);
  for (int32_t i = 0; i < time.shape.Count(); ++i) {
    layer.time.push_back(layer.int16_state ? time.As<int16_t>()[i] : int16_t{time.As<int8_t>()[i]});
  }
  for (int32_t unit = 0; unit < layer.units; ++unit) {
    layer.bias.push_back(static_cast<int32_t>(kernels::BiasAt(bias, unit)));
  }
  return layer;
}

LayerKind RecurrenceOf(const OperatorCall& source) {
  constexpr size_t kWeights = 1, kRecurrent = 5, kBias = 12, kHidden = 18, kCell = 19;
  const Views views(source);
  const Tensor& x = views.in[0];
  const auto& params = ParamsOf<kernels::UnidirectionalSequenceLstm>(source);
  if (!kernels::IsInt8(x) || !HasState(source, {kHidden, kCell})) return {};
  const int batch_dimension = params.time_major != 0 ? 1 : 0;
  if (x.shape[batch_dimension] != 1) return {};
  const auto scales = kernels::UnidirectionalSequenceLstm::ScalesOf(params, views.call);
  steps::Recurrence layer;
  layer.moments = x.shape[1 - batch_dimension], layer.inputs = x.shape[2];
  layer.cells = views.in[kWeights].shape[0];
  layer.input_zero_point = x.zero_point, layer.hidden_zero_point = views.in[kHidden].zero_point;
  for (size_t g = 0; g < layer.gates.size(); ++g) {
    steps::Recurrence::Gate& gate = layer.gates[g];
    gate.weights = ElementsOf<int8_t>(views.in[kWeights + g]);
    gate.recurrent = ElementsOf<int8_t>(views.in[kRecurrent + g]);
    gate.bias = ElementsOf<int32_t>(views.in[kBias + g]);
    gate.of_inputs = scales.of_x[g], gate.of_hidden = scales.of_h[g];
  }
  layer.forget = scales.forget, layer.update = scales.update, layer.output = scales.output;
  layer.cell_low = scales.cell_low, layer.cell_high = scales.cell_high, layer.cell_shift = scales.cell_shift;
  layer.hidden_state = source.in[kHidden].state_offset, layer.cell_state = source.in[kCell].state_offset;
  return layer;
}

LayerKind KindOf(const OperatorCall& source, bool with_tables) {
  if (Is(source, "svdf")) return TimeFilterOf(source);
  if (Is(source, "unidirectional_sequence_lstm")) return RecurrenceOf(source);
  std::optional<size_t> varying;
  int varying_count = 0;
  for (size_t i = 0; i < source.in.size(); ++i) {
    const Operand& operand = source.in[i];
    if (operand.in_state()) return {};
    if (!operand.in_frame()) continue;
    varying = i;
    ++varying_count;
  }
  for (const Operand& operand : source.out) {
    if (!operand.in_frame()) return {};
  }
  if (!varying) return {};
  if (varying_count == 1 && with_tables) {
    LayerKind mapping = MappingOf(source, *varying);
    if (!std::holds_alternative<std::monostate>(mapping)) return mapping;
  }
  if (varying_count == 1 && *varying == 0) {
    if (Is(source, "conv_2d")) return ConvolutionOf(source, false);
    if (Is(source, "depthwise_conv_2d")) return ConvolutionOf(source, true);
    if (Is(source, "fully_connected")) return DenseOf(source);
    if (Is(source, "pad")) return BorderOf(source);
    if (Is(source, "softmax")) return DistributionOf(source);
    if (Is(source, "average_pool_2d")) return PoolingOf(source, steps::Pooling::Kind::kAverage);
    if (Is(source, "max_pool_2d")) return PoolingOf(source, steps::Pooling::Kind::kMaximum);
    if (Is(source, "mean") || Is(source, "sum") || Is(source, "reduce_max")) return ReductionOf(source);
  }
  if (varying_count == 2 && source.in.size() == 2) {
    if (Is(source, "add")) return AdditionOf(source);
    if (Is(source, "mul")) return ProductOf(source);
  }
  return {};
}

// ------------------------------------------------------------------------------------------------------------------
// One graph.

class GraphLowering {
 public:
  GraphLowering(const Network& network, const Graph& graph, const State& state, bool with_tables)
      : network_(network), graph_(graph), state_(state), with_tables_(with_tables) {}

  LoweredGraph Lower() {
    values_of_.assign(static_cast<size_t>(graph_.tensor_count()), -1);
    const auto inputs = graph_.inputs();
    for (int i = 0; i < inputs.size(); ++i) {
      NewValue(inputs[i], "input" + (inputs.size() == 1 ? std::string() : " " + std::to_string(i)));
      lowered_.inputs.push_back(OperandOf(inputs[i]));
    }
    for (int i = 0; i < graph_.operator_count(); ++i) AddOperator(i);
    const auto outputs = graph_.outputs();
    for (int i = 0; i < outputs.size(); ++i) lowered_.outputs.push_back(OperandOf(outputs[i]));
    return std::move(lowered_);
  }

 private:
  void NewValue(int tensor, std::string name) {
    values_of_[static_cast<size_t>(tensor)] = static_cast<int>(lowered_.values.size());
    lowered_.values.push_back({static_cast<int64_t>(graph_.TensorAt(tensor).SizeBytes()), std::move(name)});
  }

  Operand OperandOf(int tensor) const {
    if (tensor < 0) return {};
    Operand operand;
    operand.tensor = graph_.TensorAt(tensor);
    operand.state_offset = state_.OffsetOf(graph_, tensor);
    if (!operand.tensor.constant && !operand.in_state()) operand.value = values_of_[static_cast<size_t>(tensor)];
    return operand;
  }

  void AddOperator(int index) {
    OperatorCall call;
    call.op = &network_.OperatorOf(graph_, index);
    call.index = index;
    call.op->read(graph_.OptionsOf(index), call.params.data());
    if (Is(call, "var_handle")) return;  // computes nothing
    const auto inputs = graph_.InputsOf(index), outputs = graph_.OutputsOf(index);
    for (int k = 0; k < inputs.size(); ++k) call.in.push_back(OperandOf(inputs[k]));
    if (call.op->sharing == Sharing::kView && call.in[0].in_frame()) {
      values_of_[static_cast<size_t>(outputs[0])] = call.in[0].value;  // the same bytes under another shape
      return;
    }
    for (int k = 0; k < outputs.size(); ++k) {
      if (state_.OffsetOf(graph_, outputs[k]) < 0) NewValue(outputs[k], call.op->name + (" " + std::to_string(index)));
      call.out.push_back(OperandOf(outputs[k]));
    }
    Layer layer;
    layer.kind = KindOf(call, with_tables_);
    if (!std::holds_alternative<std::monostate>(layer.kind)) {
      for (const Operand& operand : call.in) {
        if (operand.in_frame()) (layer.input < 0 ? layer.input : layer.second) = operand.value;
      }
      layer.output = call.out[0].value;
    }
    layer.calls.push_back(std::move(call));
    lowered_.layers.push_back(std::move(layer));
  }

  const Network& network_;
  const Graph& graph_;
  const State& state_;
  bool with_tables_;
  LoweredGraph lowered_;
  std::vector<int> values_of_;  // by tensor
};

// ------------------------------------------------------------------------------------------------------------------
// Fusions.

/// Layers of which the second is the only reader of what the first writes become one: `fuse(first, second)` makes it
/// of the second's kind, or says that it cannot.
template <typename Fuse>
int FusePairs(LoweredGraph& graph, Fuse fuse) {
  std::vector<int> readers(graph.values.size(), 0), last_writer(graph.values.size(), -1);
  const auto count_readers = [&](const Operand& operand) {
    if (operand.in_frame()) ++readers[static_cast<size_t>(operand.value)];
  };
  for (const Layer& layer : graph.layers) {
    for (const OperatorCall& call : layer.calls) std::for_each(call.in.begin(), call.in.end(), count_readers);
  }
  std::for_each(graph.outputs.begin(), graph.outputs.end(), count_readers);

  int fused = 0;
  std::vector<bool> is_gone(graph.layers.size(), false);
  for (size_t i = 0; i < graph.layers.size(); ++i) {
    Layer& second = graph.layers[i];
    const bool has_kind = !std::holds_alternative<std::monostate>(second.kind);
    const int input = has_kind && second.second < 0 ? second.input : -1;
    const int writer = input < 0 ? -1 : last_writer[static_cast<size_t>(input)];
    if (writer >= 0 && readers[static_cast<size_t>(input)] == 1) {
      Layer& first = graph.layers[static_cast<size_t>(writer)];
      if (fuse(first, second)) {
        second.input = first.input;
        second.second = first.second;
        second.calls.insert(second.calls.begin(), first.calls.begin(), first.calls.end());
        is_gone[static_cast<size_t>(writer)] = true;
        ++fused;
      }
    }
    if (second.output >= 0) last_writer[static_cast<size_t>(second.output)] = static_cast<int>(i);
  }
  std::vector<Layer> left;
  for (size_t i = 0; i < graph.layers.size(); ++i) {
    if (!is_gone[i]) left.push_back(std::move(graph.layers[i]));
  }
  graph.layers = std::move(left);
  return fused;
}

bool FusePad(const Layer& first, Layer& second) {
  const auto* border = std::get_if<Border>(&first.kind);
  auto* convolution = std::get_if<Convolution>(&second.kind);
  if (border == nullptr || convolution == nullptr) return false;
  // The image must be what the convolution reads, not a reshaped one.
  const OperatorCall& reader = second.calls.front();
  const Tensor &read = reader.in[0].tensor, &image = first.calls.front().out[0].tensor;
  if (Is(reader, "fully_connected") || !(read.shape == image.shape) || read.zero_point != image.zero_point)
    return false;
  convolution->pad_top += border->top;
  convolution->pad_left += border->left;
  convolution->input_height -= border->top + border->bottom;
  convolution->input_width -= border->left + border->right;
  return true;
}

bool FuseTables(const Layer& first, Layer& second) {
  const auto* inner = std::get_if<Mapping>(&first.kind);
  auto* outer = std::get_if<Mapping>(&second.kind);
  if (inner == nullptr || outer == nullptr) return false;
  const Mapping last = *outer;
  for (size_t i = 0; i < last.values.size(); ++i) {
    outer->values[i] = last.values[static_cast<size_t>(inner->values[i] + 128)];
  }
  return true;
}

/// Whether `mapping`, for what an int8 layer gives, only moves it into a narrower range, which `low` and `high` become.
bool IsClamp(const Mapping& mapping, int32_t& low, int32_t& high) {
  const auto result = [&](int32_t x) -> int32_t { return mapping.values[static_cast<size_t>(x + 128)]; };
  const int32_t narrow_low = result(low), narrow_high = result(high);
  if (narrow_low > narrow_high) return false;
  for (int32_t x = low; x <= high; ++x) {
    if (result(x) != std::clamp(x, narrow_low, narrow_high)) return false;
  }
  low = narrow_low;
  high = narrow_high;
  return true;
}

bool FuseClamp(const Layer& first, Layer& second) {
  const auto* mapping = std::get_if<Mapping>(&second.kind);
  if (mapping == nullptr || kernels::BytesOf(first.calls.back().out[0].tensor.type) != 1) return false;
  return std::visit(
      [&](auto kind) {
        if constexpr (requires { kind.clamp_low; }) {
          if (!IsClamp(*mapping, kind.clamp_low, kind.clamp_high)) return false;
          second.kind = std::move(kind);
          return true;
        }
        return false;
      },
      first.kind);
}

/// A convolution with one output pixel that sees the whole image once is a dense layer.
int MakeDense(LoweredGraph& graph) {
  int count = 0;
  for (Layer& layer : graph.layers) {
    auto* c = std::get_if<Convolution>(&layer.kind);
    if (c == nullptr || c->depthwise() || c->output_height != 1 || c->output_width != 1) continue;
    const bool whole =
        c->pad_top == 0 && c->pad_left == 0 && c->kernel_height == c->input_height && c->kernel_width == c->input_width;
    const bool dense =
        (c->dilation_height == 1 || c->kernel_height == 1) && (c->dilation_width == 1 || c->kernel_width == 1);
    if (!whole || !dense) continue;
    if (c->kernel_height * c->kernel_width > 1) ++count;
    c->input_channels *= c->input_height * c->input_width;
    c->input_height = c->input_width = c->kernel_height = c->kernel_width = 1;
    c->stride_height = c->stride_width = c->dilation_height = c->dilation_width = 1;
  }
  return count;
}

/// What output channel `o` is for every input, if it is one number.
std::optional<int32_t> ConstantOf(const Convolution& layer, size_t o) {
  const auto channels = static_cast<size_t>(layer.output_channels);
  const size_t taps = layer.weights.size() / channels;
  int64_t low = layer.bias[o], high = layer.bias[o];
  for (size_t tap = 0; tap < taps; ++tap) {
    const size_t at = layer.depthwise() ? tap * channels + o : o * taps + tap;
    const int64_t a = layer.weights[at] * (-128 - int64_t{layer.input_zero_point});
    const int64_t b = layer.weights[at] * (127 - int64_t{layer.input_zero_point});
    low += std::min(a, b);
    high += std::max(a, b);
  }
  if (low < INT32_MIN || high > INT32_MAX) return {};
  const Multiplier multiplier = {layer.mantissa[o], layer.shift[o]};
  // A left shift could wrap; without one a larger sum never gives less.
  if (multiplier.shift > 0) return {};
  const auto output = [&](int64_t sum) {
    const int32_t scaled = Scale(static_cast<int32_t>(sum), multiplier);
    return Clamp(WrapAdd(scaled, layer.output_zero_point), layer.clamp_low, layer.clamp_high);
  };
  if (output(low) != output(high)) return {};
  return output(low);
}

/// Channels that are constant get weights of 0 and an ordinary scale. Converters leave extreme ones there, which no
/// quick kernel takes.
int TameConstantChannels(LoweredGraph& graph) {
  int count = 0;
  for (Layer& layer : graph.layers) {
    auto* c = std::get_if<Convolution>(&layer.kind);
    if (c == nullptr || c->int16) continue;
    const auto channels = static_cast<size_t>(c->output_channels);
    const size_t taps = c->weights.size() / channels;
    for (size_t o = 0; o < channels; ++o) {
      const std::optional<int32_t> value = ConstantOf(*c, o);
      if (!value) continue;
      ++count;
      for (size_t tap = 0; tap < taps; ++tap) c->weights[c->depthwise() ? tap * channels + o : o * taps + tap] = 0;
      // bias * 2^-8 is the number.
      c->bias[o] = (*value - c->output_zero_point) * 256;
      c->mantissa[o] = 1 << 30;
      c->shift[o] = -7;
    }
  }
  return count;
}

std::string Numbered(int count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string Dims(const Tensor& tensor) {
  // Without the batch, which is 1 nearly always.
  const int first = tensor.shape.rank > 1 && tensor.shape[0] == 1 ? 1 : 0;
  std::string text;
  for (int d = first; d < tensor.shape.rank; ++d) text += (d == first ? "" : "x") + std::to_string(tensor.shape[d]);
  return text.empty() ? "1" : text;
}

}  // namespace

Lowered Lower(const Network& network, const std::set<std::string>& without_passes, std::vector<std::string>& remarks) {
  Lowered lowered;
  const State state(network, lowered);
  const auto is_on = [&](const char* pass) { return without_passes.count(pass) == 0; };
  int pads = 0, clamps = 0, tables = 0, dense = 0, constants = 0;
  for (int g = 0; g < network.model().graph_count(); ++g) {
    const Graph graph = network.model().GraphAt(g);
    LoweredGraph result = GraphLowering(network, graph, state, is_on("lookup_tables")).Lower();
    if (is_on("border_fusion")) pads += FusePairs(result, &FusePad);
    if (is_on("lookup_fusion")) tables += FusePairs(result, &FuseTables);
    if (is_on("clamp_fusion")) clamps += FusePairs(result, &FuseClamp);
    if (is_on("constant_channels")) constants += TameConstantChannels(result);
    if (is_on("dense_convolution")) dense += MakeDense(result);
    lowered.graphs.push_back(std::move(result));
  }
  const auto remark = [&](int count, const char* pass, const char* one, const char* many) {
    if (count > 0) remarks.push_back(pass + (": " + Numbered(count, one, many)));
  };
  remark(pads, "border_fusion", "border became padding", "borders became padding");
  remark(tables, "lookup_fusion", "table went into the one behind it", "tables went into those behind them");
  remark(clamps, "clamp_fusion", "limit went into the layer before it", "limits went into the layers before them");
  remark(constants, "constant_channels", "channel that is always the same got weights of 0",
         "channels that are always the same got weights of 0");
  remark(dense, "dense_convolution", "convolution became a dense layer", "convolutions became dense layers");
  return lowered;
}

std::string TitleOf(const Layer& layer) {
  std::string title;
  for (const OperatorCall& call : layer.calls) {
    if (!title.empty()) title += " + ";
    title += call.op->name;
    if (Is(call, "conv_2d") || Is(call, "depthwise_conv_2d")) {
      const Tensor& w = call.in[1].tensor;
      const auto& params = ParamsOf<kernels::Conv2d>(call);
      title += " " + std::to_string(w.shape[1]) + "x" + std::to_string(w.shape[2]);
      if (params.stride_height != 1 || params.stride_width != 1) {
        title += " stride " + std::to_string(params.stride_height);
        if (params.stride_height != params.stride_width) title += "x" + std::to_string(params.stride_width);
      }
    }
  }
  const auto varies = [](const Operand& operand) { return !operand.tensor.constant && operand.tensor.present(); };
  const std::vector<Operand>& in = layer.calls.front().in;
  const auto input = std::find_if(in.begin(), in.end(), varies);
  const std::vector<Operand>& out = layer.calls.back().out;
  if (input == in.end() && out.empty()) return title;
  title += ": ";
  if (input != in.end()) title += Dims(input->tensor) + " ";
  if (!out.empty()) title += "-> " + Dims(out[0].tensor);
  if (title.back() == ' ') title.pop_back();
  return title;
}

int64_t MacsOf(const Layer& layer) {
  if (const auto* convolution = std::get_if<Convolution>(&layer.kind)) return convolution->macs();
  int64_t macs = 0;
  for (const OperatorCall& call : layer.calls) {
    const auto outputs = [&] { return int64_t{call.out[0].tensor.shape.Count()}; };
    if (Is(call, "conv_2d") || Is(call, "depthwise_conv_2d")) {
      const kernels::Shape& w = call.in[1].tensor.shape;
      macs += outputs() * w[1] * w[2] * (Is(call, "conv_2d") ? w[3] : 1);
    } else if (Is(call, "transpose_conv")) {
      const kernels::Shape& w = call.in[1].tensor.shape;
      macs += int64_t{call.in[2].tensor.shape.Count()} * w[0] * w[1] * w[2];
    } else if (Is(call, "fully_connected")) {
      macs += outputs() * call.in[1].tensor.shape.Last();
    } else if (Is(call, "batch_matmul")) {
      macs += outputs() * call.in[0].tensor.shape.Last();
    } else if (Is(call, "svdf")) {
      macs += int64_t{call.in[0].tensor.shape[0]} *
              (call.in[1].tensor.shape.Count() + int64_t{call.in[2].tensor.shape.Count()});
    } else if (Is(call, "unidirectional_sequence_lstm")) {
      int64_t weights = 0;
      for (size_t i = 1; i <= 8 && i < call.in.size(); ++i) {
        if (call.in[i].tensor.present()) weights += call.in[i].tensor.shape.Count();
      }
      macs += int64_t{call.in[0].tensor.shape[0]} * call.in[0].tensor.shape[1] * weights;
    }
  }
  return macs;
}

}  // namespace thimble::compiler
