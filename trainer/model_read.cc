#include "trainer/model_read.h"

#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/aligned_memory.h"
#include "runtime/describe.h"
#include "runtime/model.h"
#include "runtime/schema_generated.h"
#include "trainer/internal/lowering.h"

namespace thimble::trainer {
namespace {

using kernels::Tensor;
using runtime::Graph;
using tflite::ActivationFunctionType;
using tflite::BuiltinOperator;
using tflite::BuiltinOptions;

constexpr int kGates = 4;  // of an LSTM

Error Unsupported(const std::string& sentence) { return {Status::kUnsupported, sentence}; }

/// A tensor of one row as a shape of ours; none: it is of another rank or of several rows.
Expected<Shape> ShapeOf(const Tensor& tensor) {
  const kernels::Shape& dims = tensor.shape;
  if (dims.rank < 2 || dims.rank > 4 || dims[0] != 1 || dims.Count() < 1) {
    return Unsupported("a tensor is not one row of 2 to 4 dimensions");
  }
  Shape shape;
  shape.channels = dims[dims.rank - 1];
  if (dims.rank >= 3) shape.width = dims[dims.rank - 2];
  if (dims.rank == 4) shape.height = dims[1];
  return shape;
}

std::vector<float> Floats(const Tensor& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.shape.Count()));
  if (!values.empty()) std::memcpy(values.data(), tensor.data, values.size() * sizeof(float));
  return values;
}

/// Follows the operators of a file and writes down a layer for each.
class Reader {
 public:
  explicit Reader(const Graph& graph) : graph_(graph) {}

  Expected<Model> Read() {
    if (graph_.inputs().size() != 1 || graph_.outputs().size() != 1) {
      return Unsupported("the model must have one input and one output");
    }
    const int input = graph_.inputs()[0];
    THIMBLE_EXPECT(CheckReal(input));
    THIMBLE_ASSIGN(model_.spec.input, ShapeOf(graph_.TensorAt(input)));
    layer_of_[input] = kModelInput;
    for (int i = 0; i < graph_.operator_count(); ++i) {
      if (Outcome added = AddOperator(i); !added.ok()) {
        return {added.error().status,
                "operator " + std::to_string(i) + " (" + NameOf(i) + "): " + added.error().message};
      }
    }
    const auto output = layer_of_.find(graph_.outputs()[0]);
    const int last = static_cast<int>(model_.spec.layers.size()) - 1;
    if (last < 0 || output == layer_of_.end() || output->second != last) {
      return Unsupported("the last operator does not give the model's output");
    }
    THIMBLE_ASSIGN(const std::vector<Shape> shapes, InferShapes(model_.spec));
    for (const auto& [tensor, layer] : layer_of_) {
      THIMBLE_ASSIGN(const Shape stated, ShapeOf(graph_.TensorAt(tensor)));
      if (layer != kModelInput && stated.values() != shapes[static_cast<size_t>(layer)].values()) {
        return {Status::kVerificationFailed, LayerName(model_.spec.layers[static_cast<size_t>(layer)], layer) +
                                                 ": gives " + Text(shapes[static_cast<size_t>(layer)]) +
                                                 ", but the file says " + Text(stated)};
      }
    }
    THIMBLE_EXPECT(Check(model_));
    return std::move(model_);
  }

 private:
  BuiltinOperator CodeOf(int index) const { return static_cast<BuiltinOperator>(graph_.CodeOf(index).builtin); }
  std::string NameOf(int index) const {
    const char* name = tflite::EnumNameBuiltinOperator(CodeOf(index));
    return *name == 0 ? "code " + std::to_string(graph_.CodeOf(index).builtin) : name;
  }

  Outcome CheckReal(int tensor) const {
    if (graph_.TensorAt(tensor).type == kernels::Type::kFloat32) return Nothing{};
    return Unsupported(
        "its numbers are not float32, and whole numbers cannot go on learning; give the model.float.tflite that "
        "thimble train wrote");
  }

  /// Options of the kind that the operator must have; none are defaults.
  Expected<kernels::Options> OptionsOf(int index, BuiltinOptions type) const {
    const kernels::Options options = graph_.OptionsOf(index);
    if (options.present() && graph_.OptionsTypeOf(index) != static_cast<int>(type)) {
      return Error{Status::kVerificationFailed, "its options belong to another operator"};
    }
    return options;
  }

