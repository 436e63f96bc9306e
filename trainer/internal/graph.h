// The trainable form of a network: layers that compute forward and backward over one flat vector of parameters.
#ifndef THIMBLE_TRAINER_INTERNAL_GRAPH_H_
#define THIMBLE_TRAINER_INTERNAL_GRAPH_H_

#include <memory>
#include <span>
#include <vector>

#include "base/random.h"
#include "trainer/internal/batch.h"
#include "trainer/network.h"

namespace thimble::trainer {

/// One step of a graph. Batches are [values, rows].
class Layer {
 public:
  virtual ~Layer() = default;

  virtual Eigen::Index ParameterCount() const { return 0; }
  /// Gives the layer its ParameterCount() parameters, their gradient, and 1 where weight decay applies (0 elsewhere).
  virtual void Bind(float* /*parameters*/, float* /*gradient*/, float* /*decays*/) {}
  virtual void Initialise(Random& /*random*/) {}

  virtual void Forward(const Batch& x, bool training, Batch& y) = 0;
  /// Writes the parameters' gradient, and that of x unless `dx` is null. Follows the Forward of the same x and y.
  virtual void Backward(const Batch& x, const Batch& y, const Batch& dy, Batch* dx) = 0;
};

/// Layers one after the other.
class Graph {
 public:
  /// Dense layers with ReLU and dropout after each hidden one; `random` must outlive the graph.
  Graph(int inputs, std::span<const int> hidden, int outputs, float dropout, Random& random);

  const Batch& Forward(const Batch& x, bool training);
  /// From the gradient of the loss to that of the last Forward's output; fills gradient().
  void Backward(const Batch& x, const Batch& dy);

  Eigen::VectorXf& parameters() { return parameters_; }
  const Eigen::VectorXf& gradient() const { return gradient_; }
  const Eigen::VectorXf& decays() const { return decays_; }

  /// The dense layers with these parameters, as plain numbers.
  std::vector<DenseLayer> Export(const Eigen::VectorXf& parameters) const;

 private:
  std::vector<int> widths_;  // inputs, hidden ..., outputs
  std::vector<std::unique_ptr<Layer>> layers_;
  Eigen::VectorXf parameters_, gradient_, decays_;
  std::vector<Batch> values_, value_gradients_;  // one for each layer's output
};

/// Cross-entropy of softmax(logits) with one label a row, its mean over the batch weighted by class, and its gradient.
/// `smoothing` of each label's weight is spread over all classes.
float CrossEntropy(const Batch& logits, std::span<const int> labels, std::span<const float> class_weights,
                   float smoothing, Batch& gradient);

/// Mean over batch and values of (y - target)², and its gradient.
float SquaredError(const Batch& y, const Batch& targets, Batch& gradient);

/// Adam (Kingma, Ba 2015, algorithm 1; beta 0.9 and 0.999) with decoupled weight decay (Loshchilov, Hutter 2019).
class Adam {
 public:
  Adam(Eigen::Index count, float weight_decay);
  void Step(const Eigen::VectorXf& gradient, const Eigen::VectorXf& decays, float learning_rate,
            Eigen::VectorXf& parameters);

 private:
  float weight_decay_;
  double mean_power_ = 1, square_power_ = 1;  // beta^step
  Eigen::ArrayXf mean_, square_;
};

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_INTERNAL_GRAPH_H_
