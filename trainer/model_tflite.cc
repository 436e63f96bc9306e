#include "trainer/model_tflite.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "trainer/internal/lowering.h"
#include "trainer/internal/tflite_file.h"

namespace thimble::trainer {
namespace {

using tflite::ActivationFunctionType;
using tflite::BuiltinOperator;
using tflite::BuiltinOptions;
using tflite::TensorType;
using Dims = std::vector<int32_t>;

constexpr int kGates = 4;  // of an LSTM

// A layer and its numbers, which are real or stored.
struct Source {
  const LayerSpec& spec;
  const Shape& shape;
  const LayerWeights* real = nullptr;
  const QuantisedLayer* stored = nullptr;
};

ActivationFunctionType Fused(Activation activation) {
  return activation == Activation::kRelu    ? ActivationFunctionType::RELU
         : activation == Activation::kRelu6 ? ActivationFunctionType::RELU6
                                            : ActivationFunctionType::NONE;
}

tflite::Padding PaddingOf(const Window& window) {
  return window.padding == Padding::kSame ? tflite::Padding::SAME : tflite::Padding::VALID;
}

template <typename T>
std::vector<T> Part(const std::vector<T>& values, int index, int parts) {
  const auto size = static_cast<ptrdiff_t>(values.size()) / parts;
  return {values.begin() + index * size, values.begin() + (index + 1) * size};
}

// A tensor of the file, the shape that it has there, and its grid (of a float model none).
struct Value {
  int tensor = -1;
  Dims dims;
  Quantisation grid;
};

bool SameGrid(const Quantisation& a, const Quantisation& b) {
  return a.scale == b.scale && a.zero_point == b.zero_point;
}

class Exporter {
 public:
  enum class Format { kFloat, kInt8, kInt16 };

  Exporter(Format format, const Shape& input, const Quantisation& grid, bool scores)
      : format_(format), input_shape_(input), output_name_(scores ? "scores" : "values") {
    const Dims dims =
        input.positions() == 1 ? Dims{1, input.channels} : Dims{1, input.height, input.width, input.channels};
    if (format == Format::kInt16) {
      input_ = file_.AddTensor("features", dims, TensorType::FLOAT32, {});
      value_of_[kModelInput] = AddValue("features_int16", dims, grid);
      file_.AddOperator(BuiltinOperator::QUANTIZE, 2, {input_}, value_of_[kModelInput].tensor);
    } else {
      value_of_[kModelInput] = AddValue("features", dims, grid);
      input_ = value_of_[kModelInput].tensor;
    }
  }

  void Add(int index, const Source& layer, bool last) {
    name_ =
        layer.spec.name.empty() ? std::string(Text(layer.spec.kind)) + "_" + std::to_string(index) : layer.spec.name;
    std::replace(name_.begin(), name_.end(), ' ', '_');
    is_output_ = last && format_ != Format::kInt16;
    const Quantisation grid = layer.stored != nullptr ? layer.stored->output : Quantisation{};
    value_of_[index] = AddLayer(layer, grid);
    shapes_[index] = layer.shape;
  }

  std::vector<std::byte> Finish(int last) && {
    Value output = value_of_[last];
    const bool needs_version_2_4 = format_ == Format::kInt16 || has_lstm_;
    if (format_ == Format::kInt16) {
      const int real = file_.AddTensor(output_name_, output.dims, TensorType::FLOAT32, {});
      file_.AddOperator(BuiltinOperator::DEQUANTIZE, 3, {output.tensor}, real);
      output.tensor = real;
    }
    return std::move(file_).Finish(input_, output.tensor, needs_version_2_4 ? "2.4.0" : "1.14.0");
  }

 private:
  // The version of most operators that brought the format.
  int Version(int of_float, int of_int8, int of_int16) const {
    return format_ == Format::kFloat ? of_float : format_ == Format::kInt8 ? of_int8 : of_int16;
  }

  TensorType ValueType() const {
    return format_ == Format::kFloat  ? TensorType::FLOAT32
           : format_ == Format::kInt8 ? TensorType::INT8
                                      : TensorType::INT16;
  }

