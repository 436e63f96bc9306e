// A trained network as plain numbers: what training gives, and what quantisation and export take.
#ifndef THIMBLE_TRAINER_NETWORK_H_
#define THIMBLE_TRAINER_NETWORK_H_

#include <span>
#include <string>
#include <vector>

namespace thimble::trainer {

/// y = max(0, W x + b), or W x + b without `relu`.
struct DenseLayer {
  int input_count = 0;
  int output_count = 0;
  bool relu = false;
  std::vector<float> weights;  ///< [output_count, input_count], row by row
  std::vector<float> bias;     ///< [output_count]
};

/// Dense layers one after the other, in float32, on features in their own units (any standardisation is folded in).
struct Network {
  std::vector<DenseLayer> layers;  ///< at least one; each takes what the one before gives
  bool softmax = false;            ///< a classifier ends in softmax; a regressor in its last layer's numbers

  int input_count() const { return layers.front().input_count; }
  int output_count() const { return layers.back().output_count; }
  int parameter_count() const;
  /// "39 → 20 → 10 → 4"
  std::string Shape() const;
};

/// Scores [rows, output_count] for features [rows, input_count].
std::vector<float> Run(const Network& network, std::span<const float> features);

/// The index of each row's highest score; of equal scores the first, as on the device.
std::vector<int> Decide(std::span<const float> scores, int score_count);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_NETWORK_H_
