// A model at work: forward and backward over batches, with all parameters in one flat vector.
#ifndef THIMBLE_TRAINER_INTERNAL_ENGINE_H_
#define THIMBLE_TRAINER_INTERNAL_ENGINE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "trainer/internal/kernels.h"
#include "trainer/model.h"

namespace thimble::trainer::engine {

/// Numbers that kernels may read a little past the end of.
class Floats {
 public:
  explicit Floats(size_t size = 0) : size_(size), values_(size + kReadable) {}
  size_t size() const { return size_; }
  float* data() { return values_.data(); }
  const float* data() const { return values_.data(); }
  float& operator[](size_t i) { return values_[i]; }
  float operator[](size_t i) const { return values_[i]; }
  std::span<float> span() { return {values_.data(), size_}; }
  std::span<const float> span() const { return {values_.data(), size_}; }

 private:
  size_t size_;
  std::vector<float> values_;
};

struct EngineOptions {
  int batch_rows = 32;       ///< the most rows of a batch
  uint64_t seed = 1;         ///< of dropout
  int frozen_layers = 0;     ///< the first layers, which keep their weights and running statistics
  float range_keep = 0.99f;  ///< what stays of an activation's range at each training step of quantisation
};

class Node;

/// The largest batch that `batch_rows` may ask for with these shapes: offsets are 32 bits wide.
int64_t MostBatchRows(const ModelSpec& spec, const std::vector<Shape>& shapes);

/// Holds a model that Check accepts. A softmax at the very end is left to the loss: output() is then what it is given.
class Engine {
 public:
  Engine(const Model& model, const EngineOptions& options, const Kernels& kernels = BestKernels());
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Where the rows of the next batch go, [batch_rows, input values].
  float* input();
  int input_values() const;
  int output_values() const;
  /// Whether the model ends in a softmax that output() lacks.
  bool leaves_softmax() const { return leaves_softmax_; }

  /// [rows, output_values()], for the rows in input(). Training: batch norm uses the batch's statistics and updates the
  /// running ones, dropout silences, ranges are observed.
  const float* Forward(int rows, bool training);
  /// Where the gradient of the loss with respect to the output goes before Backward.
  float* output_gradient();
  /// Fills gradient(); follows the Forward of the same rows.
  void Backward(int rows);

  /// Rounds weights and activations to the grids that int8 inference will have (Jacob et al. 2018), from now on.
  /// Gradients pass straight through. A range is known after the first training step that sees it; each step uses the
  /// one of the steps before, so that one pass over the values is enough.
  void Quantise(bool on);

  const Kernels& kernels() const { return kernels_; }
  std::span<float> parameters() { return parameters_.span(); }
  std::span<const float> gradient() const { return gradient_.span(); }
  std::span<float> gradient() { return gradient_.span(); }
  /// 1 where weight decay applies, else 0.
  std::span<const float> decays() const { return decays_.span(); }
  /// Everything that training changes: parameters, running statistics, ranges.
  std::vector<float> State() const;
  void SetState(std::span<const float> state);

  /// Writes weights, statistics and (when quantising) ranges into `model`, which has the spec that this was made of.
  void Export(Model& model) const;

 private:
  const Kernels& kernels_;
  bool leaves_softmax_ = false;
  bool quantises_ = false;
  std::vector<std::unique_ptr<Node>> nodes_;  // [0] is the input
  Floats parameters_, gradient_, decays_, scratch_;
  std::vector<Floats> slots_;  // gradients of values, shared by values that do not need them at the same time
};

}  // namespace thimble::trainer::engine

#endif  // THIMBLE_TRAINER_INTERNAL_ENGINE_H_
