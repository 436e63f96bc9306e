#include "trainer/internal/node.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/random.h"
#include "trainer/internal/loss.h"

namespace thimble::trainer::engine {

Finish Grid::Begin(float low, float high, bool on, bool training) {
  Finish finish{.low = low, .high = high};
  low_ = low;
  high_ = high;
  observes_ = on && training;
  if (observes_) {
    seen_[0] = __builtin_inff();
    seen_[1] = -__builtin_inff();
    finish.seen = seen_;
  }
  if (on && range.known()) {
    finish.step = (range.high - range.low) / 255.0f;
    // 0 lies on the grid: padding and ReLU need it exactly.
    finish.code_low = std::clamp(std::round(range.low / finish.step), -255.0f, 0.0f);
    finish.code_high = finish.code_low + 255.0f;
  }
  return finish;
}

void Grid::Observed(float keep) {
  if (!observes_) return;
  observes_ = false;
  if (!std::isfinite(seen_[0]) || !std::isfinite(seen_[1])) return;
  const float low = std::min(seen_[0], 0.0f);
  const float high = std::max(seen_[1], 0.0f);
  if (!range.known()) {
    range = {low, high};
    return;
  }
  range.low += (1 - keep) * (low - range.low);
  range.high += (1 - keep) * (high - range.high);
}

void WeightGrid::Update(const Node& node) {
  plain_ = node.parameters;
  on_ = node.quantises;
  factor_ = on_ && node.norm != nullptr ? node.norm->UpdateFactor() : nullptr;
  if (!on_) return;
  node.kernels->quantise_weights(plain_, factor_, static_cast<int>(depth_), static_cast<int>(channels_),
                                 weights_.data(), steps_.data());
  if (factor_ != nullptr) node.kernels->product(plain_ + depth_ * channels_, factor_, bias_.data(), channels_);
}

void WeightGrid::Backward(const Node& node) const {
  if (factor_ == nullptr) return;
  // The bias is one more row behind the weights.
  node.kernels->scale_columns(node.gradient, factor_, static_cast<int>(depth_) + 1, static_cast<int>(channels_));
}

// --- Batch norm -----------------------------------------------------------------------------------------------------

BatchNorm::BatchNorm(const LayerSpec& layer, const Shape& output, std::vector<Node*> from)
    : Node(layer, output), channels_(static_cast<size_t>(output.channels)) {
  inputs = std::move(from);
  for (Floats* values_of_channels : {&mean_, &variance_, &batch_mean_, &batch_variance_, &factor_, &scale_, &shift_,
                                     &inverse_, &sums_, &products_, &slope_, &offset_}) {
    *values_of_channels = Floats(channels_);
  }
}

void BatchNorm::Import(const LayerWeights& from) {
  std::copy(from.weights.begin(), from.weights.end(), parameters);
  std::copy(from.bias.begin(), from.bias.end(), parameters + channels_);
  std::copy(from.mean.begin(), from.mean.end(), mean_.data());
  std::copy(from.variance.begin(), from.variance.end(), variance_.data());
}

void BatchNorm::Export(LayerWeights& to) const {
  to.weights.assign(parameters, parameters + channels_);
  to.bias.assign(parameters + channels_, parameters + 2 * channels_);
  to.mean.assign(mean_.data(), mean_.data() + channels_);
  to.variance.assign(variance_.data(), variance_.data() + channels_);
}

const float* BatchNorm::UpdateFactor() {
  constexpr float kLeast = 1e-6f;  // it is divided by
  for (size_t c = 0; c < channels_; ++c) {
    const float factor = parameters[c] / std::sqrt(variance_[c] + spec.epsilon);
    factor_[c] = std::copysign(std::max(std::abs(factor), kLeast), factor);
  }
  return factor_.data();
}

void BatchNorm::Forward(int rows, bool training) {
  const int count = rows * shape.positions();
  const float* const gamma = parameters;
  const float* const beta = parameters + channels_;
  batch_statistics_ = training && trains;
  if (batch_statistics_) {
    kernels->moments(input().y, count, shape.channels, batch_mean_.data(), batch_variance_.data());
  }
  const float unbiased = count > 1 ? static_cast<float>(count) / static_cast<float>(count - 1) : 1.0f;
  for (size_t c = 0; c < channels_; ++c) {
    const float factor = folds() ? factor_[c] : 1.0f;
    if (batch_statistics_) {
      const float kept = spec.momentum;
      mean_[c] = kept * mean_[c] + (1 - kept) * (batch_mean_[c] / factor);
      variance_[c] = kept * variance_[c] + (1 - kept) * (unbiased * batch_variance_[c] / (factor * factor));
    } else {
      batch_mean_[c] = mean_[c] * factor;
      batch_variance_[c] = variance_[c] * factor * factor;
    }
    const float deviation = std::sqrt(batch_variance_[c] + spec.epsilon * factor * factor);
    inverse_[c] = std::copysign(1.0f / deviation, factor);
    scale_[c] = gamma[c] * inverse_[c];
    shift_[c] = beta[c] - batch_mean_[c] * scale_[c];
  }
  kernels->scale(input().y, scale_.data(), shift_.data(), y, count, shape.channels, BeginOutput(training));
  grid.Observed(range_keep);
}

void BatchNorm::Backward(int rows) {
  const int count = rows * shape.positions();
  kernels->mask_products(dy, y, input().y, batch_mean_.data(), grid.low(), grid.high(), count, shape.channels,
                         sums_.data(), products_.data());
  const float each = 1.0f / static_cast<float>(count);
  for (size_t c = 0; c < channels_; ++c) {
    const float gamma_gradient = products_[c] * inverse_[c];
    if (trains) {
      gradient[c] = gamma_gradient;
      gradient[channels_ + c] = sums_[c];
    }
    // The batch's mean and deviation move with x.
    const float pull = batch_statistics_ ? scale_[c] * each : 0.0f;
    slope_[c] = -pull * inverse_[c] * gamma_gradient;
    offset_[c] = -pull * sums_[c] - slope_[c] * batch_mean_[c];
  }
  GiveGradient(input(), rows, [&](float* dx) {
    kernels->combine(dy, input().y, scale_.data(), slope_.data(), offset_.data(), dx, count, shape.channels);
  });
}

namespace {

// --- Layers without weights -----------------------------------------------------------------------------------------

class Plain : public Node {
 public:
  Plain(const LayerSpec& layer, const Shape& output, std::vector<Node*> from) : Node(layer, output) {
    inputs = std::move(from);
  }

