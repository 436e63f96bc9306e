#include "trainer/internal/graph.h"

#include <cassert>
#include <cmath>

namespace thimble::trainer {
namespace {

class Dense final : public Layer {
 public:
  Dense(Eigen::Index inputs, Eigen::Index outputs) : inputs_(inputs), outputs_(outputs) {}

  Eigen::Index ParameterCount() const override { return outputs_ * (inputs_ + 1); }

  void Bind(float* parameters, float* gradient, float* decays) override {
    parameters_ = parameters;
    gradient_ = gradient;
    std::fill_n(decays, inputs_ * outputs_, 1.0f);
  }

  // He et al. 2015: keeps the size of the signal from layer to layer under ReLU.
  void Initialise(Random& random) override {
    const float deviation = std::sqrt(2.0f / static_cast<float>(inputs_));
    for (float& weight : std::span(parameters_, static_cast<size_t>(inputs_ * outputs_))) {
      weight = deviation * random.Normal();
    }
  }

  void Forward(const Batch& x, bool /*training*/, Batch& y) override {
    y.noalias() = Weights(parameters_) * x;
    y.colwise() += Bias(parameters_);
  }

  void Backward(const Batch& x, const Batch& /*y*/, const Batch& dy, Batch* dx) override {
    Weights(gradient_).noalias() = dy * x.transpose();
    Bias(gradient_) = dy.rowwise().sum();
    if (dx != nullptr) dx->noalias() = Weights(parameters_).transpose() * dy;
  }

 private:
  Eigen::Map<Eigen::MatrixXf> Weights(float* from) const { return {from, outputs_, inputs_}; }
  Eigen::Map<Eigen::VectorXf> Bias(float* from) const { return {from + inputs_ * outputs_, outputs_}; }

  Eigen::Index inputs_, outputs_;
  float* parameters_ = nullptr;
  float* gradient_ = nullptr;
};

class Relu final : public Layer {
 public:
  void Forward(const Batch& x, bool /*training*/, Batch& y) override { y = x.cwiseMax(0.0f); }
  void Backward(const Batch& /*x*/, const Batch& y, const Batch& dy, Batch* dx) override {
    *dx = (y.array() > 0.0f).select(dy, 0.0f);
  }
};

// Silences a share of the values in training and makes up for it in the others' size, so that inference needs nothing.
class Dropout final : public Layer {
 public:
  Dropout(float share, Random& random) : share_(share), random_(random) {}

  void Forward(const Batch& x, bool training, Batch& y) override {
    if (!training) {
      y = x;
      return;
    }
    factors_.resize(x.rows(), x.cols());
    const float kept = 1.0f / (1.0f - share_);
    for (float& factor : factors_.reshaped()) factor = random_.Uniform() < share_ ? 0.0f : kept;
    y = x.cwiseProduct(factors_);
  }
  void Backward(const Batch& /*x*/, const Batch& /*y*/, const Batch& dy, Batch* dx) override {
    *dx = dy.cwiseProduct(factors_);
  }

