#include "trainer/network.h"

#include <Eigen/Core>
#include <algorithm>
#include <cassert>

#include "trainer/internal/batch.h"

namespace thimble::trainer {

int Network::parameter_count() const {
  size_t count = 0;
  for (const DenseLayer& layer : layers) count += layer.weights.size() + layer.bias.size();
  return static_cast<int>(count);
}

std::string Network::Shape() const {
  std::string text = std::to_string(input_count());
  for (const DenseLayer& layer : layers) text += " → " + std::to_string(layer.output_count);
  return text;
}

std::vector<float> Run(const Network& network, std::span<const float> features) {
  const Eigen::Index inputs = network.input_count();
  assert(features.size() % static_cast<size_t>(inputs) == 0);
  Batch values = Eigen::Map<const Batch>(features.data(), inputs, static_cast<Eigen::Index>(features.size()) / inputs);
  for (const DenseLayer& layer : network.layers) {
    Batch next = WeightMap(layer) * values;
    next.colwise() += BiasMap(layer);
    if (layer.relu) next = next.cwiseMax(0.0f);
    values.swap(next);
  }
  if (network.softmax) Softmax(values);
  return {values.data(), values.data() + values.size()};
}

std::vector<int> Decide(std::span<const float> scores, int score_count) {
  std::vector<int> decisions;
  const auto width = static_cast<std::ptrdiff_t>(score_count);
  for (auto row = scores.begin(); row != scores.end(); row += width) {
    decisions.push_back(static_cast<int>(std::max_element(row, row + width) - row));
  }
  return decisions;
}

}  // namespace thimble::trainer