  Value AddValue(const std::string& name, Dims dims, const Quantisation& grid, bool variable = false) {
    const Scales scales = format_ == Format::kFloat ? Scales{} : Scales{{grid.scale}, grid.zero_point};
    const int tensor = file_.AddTensor(name, dims, ValueType(), scales, variable);
    return {tensor, std::move(dims), grid};
  }

  // What the layer gives; the last operator of the model gives the output.
  Value AddOutput(Dims dims, const Quantisation& grid) {
    return AddValue(is_output_ ? output_name_ : name_, std::move(dims), grid);
  }

  int AddIndices(const std::string& name, const std::vector<int32_t>& values) {
    return file_.AddConstant(name, {static_cast<int32_t>(values.size())}, TensorType::INT32, values, {});
  }

  Value Reshaped(const Value& from, const std::string& name, const Dims& dims) {
    const Value to = AddValue(name, dims, from.grid);
    const int shape = AddIndices(name + "/shape", dims);
    const auto options = tflite::CreateReshapeOptionsDirect(file_.builder(), &dims);
    file_.AddOperator(BuiltinOperator::RESHAPE, 1, {from.tensor, shape}, to.tensor,
                      {BuiltinOptions::ReshapeOptions, options.Union()});
    return to;
  }

  // The output of a layer with so many dimensions: TFLite's operators are particular about them.
  Value InputOf(int layer, size_t rank) {
    const Value& value = value_of_[layer];
    if (value.dims.size() == rank) return value;
    if (const auto known = views_.find({layer, rank}); known != views_.end()) return known->second;
    const Shape& shape = ShapeOf(layer);
    const Dims dims = rank == 4   ? Dims{1, shape.height, shape.width, shape.channels}
                      : rank == 3 ? Dims{1, shape.width, shape.channels}
                                  : Dims{1, shape.channels};
    return views_[{layer, rank}] = Reshaped(
               value,
               (layer == kModelInput ? "features" : "layer_" + std::to_string(layer)) + "/rank_" + std::to_string(rank),
               dims);
  }

  // Weights, and a bias in units of `input`'s scale times theirs.
  int AddWeights(const Source& layer, const std::string& name, const Dims& dims, int32_t dimension) {
    if (layer.real != nullptr) return file_.AddConstant(name, dims, TensorType::FLOAT32, layer.real->weights, {});
    return file_.AddConstant(name, dims, TensorType::INT8, layer.stored->weights,
                             {layer.stored->weight_scales, 0, dimension});
  }
  int AddBias(const std::string& name, const std::vector<int64_t>& bias, const Quantisation& input,
              std::vector<float> scales) {
    for (float& scale : scales) scale *= input.scale;
    const Dims dims{static_cast<int32_t>(bias.size())};
    if (format_ == Format::kInt16) return file_.AddConstant(name, dims, TensorType::INT64, bias, {scales});
    return file_.AddConstant(name, dims, TensorType::INT32, std::vector<int32_t>(bias.begin(), bias.end()), {scales});
  }
  int AddBias(const Source& layer, const Quantisation& input) {
    const std::string name = name_ + "/bias";
    if (layer.real == nullptr) return AddBias(name, layer.stored->bias, input, layer.stored->weight_scales);
    return file_.AddConstant(name, {static_cast<int32_t>(layer.real->bias.size())}, TensorType::FLOAT32,
                             layer.real->bias, {});
  }

