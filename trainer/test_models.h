// Small models with weights that a test names.
#ifndef THIMBLE_TRAINER_TEST_MODELS_H_
#define THIMBLE_TRAINER_TEST_MODELS_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "trainer/model.h"

namespace thimble::trainer {

/// Dense layers one after the other, as many units as each has biases, with a ReLU between them.
inline Model DenseModel(int feature_count, std::vector<LayerWeights> layers, bool softmax) {
  Model model;
  model.spec.input = {1, 1, feature_count};
  model.weights = std::move(layers);
  for (size_t i = 0; i < model.weights.size(); ++i) {
    LayerSpec dense;
    dense.kind = LayerKind::kDense;
    dense.units = static_cast<int>(model.weights[i].bias.size());
    if (i + 1 < model.weights.size()) dense.activation = Activation::kRelu;
    model.spec.layers.push_back(dense);
  }
  if (softmax) {
    LayerSpec last;
    last.kind = LayerKind::kActivation;
    last.activation = Activation::kSoftmax;
    model.spec.layers.push_back(last);
    model.weights.emplace_back();
  }
  return model;
}

/// Of DenseModel.
inline LayerWeights Weights(std::vector<float> weights, std::vector<float> bias) {
  LayerWeights layer;
  layer.weights = std::move(weights);
  layer.bias = std::move(bias);
  return layer;
}

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_TEST_MODELS_H_
