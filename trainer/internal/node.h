// One layer at work: where its values, gradients and parameters lie, and how its output gets onto an int8 grid.
#ifndef THIMBLE_TRAINER_INTERNAL_NODE_H_
#define THIMBLE_TRAINER_INTERNAL_NODE_H_

#include <memory>
#include <span>
#include <vector>

#include "trainer/internal/engine.h"

namespace thimble::trainer::engine {

/// The grid of one tensor's values: asymmetric, 8 bits, with 0 on it (TFLite's quantisation specification).
class Grid {
 public:
  /// What a kernel does to values: an activation's clamp and, when `on`, this grid. Follow it with Observed.
  Finish Begin(float low, float high, bool on, bool training);
  /// Takes in what the kernel saw since Begin.
  void Observed(float keep);

  /// Between them the gradient passes: the activation's bounds, and not the grid's. The range follows the values a few
  /// steps behind; were those beyond it out of the gradient's reach, nothing would keep them from running away.
  float low() const { return low_; }
  float high() const { return high_; }

  Range range;  ///< moving averages of the extremes, widened to hold 0

 private:
  float seen_[2] = {0, 0};
  bool observes_ = false;
  float low_ = 0, high_ = 0;
};

class BatchNorm;

class Node {
 public:
  Node(const LayerSpec& layer, const Shape& output) : spec(layer), shape(output) {}
  virtual ~Node() = default;

  virtual size_t ParameterCount() const { return 0; }
  /// Marks with 1 the parameters that weight decay applies to.
  virtual void MarkDecays(float* /*decays*/) const {}
  /// Room for batches of so many rows, once inputs, readers and pointers are known.
  virtual void Prepare(int /*batch_rows*/) {}
  /// Parameters and statistics from and to their form in a Model.
  virtual void Import(const LayerWeights& /*from*/) {}
  virtual void Export(LayerWeights& /*to*/) const {}
  /// Numbers besides parameters that training changes.
  virtual std::vector<std::span<float>> Statistics() { return {}; }

  virtual void Forward(int rows, bool training) = 0;
  /// From `dy` to the gradient of parameters and of each input that wants one.
  virtual void Backward(int rows) = 0;

  /// Whether the gradient of its input may lie where that of its output does.
  virtual bool WorksInPlace() const { return false; }
  /// Whether its output is its input.
  virtual bool IsView() const { return false; }
  /// Whether its output has a grid of its own, or keeps its input's.
  virtual bool HasGrid() const { return true; }

  size_t Values(int rows) const { return static_cast<size_t>(rows) * static_cast<size_t>(shape.values()); }

  LayerSpec spec;
  Shape shape;
  std::vector<Node*> inputs;
  int readers = 0;
  bool wanted = false;  ///< the gradient of its output is needed
  bool trains = true;   ///< its parameters change
  bool quantises = false;
  BatchNorm* norm = nullptr;  ///< the only reader, where a layer with weights has a batch norm behind it: one grid
  const Kernels* kernels = nullptr;
  float range_keep = 0.99f;
  Grid grid;

  Floats values;            ///< what `y` points at, unless it is a view
  float* y = nullptr;       ///< [rows, shape]
  float* dy = nullptr;      ///< the same
  bool dy_written = false;  ///< by one of its readers, in this Backward
  float* parameters = nullptr;
  float* gradient = nullptr;
  float* scratch = nullptr;  ///< of the engine's, for gradients of values that have other readers

 protected:
  Node& input() const { return *inputs.front(); }

  /// Calls write(float* dx) with where an input's gradient goes, and adds it to what other readers gave.
  template <typename Write>
  void GiveGradient(Node& to, int rows, Write write) const {
    if (!to.wanted) return;
    if (!to.dy_written) {
      to.dy_written = true;
      write(to.dy);
      return;
    }
    write(scratch);
    kernels->add(scratch, to.dy, to.Values(rows));
  }

  /// The clamp of an activation and the grid of the output; follow the kernel with grid.Observed(range_keep).
  Finish BeginOutput(bool training) {
    const float bounds = __builtin_inff();
    const bool clamps = spec.activation == Activation::kRelu || spec.activation == Activation::kRelu6;
    return grid.Begin(clamps ? 0 : -bounds, spec.activation == Activation::kRelu6 ? 6 : bounds,
                      quantises && HasGrid() && norm == nullptr, training);
  }
};

/// The node for a layer, with its inputs.
std::unique_ptr<Node> MakeNode(const LayerSpec& spec, const Shape& shape, std::vector<Node*> inputs, uint64_t seed);

std::unique_ptr<Node> MakeConvolution(const LayerSpec& spec, const Shape& shape, std::vector<Node*> inputs);
std::unique_ptr<Node> MakeDepthwise(const LayerSpec& spec, const Shape& shape, std::vector<Node*> inputs);
std::unique_ptr<Node> MakeLstm(const LayerSpec& spec, const Shape& shape, std::vector<Node*> inputs);

/// Batch norm over rows and positions (Ioffe, Szegedy 2015). When it quantises, and alone reads a layer with weights,
/// that layer multiplies them with factor() before it rounds them, and this norm takes the factor out again: it sees
/// numbers that are factor() times too large, so its epsilon grows by the square.
class BatchNorm final : public Node {
 public:
  BatchNorm(const LayerSpec& layer, const Shape& output, std::vector<Node*> from);

  size_t ParameterCount() const override { return 2 * channels_; }
  void Import(const LayerWeights& from) override;
  void Export(LayerWeights& to) const override;
  std::vector<std::span<float>> Statistics() override { return {mean_.span(), variance_.span()}; }
  bool WorksInPlace() const override { return true; }
  void Forward(int rows, bool training) override;
  void Backward(int rows) override;

  /// [channels] gamma / sqrt(running variance + epsilon), never 0. Fixed by the reading layer's Forward.
  const float* UpdateFactor();

 private:
  bool folds() const { return quantises && input().norm == this; }

  size_t channels_;
  bool batch_statistics_ = false;  // in the last Forward
  Floats mean_, variance_;         // running
  Floats batch_mean_, batch_variance_;
  Floats factor_;         // of the layer before, when it folds
  Floats scale_, shift_;  // y = x * scale + shift
  Floats inverse_;        // 1 / deviation, with the sign of the factor
  Floats sums_, products_, slope_, offset_;
};

/// Weights in the form that the last Forward used: as they are, or times a batch norm's factor and on their grid.
class WeightGrid {
 public:
  void Prepare(size_t depth, size_t channels) {
    depth_ = depth;
    channels_ = channels;
    weights_ = Floats(depth * channels);
    bias_ = Floats(channels);
    steps_ = Floats(channels);
  }
  void Update(const Node& node);
  const float* weights() const { return on_ ? weights_.data() : plain_; }
  const float* bias() const { return factor_ != nullptr ? bias_.data() : plain_ + depth_ * channels_; }
  /// From the gradients of weights() and bias() to those of the parameters.
  void Backward(const Node& node) const;

 private:
  size_t depth_ = 0, channels_ = 0;
  bool on_ = false;
  const float* plain_ = nullptr;
  const float* factor_ = nullptr;
  Floats weights_, bias_, steps_;
};

}  // namespace thimble::trainer::engine

#endif  // THIMBLE_TRAINER_INTERNAL_NODE_H_