  Value AddLayer(const Source& layer, const Quantisation& grid) {
    const LayerSpec& spec = layer.spec;
    const Shape& shape = layer.shape;
    const int from = spec.inputs.front();
    const Window& window = spec.window;
    const Dims dims{1, shape.height, shape.width, shape.channels};
    const std::string weights_name = name_ + "/weights";
    auto& builder = file_.builder();
    switch (spec.kind) {
      case LayerKind::kDense: {
        const Value x = value_of_[from];  // FULLY_CONNECTED takes the values of any dimensions
        const int32_t count = static_cast<int32_t>(ShapeOf(from).values());
        const int weights = AddWeights(layer, weights_name, {spec.units, count}, 0);
        const int bias = AddBias(layer, x.grid);
        const Value y = AddOutput({1, spec.units}, grid);
        const auto options = tflite::CreateFullyConnectedOptions(builder, Fused(spec.activation));
        file_.AddOperator(BuiltinOperator::FULLY_CONNECTED, Version(1, 4, 7), {x.tensor, weights, bias}, y.tensor,
                          {BuiltinOptions::FullyConnectedOptions, options.Union()});
        return y;
      }
      case LayerKind::kConvolution: {
        const Value x = InputOf(from, 4);
        const int weights = AddWeights(layer, weights_name, {spec.units, window.height, window.width, x.dims[3]}, 0);
        const int bias = AddBias(layer, x.grid);
        const Value y = AddOutput(dims, grid);
        const auto options =
            tflite::CreateConv2DOptions(builder, PaddingOf(window), window.stride_width, window.stride_height,
                                        Fused(spec.activation), window.dilation_width, window.dilation_height);
        file_.AddOperator(BuiltinOperator::CONV_2D, Version(1, 3, 4), {x.tensor, weights, bias}, y.tensor,
                          {BuiltinOptions::Conv2DOptions, options.Union()});
        return y;
      }
      case LayerKind::kDepthwise: {
        const Value x = InputOf(from, 4);
        const int weights = AddWeights(layer, weights_name, {1, window.height, window.width, x.dims[3]}, 3);
        const int bias = AddBias(layer, x.grid);
        const Value y = AddOutput(dims, grid);
        const auto options = tflite::CreateDepthwiseConv2DOptions(builder, PaddingOf(window), window.stride_width,
                                                                  window.stride_height, 1, Fused(spec.activation),
                                                                  window.dilation_width, window.dilation_height);
        const bool dilated = window.dilation_width != 1 || window.dilation_height != 1;
        file_.AddOperator(BuiltinOperator::DEPTHWISE_CONV_2D, Version(dilated ? 2 : 1, 3, 5), {x.tensor, weights, bias},
                          y.tensor, {BuiltinOptions::DepthwiseConv2DOptions, options.Union()});
        return y;
      }
      case LayerKind::kMaxPool:
      case LayerKind::kAveragePool: {
        const Value x = InputOf(from, 4);
        const Value y = AddOutput(dims, grid);
        const auto options = tflite::CreatePool2DOptions(builder, PaddingOf(window), window.stride_width,
                                                         window.stride_height, window.width, window.height);
        file_.AddOperator(
            spec.kind == LayerKind::kMaxPool ? BuiltinOperator::MAX_POOL_2D : BuiltinOperator::AVERAGE_POOL_2D,
            Version(1, 2, 3), {x.tensor}, y.tensor, {BuiltinOptions::Pool2DOptions, options.Union()});
        return y;
      }
      case LayerKind::kGlobalAverage: {
        const Value x = InputOf(from, 4);
        const int axes = AddIndices(name_ + "/axes", {1, 2});
        const Value y = AddOutput({1, shape.channels}, grid);
        const auto options = tflite::CreateReducerOptions(builder, false);
        file_.AddOperator(BuiltinOperator::MEAN, Version(1, 2, 3), {x.tensor, axes}, y.tensor,
                          {BuiltinOptions::ReducerOptions, options.Union()});
        return y;
      }
      case LayerKind::kActivation:
        return AddActivation(spec, grid);
      case LayerKind::kAdd: {
        const auto [a, b] = AlikeInputs(spec);
        const Value y = AddOutput(a.dims, grid);
        // Scales of int16 need not be powers of two.
        const auto options = tflite::CreateAddOptions(builder, Fused(spec.activation), false);
        file_.AddOperator(BuiltinOperator::ADD, Version(1, 2, 3), {a.tensor, b.tensor}, y.tensor,
                          {BuiltinOptions::AddOptions, options.Union()});
        return y;
      }
      case LayerKind::kConcat: {
        std::vector<int32_t> parts;
        for (size_t i = 0; i < spec.inputs.size(); ++i) {
          Value part = InputOf(spec.inputs[i], 4);
          if (!SameGrid(part.grid, grid)) {
            const Value same = AddValue(name_ + "/part_" + std::to_string(i), part.dims, grid);
            file_.AddOperator(BuiltinOperator::QUANTIZE, Version(1, 1, 2), {part.tensor}, same.tensor);
            part = same;
          }
          parts.push_back(part.tensor);
        }
        const Value y = AddOutput(dims, grid);
        const auto options = tflite::CreateConcatenationOptions(builder, 3);
        file_.AddOperator(BuiltinOperator::CONCATENATION, Version(1, 2, 3), parts, y.tensor,
                          {BuiltinOptions::ConcatenationOptions, options.Union()});
        return y;
      }
      case LayerKind::kReshape:
        return Reshaped(value_of_[from], is_output_ ? output_name_ : name_,
                        shape.positions() == 1 ? Dims{1, shape.channels} : dims);
      case LayerKind::kLstm:
        return AddLstm(layer, grid);
      case LayerKind::kBatchNorm:
      case LayerKind::kDropout:
        break;  // lowering leaves none
    }
    return value_of_[from];
  }