 protected:
  // The gradient of the output, as it is, to an input.
  void PassOn(Node& to, int rows) {
    GiveGradient(to, rows, [&](float* dx) {
      if (dx != dy) std::memcpy(dx, dy, Values(rows) * sizeof(float));
    });
  }
};

class Reshape final : public Plain {
 public:
  using Plain::Plain;
  bool IsView() const override { return true; }
  bool WorksInPlace() const override { return true; }
  bool HasGrid() const override { return false; }
  void Forward(int /*rows*/, bool /*training*/) override {}
  void Backward(int rows) override { PassOn(input(), rows); }
};

class Clamp final : public Plain {
 public:
  using Plain::Plain;
  bool WorksInPlace() const override { return true; }
  void Forward(int rows, bool training) override {
    kernels->finish(input().y, y, Values(rows), BeginOutput(training));
    grid.Observed(range_keep);
  }
  void Backward(int rows) override {
    kernels->mask(dy, y, grid.low(), grid.high(), rows * shape.positions(), shape.channels, nullptr);
    PassOn(input(), rows);
  }
};

// Activations that bend. Their gradients follow from y alone.
class Curve final : public Plain {
 public:
  using Plain::Plain;
  bool WorksInPlace() const override { return true; }
  // Softmax has the grid that TFLite gives it.
  bool HasGrid() const override { return spec.activation != Activation::kSoftmax; }

  void Forward(int rows, bool training) override {
    const float* const x = input().y;
    const size_t count = Values(rows);
    switch (spec.activation) {
      case Activation::kLeakyRelu:
        kernels->leaky(x, spec.slope, y, count);
        break;
      case Activation::kSigmoid:
        kernels->sigmoid(x, y, count);
        break;
      case Activation::kTanh:
        kernels->tanh(x, y, count);
        break;
      default:
        Softmax(x, rows * shape.positions());
    }
    if (!quantises || !HasGrid()) return;
    kernels->finish(y, y, count, BeginOutput(training));
    grid.Observed(range_keep);
  }

