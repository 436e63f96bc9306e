// The only file that includes libtorch: its header takes longer than all others together.
#include "trainer/libtorch_model.h"

#include <torch/torch.h>

#include <algorithm>

namespace thimble::trainer {
namespace {

torch::Tensor Parameter(const std::vector<float>& values, const std::vector<int64_t>& shape) {
  return torch::from_blob(const_cast<float*>(values.data()), shape, torch::kFloat).clone().set_requires_grad(true);
}

std::vector<float> Values(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

// The moving average of a tensor's range, and its grid.
struct Observer {
  torch::Tensor on = torch::ones({1}, torch::kLong);
  torch::Tensor low, high, scale, zero_point;
  bool channels = false;

  explicit Observer(int64_t count = 1, bool of_channels = false)
      : low(torch::full({count}, INFINITY)),
        high(torch::full({count}, -INFINITY)),
        scale(torch::ones({count})),
        zero_point(torch::zeros({count}, torch::kInt)),
        channels(of_channels) {}

  torch::Tensor operator()(const torch::Tensor& x) {
    return torch::fused_moving_avg_obs_fake_quant(x, on, on, low, high, scale, zero_point, 0.01, channels ? -127 : -128,
                                                  127, 0, channels, channels);
  }
};

struct Layer {
  torch::Tensor weights, bias, recurrent, mean, variance;
  Observer output, weight_grid;
};

}  // namespace

struct LibtorchModel::State {
  Model model;
  std::vector<Shape> shapes;
  std::vector<Layer> layers;
  bool quantise = false;
  Observer input_grid;
  torch::Tensor output;
  std::unique_ptr<torch::optim::Adam> adam;

  Shape InputShape(int index) const {
    const int from = InputsOf(model.spec, index).front();
    return from == kModelInput ? model.spec.input : shapes[static_cast<size_t>(from)];
  }

  // Zeros for a window, as [left, right, top, bottom].
  static std::vector<int64_t> Zeros(const Window& window, const Shape& in, const Shape& out) {
    const auto along = [&](int inputs, int outputs, int size, int stride, int dilation) {
      const int before = ExtentOf(inputs, size, stride, dilation, window.padding).before;
      const int needed = (outputs - 1) * stride + (size - 1) * dilation + 1;
      return std::pair<int64_t, int64_t>(before, std::max(0, needed - before - inputs));
    };
    const auto [top, bottom] =
        along(in.height, out.height, window.height, window.stride_height, window.dilation_height);
    const auto [left, right] = along(in.width, out.width, window.width, window.stride_width, window.dilation_width);
    return {left, right, top, bottom};
  }

  static torch::Tensor Convolve(torch::Tensor x, const torch::Tensor& weights, const torch::Tensor& bias,
                                const Window& window, std::vector<int64_t> zeros, int64_t groups) {
    std::vector<int64_t> padding{0, 0};
    if (zeros[0] == zeros[1] && zeros[2] == zeros[3]) {
      padding = {zeros[2], zeros[0]};
    } else {
      x = torch::constant_pad_nd(x, zeros);
    }
    return torch::conv2d(x, weights, bias, {window.stride_height, window.stride_width}, padding,
                         {window.dilation_height, window.dilation_width}, groups);
  }

  torch::Tensor Bend(const torch::Tensor& x, const LayerSpec& layer) const {
    switch (layer.activation) {
      case Activation::kNone:
        return x;
      case Activation::kRelu:
        return torch::relu(x);
      case Activation::kRelu6:
        return torch::clamp(x, 0, 6);
      case Activation::kLeakyRelu:
        return torch::leaky_relu(x, static_cast<double>(layer.slope));
      case Activation::kSigmoid:
        return torch::sigmoid(x);
      case Activation::kTanh:
        return torch::tanh(x);
      case Activation::kSoftmax:
        return torch::softmax(x, 1);
    }
    return x;
  }

  static torch::Tensor Flat(const torch::Tensor& x) {
    return x.size(2) * x.size(3) == 1 ? x.flatten(1) : x.permute({0, 2, 3, 1}).flatten(1);
  }