  std::pair<Value, Value> AlikeInputs(const LayerSpec& spec) {
    const Value a = value_of_[spec.inputs[0]], b = value_of_[spec.inputs[1]];
    if (a.dims.size() == b.dims.size()) return {a, b};
    return {InputOf(spec.inputs[0], 4), InputOf(spec.inputs[1], 4)};
  }

  Value AddActivation(const LayerSpec& spec, const Quantisation& grid) {
    const Value x = value_of_[spec.inputs.front()];
    const Value y = AddOutput(x.dims, grid);
    auto& builder = file_.builder();
    const auto add = [&](BuiltinOperator code, int version, const OperatorOptions& options = {}) {
      file_.AddOperator(code, version, {x.tensor}, y.tensor, options);
      return y;
    };
    switch (spec.activation) {
      case Activation::kRelu:
        return add(BuiltinOperator::RELU, Version(1, 2, 3));
      case Activation::kRelu6:
        return add(BuiltinOperator::RELU6, Version(1, 2, 3));
      case Activation::kLeakyRelu:
        return add(BuiltinOperator::LEAKY_RELU, Version(1, 1, 2),
                   {BuiltinOptions::LeakyReluOptions, tflite::CreateLeakyReluOptions(builder, spec.slope).Union()});
      case Activation::kSigmoid:
        return add(BuiltinOperator::LOGISTIC, Version(1, 2, 3));
      case Activation::kTanh:
        return add(BuiltinOperator::TANH, Version(1, 2, 3));
      default:
        return add(BuiltinOperator::SOFTMAX, Version(1, 2, 3),
                   {BuiltinOptions::SoftmaxOptions, tflite::CreateSoftmaxOptions(builder, 1.0f).Union()});
    }
  }

  // One of the four matrices or vectors of an LSTM.
  int AddGate(const Source& layer, const char* what, int gate, bool recurrent, const Dims& dims) {
    const std::string name = name_ + "/" + what + "_" + std::to_string(gate);
    if (layer.real != nullptr) {
      const auto& all = recurrent ? layer.real->recurrent : layer.real->weights;
      return file_.AddConstant(name, dims, TensorType::FLOAT32, Part(all, gate, kGates), {});
    }
    const auto& all = recurrent ? layer.stored->recurrent : layer.stored->weights;
    const auto& scales = recurrent ? layer.stored->recurrent_scales : layer.stored->weight_scales;
    return file_.AddConstant(name, dims, TensorType::INT8, Part(all, gate, kGates),
                             {{scales[static_cast<size_t>(gate)]}});
  }

