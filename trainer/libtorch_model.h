// A model computed by libtorch: what tests compare the engine with, and benchmarks its speed.
#ifndef THIMBLE_TRAINER_LIBTORCH_MODEL_H_
#define THIMBLE_TRAINER_LIBTORCH_MODEL_H_

#include <memory>
#include <span>
#include <vector>

#include "trainer/model.h"

namespace thimble::trainer {

/// One thread. With `quantise`, weights and outputs go through libtorch's fused observers and fake quantisation.
class LibtorchModel {
 public:
  explicit LibtorchModel(const Model& model, bool quantise = false);
  ~LibtorchModel();

  /// Like Engine: a softmax at the very end is left out.
  std::vector<float> Forward(std::span<const float> inputs, int rows, bool training);
  /// The parameters' gradients, in the places of the parameters, for that of the last Forward's output.
  Model Gradient(std::span<const float> output_gradient);

  /// One step of Adam on the cross-entropy of a batch; gives the loss.
  double Step(std::span<const float> inputs, std::span<const int64_t> labels, float learning_rate);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_LIBTORCH_MODEL_H_