  torch::Tensor Compute(int index, const std::vector<torch::Tensor>& inputs, bool training) {
    const LayerSpec& layer = model.spec.layers[static_cast<size_t>(index)];
    Layer& own = layers[static_cast<size_t>(index)];
    const Shape in = InputShape(index);
    const Shape out = shapes[static_cast<size_t>(index)];
    const Window& window = layer.window;
    const torch::Tensor& x = inputs.front();
    const auto weights = [&] { return quantise ? own.weight_grid(own.weights) : own.weights; };
    const std::vector<int64_t> size{window.height, window.width}, stride{window.stride_height, window.stride_width};
    switch (layer.kind) {
      case LayerKind::kDense:
        return torch::linear(Flat(x), weights(), own.bias).unsqueeze(2).unsqueeze(3);
      case LayerKind::kConvolution:
        return Convolve(x, weights(), own.bias, window, Zeros(window, in, out), 1);
      case LayerKind::kDepthwise:
        return Convolve(x, weights(), own.bias, window, Zeros(window, in, out), in.channels);
      case LayerKind::kBatchNorm:
        return torch::batch_norm(x, own.weights, own.bias, own.mean, own.variance, training,
                                 1 - static_cast<double>(layer.momentum), static_cast<double>(layer.epsilon), false);
      case LayerKind::kMaxPool:
        return torch::max_pool2d(torch::constant_pad_nd(x, Zeros(window, in, out), -INFINITY), size, stride);
      case LayerKind::kAveragePool: {
        const auto zeros = Zeros(window, in, out);
        const torch::Tensor counts =
            torch::avg_pool2d(torch::constant_pad_nd(torch::ones_like(x), zeros), size, stride);
        return torch::avg_pool2d(torch::constant_pad_nd(x, zeros), size, stride) / counts;
      }
      case LayerKind::kGlobalAverage:
        return x.mean({2, 3}, true);
      case LayerKind::kDropout:
        return torch::dropout(x, static_cast<double>(layer.rate), training);
      case LayerKind::kActivation:
        return x;
      case LayerKind::kAdd: {
        torch::Tensor sum = x;
        for (size_t i = 1; i < inputs.size(); ++i) sum = sum + inputs[i];
        return sum;
      }
      case LayerKind::kConcat:
        return torch::cat(inputs, 1);
      case LayerKind::kReshape:
        return Flat(x).reshape({x.size(0), out.height, out.width, out.channels}).permute({0, 3, 1, 2});
      case LayerKind::kLstm: {
        const torch::Tensor states = torch::zeros({1, x.size(0), layer.units});
        const auto [sequence, last, cell] =
            torch::lstm(x.squeeze(2).permute({0, 2, 1}), {states, states},
                        {own.weights, own.recurrent, own.bias, torch::zeros({4 * layer.units})}, true, 1, 0.0, training,
                        false, true);
        if (layer.sequences) return sequence.permute({0, 2, 1}).unsqueeze(2);
        return last.squeeze(0).unsqueeze(2).unsqueeze(3);
      }
    }
    return x;
  }