  Value AddLstm(const Source& layer, const Quantisation& grid) {
    has_lstm_ = true;
    const LayerSpec& spec = layer.spec;
    const Value x = InputOf(spec.inputs.front(), 3);
    const int32_t moments = x.dims[1], channels = x.dims[2], units = spec.units;
    std::vector<int32_t> inputs(24, -1);
    inputs[0] = x.tensor;
    for (int gate = 0; gate < kGates; ++gate) {
      inputs[static_cast<size_t>(1 + gate)] = AddGate(layer, "input_weights", gate, false, {units, channels});
      inputs[static_cast<size_t>(5 + gate)] = AddGate(layer, "recurrent_weights", gate, true, {units, units});
      const std::string name = name_ + "/bias_" + std::to_string(gate);
      inputs[static_cast<size_t>(12 + gate)] =
          layer.real != nullptr
              ? file_.AddConstant(name, {units}, TensorType::FLOAT32, Part(layer.real->bias, gate, kGates), {})
              : AddBias(name, Part(layer.stored->bias, gate, kGates), x.grid,
                        {layer.stored->weight_scales[static_cast<size_t>(gate)]});
    }
    inputs[18] = AddValue(name_ + "/hidden", {1, units}, grid, true).tensor;
    std::vector<int32_t> intermediates;
    if (layer.real != nullptr) {
      inputs[19] = AddValue(name_ + "/cell", {1, units}, {}, true).tensor;
    } else {
      inputs[19] = file_.AddTensor(name_ + "/cell", {1, units}, TensorType::INT16, {{layer.stored->cell_scale}}, true);
      // TFLite's own integer kernel reads the scales of these: of the four gates' sums, and of the state.
      for (int gate = 0; gate < kGates; ++gate) {
        intermediates.push_back(
            file_.AddTensor(name_ + "/sum_" + std::to_string(gate), {1}, TensorType::INT16, {{1.0f / 4096}}));
      }
      intermediates.push_back(AddValue(name_ + "/state", {1}, grid).tensor);
    }
    const Dims all_dims{1, moments, units};
    const Value all = spec.sequences ? AddOutput(all_dims, grid) : AddValue(name_ + "/all", all_dims, grid);
    const auto options = tflite::CreateUnidirectionalSequenceLSTMOptions(file_.builder(), ActivationFunctionType::TANH);
    file_.AddOperator(BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_LSTM, Version(1, 3, 3), inputs, all.tensor,
                      {BuiltinOptions::UnidirectionalSequenceLSTMOptions, options.Union()}, intermediates);
    if (spec.sequences) return all;
    const int begin = AddIndices(name_ + "/begin", {0, moments - 1, 0});
    const int end = AddIndices(name_ + "/end", all_dims);
    const int strides = AddIndices(name_ + "/strides", {1, 1, 1});
    const Value last = AddOutput({1, units}, grid);
    constexpr int kShrinkMoments = 1 << 1;
    const auto slice = tflite::CreateStridedSliceOptions(file_.builder(), 0, 0, 0, 0, kShrinkMoments);
    file_.AddOperator(BuiltinOperator::STRIDED_SLICE, Version(1, 2, 1), {all.tensor, begin, end, strides}, last.tensor,
                      {BuiltinOptions::StridedSliceOptions, slice.Union()});
    return last;
  }

  const Shape& ShapeOf(int layer) const { return layer == kModelInput ? input_shape_ : shapes_.at(layer); }

  Format format_;
  Shape input_shape_;
  const char* output_name_;
  TfliteFile file_;
  int input_ = -1;
  bool has_lstm_ = false;
  std::string name_;        // of the layer at hand
  bool is_output_ = false;  // and whether it gives the output of the file
  std::map<int, Value> value_of_;
  std::map<int, Shape> shapes_;
  std::map<std::pair<int, size_t>, Value> views_;
};

bool IsSoftmax(const LayerSpec& layer) {
  return layer.kind == LayerKind::kActivation && layer.activation == Activation::kSoftmax;
}

}  // namespace

std::vector<std::byte> WriteTflite(const QuantisedModel& model) {
  const auto format = model.precision == Precision::kInt8 ? Exporter::Format::kInt8 : Exporter::Format::kInt16;
  const int count = static_cast<int>(model.layers.size());
  Exporter exporter(format, model.input_shape, model.input, IsSoftmax(model.layers.back().spec));
  for (int i = 0; i < count; ++i) {
    const QuantisedLayer& layer = model.layers[static_cast<size_t>(i)];
    exporter.Add(i, {layer.spec, layer.shape, nullptr, &layer}, i + 1 == count);
  }
  return std::move(exporter).Finish(count - 1);
}

Expected<std::vector<std::byte>> WriteTflite(const Model& model) {
  THIMBLE_ASSIGN(const Lowered lowered, Lower(model));
  const std::vector<LayerSpec>& layers = lowered.model.spec.layers;
  Exporter exporter(Exporter::Format::kFloat, lowered.model.spec.input, {}, IsSoftmax(layers.back()));
  for (int i = 0; i < lowered.layer_count(); ++i) {
    const auto at = static_cast<size_t>(i);
    exporter.Add(i, {layers[at], lowered.shapes[at], &lowered.model.weights[at], nullptr},
                 i + 1 == lowered.layer_count());
  }
  return std::move(exporter).Finish(lowered.layer_count() - 1);
}

}  // namespace thimble::trainer