 private:
  float share_;
  Random& random_;
  Batch factors_;
};

}  // namespace

Graph::Graph(int inputs, std::span<const int> hidden, int outputs, float dropout, Random& random) : widths_{inputs} {
  widths_.insert(widths_.end(), hidden.begin(), hidden.end());
  widths_.push_back(outputs);
  for (size_t i = 0; i + 1 < widths_.size(); ++i) {
    layers_.push_back(std::make_unique<Dense>(widths_[i], widths_[i + 1]));
    if (i == hidden.size()) break;
    layers_.push_back(std::make_unique<Relu>());
    if (dropout > 0) layers_.push_back(std::make_unique<Dropout>(dropout, random));
  }

  Eigen::Index count = 0;
  for (const auto& layer : layers_) count += layer->ParameterCount();
  parameters_ = gradient_ = decays_ = Eigen::VectorXf::Zero(count);
  Eigen::Index first = 0;
  for (const auto& layer : layers_) {
    layer->Bind(parameters_.data() + first, gradient_.data() + first, decays_.data() + first);
    layer->Initialise(random);
    first += layer->ParameterCount();
  }
  values_.resize(layers_.size());
  value_gradients_.resize(layers_.size());
}

const Batch& Graph::Forward(const Batch& x, bool training) {
  const Batch* value = &x;
  for (size_t i = 0; i < layers_.size(); ++i) {
    layers_[i]->Forward(*value, training, values_[i]);
    value = &values_[i];
  }
  return *value;
}

void Graph::Backward(const Batch& x, const Batch& dy) {
  const Batch* gradient = &dy;
  for (size_t i = layers_.size(); i-- > 0;) {
    Batch* to = i > 0 ? &value_gradients_[i - 1] : nullptr;
    layers_[i]->Backward(i > 0 ? values_[i - 1] : x, values_[i], *gradient, to);
    gradient = to;
  }
}

std::vector<DenseLayer> Graph::Export(const Eigen::VectorXf& parameters) const {
  std::vector<DenseLayer> exported;
  const float* from = parameters.data();
  for (size_t i = 0; i + 1 < widths_.size(); ++i) {
    DenseLayer layer{
        .input_count = widths_[i],
        .output_count = widths_[i + 1],
        .relu = i + 2 < widths_.size(),
        .weights = std::vector<float>(static_cast<size_t>(widths_[i]) * static_cast<size_t>(widths_[i + 1])),
        .bias = {}};
    Eigen::Map<RowMajor>(layer.weights.data(), layer.output_count, layer.input_count) =
        Eigen::Map<const Eigen::MatrixXf>(from, layer.output_count, layer.input_count);
    from += layer.weights.size();
    layer.bias.assign(from, from + layer.output_count);
    from += layer.output_count;
    exported.push_back(std::move(layer));
  }
  return exported;
}

float CrossEntropy(const Batch& logits, std::span<const int> labels, std::span<const float> class_weights,
                   float smoothing, Batch& gradient) {
  assert(static_cast<size_t>(logits.cols()) == labels.size());
  gradient = logits;
  Softmax(gradient);
  const float per_row = 1.0f / static_cast<float>(logits.cols());
  const float elsewhere = smoothing / static_cast<float>(logits.rows());
  const float at_label = 1.0f - smoothing + elsewhere;
  float loss = 0;
  for (Eigen::Index row = 0; row < logits.cols(); ++row) {
    const int label = labels[static_cast<size_t>(row)];
    const float weight = class_weights[static_cast<size_t>(label)] * per_row;
    auto scores = gradient.col(row);
    // The smallest normal number stands for a score of 0, whose logarithm would be minus infinity.
    const auto log_of = [](float score) { return std::log(std::max(score, 1.17549435e-38f)); };
    float row_loss = 0;
    if (smoothing > 0) {
      for (const float score : scores) row_loss -= elsewhere * log_of(score);
    }
    row_loss -= (at_label - elsewhere) * log_of(scores[label]);
    loss += weight * row_loss;
    scores.array() -= elsewhere;
    scores[label] -= at_label - elsewhere;
    scores *= weight;
  }
  return loss;
}

float SquaredError(const Batch& y, const Batch& targets, Batch& gradient) {
  gradient = y - targets;
  const float per_value = 1.0f / static_cast<float>(y.size());
  const float loss = gradient.squaredNorm() * per_value;
  gradient *= 2.0f * per_value;
  return loss;
}

Adam::Adam(Eigen::Index count, float weight_decay)
    : weight_decay_(weight_decay), mean_(Eigen::ArrayXf::Zero(count)), square_(Eigen::ArrayXf::Zero(count)) {}

void Adam::Step(const Eigen::VectorXf& gradient, const Eigen::VectorXf& decays, float learning_rate,
                Eigen::VectorXf& parameters) {
  constexpr float kMeanBeta = 0.9f;
  constexpr float kSquareBeta = 0.999f;
  constexpr float kEpsilon = 1e-8f;
  mean_power_ *= kMeanBeta;
  square_power_ *= kSquareBeta;
  const auto mean_scale = static_cast<float>(learning_rate / (1 - mean_power_));
  const auto square_scale = static_cast<float>(1 / (1 - square_power_));
  mean_ = kMeanBeta * mean_ + (1 - kMeanBeta) * gradient.array();
  square_ = kSquareBeta * square_ + (1 - kSquareBeta) * gradient.array().square();
  if (weight_decay_ > 0) parameters.array() *= 1.0f - learning_rate * weight_decay_ * decays.array();
  parameters.array() -= mean_scale * mean_ / ((square_scale * square_).sqrt() + kEpsilon);
}

}  // namespace thimble::trainer