  Expected<int> InputLayer(int index, int operand) const {
    const auto inputs = graph_.InputsOf(index);
    const auto found = operand < inputs.size() ? layer_of_.find(inputs[operand]) : layer_of_.end();
    if (found == layer_of_.end()) return Unsupported("reads what no operator before it gives");
    return found->second;
  }

  /// Weights, which must be in the file and as many as `count`.
  Expected<std::vector<float>> Constant(int index, int operand, int64_t count) const {
    const auto inputs = graph_.InputsOf(index);
    if (operand >= inputs.size() || inputs[operand] < 0) return Unsupported("lacks weights");
    const Tensor tensor = graph_.TensorAt(inputs[operand]);
    THIMBLE_EXPECT(CheckReal(inputs[operand]));
    if (!tensor.constant || tensor.data == nullptr) return Unsupported("its weights are not part of the file");
    if (tensor.shape.Count() != count) {
      return Error{Status::kVerificationFailed, "has " + std::to_string(tensor.shape.Count()) + " weights where " +
                                                    std::to_string(count) + " belong"};
    }
    return Floats(tensor);
  }

  /// A bias may be left out.
  Expected<std::vector<float>> Bias(int index, int operand, int64_t count) const {
    const auto inputs = graph_.InputsOf(index);
    if (operand >= inputs.size() || inputs[operand] < 0) return std::vector<float>(static_cast<size_t>(count));
    return Constant(index, operand, count);
  }

  Outcome AddLayer(int index, LayerSpec spec, LayerWeights weights = {}) {
    const auto outputs = graph_.OutputsOf(index);
    if (outputs.size() != 1) return Unsupported("gives more than one tensor");
    THIMBLE_EXPECT(CheckReal(outputs[0]));
    if (layer_of_.contains(outputs[0])) return Unsupported("writes a tensor that is written already");
    layer_of_[outputs[0]] = static_cast<int>(model_.spec.layers.size());
    model_.spec.layers.push_back(std::move(spec));
    model_.weights.push_back(std::move(weights));
    return Nothing{};
  }

  Outcome Alias(int index, int layer) {
    const auto outputs = graph_.OutputsOf(index);
    if (outputs.size() != 1 || layer_of_.contains(outputs[0])) return Unsupported("gives more than one new tensor");
    layer_of_[outputs[0]] = layer;
    return Nothing{};
  }

  static Expected<Activation> Fused(const kernels::Options& options, int field) {
    auto fused = ActivationFunctionType::NONE;
    options.Read(field, fused);
    if (fused == ActivationFunctionType::NONE) return Activation::kNone;
    if (fused == ActivationFunctionType::RELU) return Activation::kRelu;
    if (fused == ActivationFunctionType::RELU6) return Activation::kRelu6;
    return Unsupported("its activation is neither ReLU nor ReLU6");
  }

  /// Padding and strides are the first fields of all windows.
  static Window WindowOf(const kernels::Options& options, int height, int width, int dilation_field) {
    Window window{.height = height, .width = width, .stride_height = 0, .stride_width = 0};
    auto padding = tflite::Padding::SAME;
    options.Read(0, padding);
    options.Read(1, window.stride_width);
    options.Read(2, window.stride_height);
    window.padding = padding == tflite::Padding::VALID ? Padding::kValid : Padding::kSame;
    if (dilation_field >= 0) {
      options.Read(dilation_field, window.dilation_width);
      options.Read(dilation_field + 1, window.dilation_height);
    }
    return window;
  }

