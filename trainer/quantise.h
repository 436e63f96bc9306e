// A float network becomes an int8 network that keeps its answers.
#ifndef THIMBLE_TRAINER_QUANTISE_H_
#define THIMBLE_TRAINER_QUANTISE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "trainer/network.h"
#include "trainer/table.h"

namespace thimble::trainer {

/// real = scale * (quantised - zero_point), quantised in -128 … 127.
struct Quantisation {
  float scale = 1;
  int32_t zero_point = 0;
};

/// FULLY_CONNECTED of the TFLite 8-bit quantisation specification, weights per output channel and symmetric.
struct QuantisedDenseLayer {
  int input_count = 0;
  int output_count = 0;
  bool relu = false;
  std::vector<int8_t> weights;       ///< [output_count, input_count], -127 … 127
  std::vector<float> weight_scales;  ///< [output_count]
  std::vector<int32_t> bias;         ///< [output_count], in units of input scale × weight scale
  Quantisation output;
};

struct QuantisedNetwork {
  Quantisation input;
  std::vector<QuantisedDenseLayer> layers;
  bool softmax = false;
  Quantisation output;  ///< of the scores: 1/256, -128 after softmax; else the last layer's

  int input_count() const { return layers.front().input_count; }
  int output_count() const { return layers.back().output_count; }
};

struct QuantiseOptions {
  /// Shares of calibration values left outside each end of the input's range, tried in turn; the one that serves the
  /// scores best is taken. A few outliers (kurtosis has them) would else cost all the others their resolution.
  std::vector<float> input_tails = {0, 0.0001f, 0.0005f, 0.001f, 0.002f, 0.005f, 0.01f, 0.02f};
  /// Shift each bias so that a unit's mean over the calibration rows stays what it was in float.
  bool correct_bias = true;
};

/// Quantises `network` with the ranges seen on `calibration` rows (the training part, never the test part).
///
///   kInvalidArgument  features of another count, no rows, or values that are not finite
///   kFailed           the network computes numbers that are too large for float32
Expected<QuantisedNetwork> Quantise(const Network& network, const Table& calibration,
                                    const QuantiseOptions& options = {});

/// Scores [rows, output_count] of the int8 network, computed in float with values rounded to the int8 grids. Quick and
/// within a step or so of the runtime's answer, which is the one that counts.
std::vector<float> Run(const QuantisedNetwork& network, std::span<const float> features);

/// The features that vary in `table`, but by less than half a step of the network's input (standard deviation): int8
/// rounds them away, because one step serves all features. Worth telling people, who can scale the axes or leave out
/// the features of huge range.
std::vector<int> FeaturesBelowAStep(const QuantisedNetwork& network, const Table& table);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_QUANTISE_H_