  torch::Tensor Run(std::span<const float> inputs, int rows, bool training) {
    const Shape& in = model.spec.input;
    torch::Tensor x = torch::from_blob(const_cast<float*>(inputs.data()), {rows, in.height, in.width, in.channels})
                          .permute({0, 3, 1, 2})
                          .contiguous();
    if (quantise) x = input_grid(x);
    std::vector<torch::Tensor> values;
    const auto count = static_cast<int>(layers.size());
    for (int i = 0; i < count; ++i) {
      const LayerSpec& layer = model.spec.layers[static_cast<size_t>(i)];
      if (i + 1 == count && layer.activation == Activation::kSoftmax) break;
      std::vector<torch::Tensor> from;
      for (const int input : InputsOf(model.spec, i)) {
        from.push_back(input == kModelInput ? x : values[static_cast<size_t>(input)]);
      }
      torch::Tensor y = Bend(Compute(i, from, training), layer);
      const bool has_grid = layer.kind == LayerKind::kDense || layer.kind == LayerKind::kConvolution;
      if (quantise && has_grid) y = layers[static_cast<size_t>(i)].output(y);
      values.push_back(y);
    }
    return values.back();
  }
};

LibtorchModel::LibtorchModel(const Model& model, bool quantise) : state_(std::make_unique<State>()) {
  torch::set_num_threads(1);
  state_->model = model;
  state_->shapes = *InferShapes(model.spec);
  state_->quantise = quantise;
  std::vector<torch::Tensor> parameters;
  for (int i = 0; i < static_cast<int>(model.weights.size()); ++i) {
    const LayerSpec& spec = model.spec.layers[static_cast<size_t>(i)];
    const LayerWeights& from = model.weights[static_cast<size_t>(i)];
    const Shape in = state_->InputShape(i);
    const auto outputs = static_cast<int64_t>(from.bias.size());
    Layer layer;
    if (!from.weights.empty()) {
      std::vector<int64_t> shape{outputs, static_cast<int64_t>(from.weights.size()) / std::max<int64_t>(1, outputs)};
      if (spec.kind == LayerKind::kConvolution) shape = {outputs, spec.window.height, spec.window.width, in.channels};
      if (spec.kind == LayerKind::kDepthwise) shape = {1, spec.window.height, spec.window.width, in.channels};
      if (spec.kind == LayerKind::kBatchNorm) shape = {outputs};
      layer.weights = Parameter(from.weights, shape);
      // libtorch wants [out, in of the group, height, width].
      if (spec.kind == LayerKind::kConvolution) {
        layer.weights = layer.weights.detach().permute({0, 3, 1, 2}).contiguous().set_requires_grad(true);
      }
      if (spec.kind == LayerKind::kDepthwise) {
        layer.weights = layer.weights.detach().permute({3, 0, 1, 2}).contiguous().set_requires_grad(true);
      }
      layer.weight_grid = Observer(layer.weights.size(0), true);
      layer.bias = Parameter(from.bias, {outputs});
      parameters.push_back(layer.weights);
      parameters.push_back(layer.bias);
    }
    if (!from.recurrent.empty()) {
      layer.recurrent = Parameter(from.recurrent, {outputs, spec.units});
      parameters.push_back(layer.recurrent);
    }
    if (!from.mean.empty()) {
      layer.mean = Parameter(from.mean, {outputs}).detach();
      layer.variance = Parameter(from.variance, {outputs}).detach();
    }
    state_->layers.push_back(std::move(layer));
  }
  if (!parameters.empty()) state_->adam = std::make_unique<torch::optim::Adam>(parameters);
}

LibtorchModel::~LibtorchModel() = default;

std::vector<float> LibtorchModel::Forward(std::span<const float> inputs, int rows, bool training) {
  state_->output = state_->Run(inputs, rows, training);
  return Values(state_->output.permute({0, 2, 3, 1}));
}

Model LibtorchModel::Gradient(std::span<const float> output_gradient) {
  if (state_->adam) state_->adam->zero_grad();
  const torch::Tensor& y = state_->output;
  const torch::Tensor dy =
      torch::from_blob(const_cast<float*>(output_gradient.data()), {y.size(0), y.size(2), y.size(3), y.size(1)})
          .permute({0, 3, 1, 2});
  y.backward(dy);
  Model gradient = state_->model;
  for (size_t i = 0; i < state_->layers.size(); ++i) {
    const Layer& layer = state_->layers[i];
    LayerWeights& to = gradient.weights[i];
    if (!layer.weights.defined()) continue;
    torch::Tensor weights = layer.weights.grad();
    if (gradient.spec.layers[i].kind == LayerKind::kConvolution) weights = weights.permute({0, 2, 3, 1});
    if (gradient.spec.layers[i].kind == LayerKind::kDepthwise) weights = weights.permute({1, 2, 3, 0});
    to.weights = Values(weights);
    to.bias = Values(layer.bias.grad());
    if (layer.recurrent.defined()) to.recurrent = Values(layer.recurrent.grad());
    if (layer.mean.defined()) {
      to.mean = Values(layer.mean);
      to.variance = Values(layer.variance);
    }
  }
  return gradient;
}

double LibtorchModel::Step(std::span<const float> inputs, std::span<const int64_t> labels, float learning_rate) {
  for (auto& group : state_->adam->param_groups()) {
    static_cast<torch::optim::AdamOptions&>(group.options()).lr(static_cast<double>(learning_rate));
  }
  state_->adam->zero_grad();
  const torch::Tensor scores = state_->Run(inputs, static_cast<int>(labels.size()), true).flatten(1);
  const torch::Tensor wanted =
      torch::from_blob(const_cast<int64_t*>(labels.data()), {static_cast<int64_t>(labels.size())}, torch::kLong);
  const torch::Tensor loss = torch::cross_entropy_loss(scores, wanted);
  loss.backward();
  state_->adam->step();
  return loss.item<double>();
}

}  // namespace thimble::trainer