  Outcome AddConvolution(int index, bool depthwise) {
    const auto inputs = graph_.InputsOf(index);
    if (inputs.size() < 2 || inputs[1] < 0) return Unsupported("lacks weights");
    const kernels::Shape dims = graph_.TensorAt(inputs[1]).shape;
    if (dims.rank != 4) return Unsupported("its weights have not four dimensions");
    THIMBLE_ASSIGN(const int from, InputLayer(index, 0));
    THIMBLE_ASSIGN(const auto options, OptionsOf(index, depthwise ? BuiltinOptions::DepthwiseConv2DOptions
                                                                  : BuiltinOptions::Conv2DOptions));
    const int units = depthwise ? dims[3] : dims[0];
    LayerSpec spec{.kind = depthwise ? LayerKind::kDepthwise : LayerKind::kConvolution, .inputs = {from}};
    if (depthwise) {
      THIMBLE_ASSIGN(const Shape input, ShapeOf(graph_.TensorAt(inputs[0])));
      if (dims[0] != 1 || input.channels != units) return Unsupported("has more than one filter a channel");
    } else {
      spec.units = units;
    }
    spec.window = WindowOf(options, dims[1], dims[2], depthwise ? 5 : 4);
    THIMBLE_ASSIGN(spec.activation, Fused(options, depthwise ? 4 : 3));
    LayerWeights weights;
    THIMBLE_ASSIGN(weights.weights, Constant(index, 1, dims.Count()));
    THIMBLE_ASSIGN(weights.bias, Bias(index, 2, units));
    return AddLayer(index, std::move(spec), std::move(weights));
  }

  Outcome AddDense(int index) {
    const auto inputs = graph_.InputsOf(index);
    if (inputs.size() < 2 || inputs[1] < 0) return Unsupported("lacks weights");
    const kernels::Shape dims = graph_.TensorAt(inputs[1]).shape;
    if (dims.rank != 2) return Unsupported("its weights have not two dimensions");
    THIMBLE_ASSIGN(const int from, InputLayer(index, 0));
    THIMBLE_ASSIGN(const auto options, OptionsOf(index, BuiltinOptions::FullyConnectedOptions));
    LayerSpec spec{.kind = LayerKind::kDense, .inputs = {from}, .units = dims[0]};
    THIMBLE_ASSIGN(spec.activation, Fused(options, 0));
    LayerWeights weights;
    THIMBLE_ASSIGN(weights.weights, Constant(index, 1, dims.Count()));
    THIMBLE_ASSIGN(weights.bias, Bias(index, 2, dims[0]));
    return AddLayer(index, std::move(spec), std::move(weights));
  }

  Outcome AddPool(int index, LayerKind kind) {
    THIMBLE_ASSIGN(const int from, InputLayer(index, 0));
    THIMBLE_ASSIGN(const auto options, OptionsOf(index, BuiltinOptions::Pool2DOptions));
    THIMBLE_ASSIGN(const Activation fused, Fused(options, 5));
    if (fused != Activation::kNone) return Unsupported("a pool with an activation is no layer of ours");
    int width = 0, height = 0;
    options.Read(3, width);
    options.Read(4, height);
    return AddLayer(index, {.kind = kind, .inputs = {from}, .window = WindowOf(options, height, width, -1)});
  }

  /// The mean over both directions.
  Outcome AddMean(int index) {
    THIMBLE_ASSIGN(const int from, InputLayer(index, 0));
    const auto inputs = graph_.InputsOf(index);
    std::vector<int32_t> axes;
    if (inputs.size() == 2 && inputs[1] >= 0) axes = Indices(inputs[1]);
    if (axes != std::vector<int32_t>{1, 2} || graph_.TensorAt(inputs[0]).shape.rank != 4) {
      return Unsupported("is no mean over height and width");
    }
    return AddLayer(index, {.kind = LayerKind::kGlobalAverage, .inputs = {from}});
  }

  Outcome AddActivation(int index, Activation activation) {
    THIMBLE_ASSIGN(const int from, InputLayer(index, 0));
    LayerSpec spec{.kind = LayerKind::kActivation, .inputs = {from}, .activation = activation};
    if (activation == Activation::kLeakyRelu) {
      THIMBLE_ASSIGN(const auto options, OptionsOf(index, BuiltinOptions::LeakyReluOptions));
      spec.slope = 0;
      options.Read(0, spec.slope);
    }
    if (activation == Activation::kSoftmax) {
      THIMBLE_ASSIGN(const auto options, OptionsOf(index, BuiltinOptions::SoftmaxOptions));
      float beta = 0;
      options.Read(0, beta);
      if (beta != 1) return Unsupported("its beta is not 1");
    }
    return AddLayer(index, std::move(spec));
  }