  void Backward(int rows) override {
    const size_t count = Values(rows);
    switch (spec.activation) {
      case Activation::kLeakyRelu:
        kernels->leaky_backward(y, spec.slope, dy, count);
        break;
      case Activation::kSigmoid:
        kernels->sigmoid_backward(y, dy, count);
        break;
      case Activation::kTanh:
        kernels->tanh_backward(y, dy, count);
        break;
      default:
        SoftmaxBackward(rows * shape.positions());
    }
    PassOn(input(), rows);
  }

 private:
  void Softmax(const float* x, int vectors) {
    const auto width = static_cast<size_t>(shape.channels);
    std::copy_n(x, static_cast<size_t>(vectors) * width, y);
    for (int row = 0; row < vectors; ++row) {
      engine::Softmax(*kernels, {y + static_cast<size_t>(row) * width, width});
    }
  }

  void SoftmaxBackward(int vectors) {
    const auto width = static_cast<size_t>(shape.channels);
    for (int row = 0; row < vectors; ++row) {
      const float* const from = y + static_cast<size_t>(row) * width;
      float* const to = dy + static_cast<size_t>(row) * width;
      float sum = 0;
      for (size_t c = 0; c < width; ++c) sum += from[c] * to[c];
      for (size_t c = 0; c < width; ++c) to[c] = from[c] * (to[c] - sum);
    }
  }
};

// Silences a share of the values in training and makes up for it in the others' size, so that inference needs nothing.
class Dropout final : public Plain {
 public:
  Dropout(const LayerSpec& layer, const Shape& output, std::vector<Node*> from, uint64_t seed)
      : Plain(layer, output, std::move(from)) {
    Random random(seed);
    for (uint32_t& word : state_) word = random.Word() | 1;  // never 0
  }
  bool WorksInPlace() const override { return true; }
  bool HasGrid() const override { return false; }
  void Prepare(int batch_rows) override { factors_ = Floats(Values(batch_rows)); }

  void Forward(int rows, bool training) override {
    drops_ = training && spec.rate > 0;
    if (!drops_) {
      std::memcpy(y, input().y, Values(rows) * sizeof(float));
      return;
    }
    kernels->dropout(state_, spec.rate, factors_.data(), Values(rows));
    kernels->product(input().y, factors_.data(), y, Values(rows));
  }
  void Backward(int rows) override {
    if (!drops_) return PassOn(input(), rows);
    GiveGradient(input(), rows, [&](float* dx) { kernels->product(dy, factors_.data(), dx, Values(rows)); });
  }

 private:
  bool drops_ = false;
  uint32_t state_[8];
  Floats factors_;
};

class Add final : public Plain {
 public:
  using Plain::Plain;
  void Forward(int rows, bool training) override {
    const size_t count = Values(rows);
    const Finish finish = BeginOutput(training);
    for (size_t i = 1; i < inputs.size(); ++i) {
      const bool last = i + 1 == inputs.size();
      kernels->sum(i == 1 ? inputs[0]->y : y, inputs[i]->y, y, count, last ? finish : Finish{});
    }
    grid.Observed(range_keep);
  }
  void Backward(int rows) override {
    kernels->mask(dy, y, grid.low(), grid.high(), rows * shape.positions(), shape.channels, nullptr);
    for (Node* const to : inputs) PassOn(*to, rows);
  }
};

class Concat final : public Plain {
 public:
  using Plain::Plain;
  void Forward(int rows, bool training) override {
    size_t first = 0;
    for (const Node* const from : inputs) {
      const auto width = static_cast<size_t>(from->shape.channels);
      for (size_t p = 0; p < Positions(rows); ++p) std::copy_n(from->y + p * width, width, y + p * Width() + first);
      first += width;
    }
    if (!quantises) return;
    kernels->finish(y, y, Values(rows), BeginOutput(training));
    grid.Observed(range_keep);
  }
  void Backward(int rows) override {
    if (quantises) {
      kernels->mask(dy, y, grid.low(), grid.high(), rows * shape.positions(), shape.channels, nullptr);
    }
    size_t first = 0;
    for (Node* const to : inputs) {
      const auto width = static_cast<size_t>(to->shape.channels);
      GiveGradient(*to, rows, [&](float* dx) {
        for (size_t p = 0; p < Positions(rows); ++p) std::copy_n(dy + p * Width() + first, width, dx + p * width);
      });
      first += width;
    }
  }