  Outcome AddJoin(int index, LayerKind kind) {
    LayerSpec spec{.kind = kind};
    for (int i = 0; i < graph_.InputsOf(index).size(); ++i) {
      THIMBLE_ASSIGN(const int from, InputLayer(index, i));
      spec.inputs.push_back(from);
    }
    if (spec.inputs.empty()) return Unsupported("reads nothing");
    const bool joins = kind == LayerKind::kConcat;
    THIMBLE_ASSIGN(const auto options,
                   OptionsOf(index, joins ? BuiltinOptions::ConcatenationOptions : BuiltinOptions::AddOptions));
    THIMBLE_ASSIGN(spec.activation, Fused(options, joins ? 1 : 0));
    if (joins) {
      int axis = 0;
      options.Read(0, axis);
      const int rank = graph_.TensorAt(graph_.InputsOf(index)[0]).shape.rank;
      if ((axis != rank - 1 && axis != -1) || spec.activation != Activation::kNone) {
        return Unsupported("is no concatenation along the channels");
      }
    }
    return AddLayer(index, std::move(spec));
  }

  /// A reshape that only changes how many dimensions there are is none of ours.
  Outcome AddReshape(int index) {
    THIMBLE_ASSIGN(const int from, InputLayer(index, 0));
    if (graph_.OutputsOf(index).size() != 1) return Unsupported("gives more than one tensor");
    THIMBLE_ASSIGN(const Shape before, ShapeOf(graph_.TensorAt(graph_.InputsOf(index)[0])));
    THIMBLE_ASSIGN(const Shape after, ShapeOf(graph_.TensorAt(graph_.OutputsOf(index)[0])));
    if (before == after) return Alias(index, from);
    LayerSpec spec{.kind = LayerKind::kReshape, .inputs = {from}};
    spec.shape = after;
    return AddLayer(index, std::move(spec));
  }

  Outcome AddLstm(int index) {
    constexpr int kInputs = 24;
    const auto inputs = graph_.InputsOf(index);
    if (inputs.size() != kInputs || inputs[5] < 0) return Unsupported("has not the 24 inputs of an LSTM");
    for (const int absent : {9, 10, 11, 16, 17, 20, 21, 22, 23}) {
      if (inputs[absent] >= 0) return Unsupported("has peepholes, a projection or layer norm");
    }
    THIMBLE_ASSIGN(const int from, InputLayer(index, 0));
    THIMBLE_ASSIGN(const auto options, OptionsOf(index, BuiltinOptions::UnidirectionalSequenceLSTMOptions));
    auto fused = ActivationFunctionType::TANH;
    float cell_clip = 0;
    bool time_major = false;
    options.Read(0, fused);
    options.Read(1, cell_clip);
    options.Read(3, time_major);
    if (fused != ActivationFunctionType::TANH || cell_clip != 0 || time_major) {
      return Unsupported("only tanh, without clipping, batch first, can go on learning");
    }
    const int units = graph_.TensorAt(inputs[5]).shape.Last();
    THIMBLE_ASSIGN(const Shape input, ShapeOf(graph_.TensorAt(inputs[0])));
    LayerWeights weights;
    const auto append = [&](std::vector<float>& all, int operand, int64_t count) -> Outcome {
      THIMBLE_ASSIGN(const std::vector<float> part, Constant(index, operand, count));
      all.insert(all.end(), part.begin(), part.end());
      return Nothing{};
    };
    for (int gate = 0; gate < kGates; ++gate) {
      THIMBLE_EXPECT(append(weights.weights, 1 + gate, int64_t{units} * input.channels));
      THIMBLE_EXPECT(append(weights.recurrent, 5 + gate, int64_t{units} * units));
      THIMBLE_EXPECT(append(weights.bias, 12 + gate, units));
    }
    return AddLayer(index, {.kind = LayerKind::kLstm, .inputs = {from}, .units = units, .sequences = true},
                    std::move(weights));
  }

  /// The last state of an LSTM's, which nothing else may read then.
  Outcome AddLastState(int index) {
    THIMBLE_ASSIGN(const int from, InputLayer(index, 0));
    THIMBLE_ASSIGN(const auto options, OptionsOf(index, BuiltinOptions::StridedSliceOptions));
    const auto inputs = graph_.InputsOf(index);
    const kernels::Shape dims = graph_.TensorAt(inputs[0]).shape;
    bool is_last = from != kModelInput && inputs.size() == 4 && inputs[1] >= 0 && inputs[2] >= 0 && inputs[3] >= 0 &&
                   dims.rank == 3 && graph_.OutputsOf(index).size() == 1;
    if (is_last) {
      int masks[5] = {};
      for (int i = 0; i < 5; ++i) options.Read(i, masks[i]);
      constexpr int kShrinkMoments = 1 << 1;
      is_last = masks[0] == 0 && masks[1] == 0 && masks[2] == 0 && masks[3] == 0 && masks[4] == kShrinkMoments &&
                Indices(inputs[1]) == std::vector<int32_t>{0, dims[1] - 1, 0} &&
                Indices(inputs[2]) == std::vector<int32_t>{1, dims[1], dims[2]} &&
                Indices(inputs[3]) == std::vector<int32_t>{1, 1, 1};
    }
    const bool is_lstm = is_last && model_.spec.layers[static_cast<size_t>(from)].kind == LayerKind::kLstm &&
                         static_cast<size_t>(from) + 1 == model_.spec.layers.size();
    if (!is_lstm) return Unsupported("is not the last state of the LSTM before it");
    model_.spec.layers.back().sequences = false;
    layer_of_.erase(inputs[0]);
    return Alias(index, from);
  }

  /// Of a small int32 constant; empty for anything else.
  std::vector<int32_t> Indices(int tensor) const {
    const Tensor indices = graph_.TensorAt(tensor);
    constexpr int kMost = 8;
    const int count = indices.shape.Count();
    if (indices.type != kernels::Type::kInt32 || !indices.constant || indices.data == nullptr || count > kMost)
      return {};
    std::vector<int32_t> values(static_cast<size_t>(count));
    if (count > 0) std::memcpy(values.data(), indices.data, values.size() * sizeof(int32_t));
    return values;
  }

  Outcome AddOperator(int index) {
    switch (CodeOf(index)) {
      case BuiltinOperator::FULLY_CONNECTED:
        return AddDense(index);
      case BuiltinOperator::CONV_2D:
        return AddConvolution(index, false);
      case BuiltinOperator::DEPTHWISE_CONV_2D:
        return AddConvolution(index, true);
      case BuiltinOperator::MAX_POOL_2D:
        return AddPool(index, LayerKind::kMaxPool);
      case BuiltinOperator::AVERAGE_POOL_2D:
        return AddPool(index, LayerKind::kAveragePool);
      case BuiltinOperator::MEAN:
        return AddMean(index);
      case BuiltinOperator::ADD:
        return AddJoin(index, LayerKind::kAdd);
      case BuiltinOperator::CONCATENATION:
        return AddJoin(index, LayerKind::kConcat);
      case BuiltinOperator::RESHAPE:
        return AddReshape(index);
      case BuiltinOperator::RELU:
        return AddActivation(index, Activation::kRelu);
      case BuiltinOperator::RELU6:
        return AddActivation(index, Activation::kRelu6);
      case BuiltinOperator::LEAKY_RELU:
        return AddActivation(index, Activation::kLeakyRelu);
      case BuiltinOperator::LOGISTIC:
        return AddActivation(index, Activation::kSigmoid);
      case BuiltinOperator::TANH:
        return AddActivation(index, Activation::kTanh);
      case BuiltinOperator::SOFTMAX:
        return AddActivation(index, Activation::kSoftmax);
      case BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_LSTM:
        return AddLstm(index);
      case BuiltinOperator::STRIDED_SLICE:
        return AddLastState(index);
      default:
        return Unsupported("training has no such layer");
    }
  }

  const Graph& graph_;
  Model model_;
  std::map<int, int> layer_of_;  ///< of each tensor that is known
};

}  // namespace

Expected<Model> ReadTflite(std::span<const std::byte> file) {
  const AlignedMemory copy(file);
  runtime::Model model;
  runtime::Fault fault;
  fault.reason = model.Open(copy.span(), fault);
  if (!ok(fault.reason)) return {StatusOf(fault.reason), runtime::Describe(copy.span(), {}, fault)};
  if (model.graph_count() != 1) return Unsupported("the model has subgraphs, which training cannot go on with");
  return Reader(model).Read();
}

}  // namespace thimble::trainer