 private:
  size_t Width() const { return static_cast<size_t>(shape.channels); }
  size_t Positions(int rows) const { return static_cast<size_t>(rows) * static_cast<size_t>(shape.positions()); }
};

class Pooling final : public Plain {
 public:
  Pooling(const LayerSpec& layer, const Shape& output, std::vector<Node*> from)
      : Plain(layer, output, std::move(from)) {
    const Shape& image = input().shape;
    if (spec.kind == LayerKind::kGlobalAverage) {
      spec.window = {.height = image.height, .width = image.width, .padding = Padding::kValid};
    }
    const Window& window = spec.window;
    Bounds(image.height, window.height, window.stride_height, row_begin_, row_end_);
    Bounds(image.width, window.width, window.stride_width, column_begin_, column_end_);
  }
  bool HasGrid() const override { return false; }

  void Forward(int rows, bool /*training*/) override {
    const Pool pool = Geometry();
    for (int row = 0; row < rows; ++row) {
      (Max() ? kernels->max_pool : kernels->average_pool)(pool, input().y + input().Values(row), y + Values(row));
    }
  }

  void Backward(int rows) override {
    const Pool pool = Geometry();
    GiveGradient(input(), rows, [&](float* dx) {
      std::fill_n(dx, input().Values(rows), 0.0f);
      for (int row = 0; row < rows; ++row) {
        const size_t from = input().Values(row);
        const size_t at = Values(row);
        if (Max()) {
          kernels->max_pool_backward(pool, input().y + from, y + at, dy + at, dx + from);
        } else {
          kernels->average_pool_backward(pool, dy + at, dx + from);
        }
      }
    });
  }

 private:
  bool Max() const { return spec.kind == LayerKind::kMaxPool; }

  void Bounds(int size, int window, int stride, std::vector<int32_t>& begin, std::vector<int32_t>& end) const {
    const Extent extent = ExtentOf(size, window, stride, 1, spec.window.padding);
    for (int i = 0; i < extent.outputs; ++i) {
      begin.push_back(std::max(0, i * stride - extent.before));
      end.push_back(std::min(size, i * stride - extent.before + window));
    }
  }

  Pool Geometry() const {
    return {.row_begin = row_begin_.data(),
            .row_end = row_end_.data(),
            .column_begin = column_begin_.data(),
            .column_end = column_end_.data(),
            .height = shape.height,
            .width = shape.width,
            .channels = shape.channels,
            .input_width = input().shape.width};
  }

  std::vector<int32_t> row_begin_, row_end_, column_begin_, column_end_;
};

}  // namespace

std::unique_ptr<Node> MakeNode(const LayerSpec& spec, const Shape& shape, std::vector<Node*> inputs, uint64_t seed) {
  switch (spec.kind) {
    case LayerKind::kDense:
    case LayerKind::kConvolution:
      return MakeConvolution(spec, shape, std::move(inputs));
    case LayerKind::kDepthwise:
      return MakeDepthwise(spec, shape, std::move(inputs));
    case LayerKind::kBatchNorm:
      return std::make_unique<BatchNorm>(spec, shape, std::move(inputs));
    case LayerKind::kMaxPool:
    case LayerKind::kAveragePool:
    case LayerKind::kGlobalAverage:
      return std::make_unique<Pooling>(spec, shape, std::move(inputs));
    case LayerKind::kDropout:
      return std::make_unique<Dropout>(spec, shape, std::move(inputs), seed);
    case LayerKind::kActivation:
      if (spec.activation <= Activation::kRelu6) return std::make_unique<Clamp>(spec, shape, std::move(inputs));
      return std::make_unique<Curve>(spec, shape, std::move(inputs));
    case LayerKind::kAdd:
      return std::make_unique<Add>(spec, shape, std::move(inputs));
    case LayerKind::kConcat:
      return std::make_unique<Concat>(spec, shape, std::move(inputs));
    case LayerKind::kReshape:
      return std::make_unique<Reshape>(spec, shape, std::move(inputs));
    case LayerKind::kLstm:
      return MakeLstm(spec, shape, std::move(inputs));
  }
  return nullptr;
}

}  // namespace thimble::trainer::engine
