// A float model of any layers becomes an int8 or int16×8 model that keeps its answers, and says where it loses.
#ifndef THIMBLE_TRAINER_MODEL_QUANTISE_H_
#define THIMBLE_TRAINER_MODEL_QUANTISE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "trainer/model.h"

namespace thimble::trainer {

/// real = scale * (quantised - zero_point), quantised in -128 … 127.
struct Quantisation {
  float scale = 1;
  int32_t zero_point = 0;
};

/// How numbers between layers are stored. Weights are int8 in both, with a scale for each output channel.
enum class Precision : uint8_t {
  kInt8,     ///< -128 … 127 around a zero point; biases of 32 bits
  kInt16x8,  ///< -32768 … 32767 around 0; biases of 64 bits
};

/// One operator of the file. Numbers are in TFLite's layouts, as in LayerWeights.
struct QuantisedLayer {
  LayerSpec spec;  ///< `inputs` written out: layers of the quantised model, or kModelInput
  Shape shape;     ///< of its output
  int source = 0;  ///< the layer of the float model that this one stands for
  std::vector<int8_t> weights, recurrent;
  /// One for each output channel; of an lstm one for each gate.
  std::vector<float> weight_scales, recurrent_scales;
  std::vector<int64_t> bias;  ///< in units of input scale × weight scale; of kInt8 within 32 bits
  Quantisation output;
  float cell_scale = 0;  ///< of an lstm's cells, int16: a power of two
};

struct QuantisedModel {
  Precision precision = Precision::kInt8;
  Shape input_shape;
  Quantisation input;
  std::vector<QuantisedLayer> layers;

  const Quantisation& GridOf(int layer) const {
    return layer == kModelInput ? input : layers[static_cast<size_t>(layer)].output;
  }
  const Shape& ShapeOf(int layer) const {
    return layer == kModelInput ? input_shape : layers[static_cast<size_t>(layer)].shape;
  }
};

/// Which part of a tensor's values its grid covers.
enum class RangeMethod : uint8_t {
  kMinMax,      ///< all of them
  kPercentile,  ///< all but `percentile_tail` at each end
  kMse,         ///< what leaves the smallest squared error, each row weighed by its size
  kAuto,        ///< each of these for the input, then for the layers: what serves the outputs best
};

struct ModelQuantiseOptions {
  Precision precision = Precision::kInt8;
  RangeMethod ranges = RangeMethod::kAuto;
  float percentile_tail = 0.001f;  ///< share of values outside each end, 0 … 0.1
  /// Shift each bias so that a channel's mean over the calibration rows stays what it was in float.
  bool correct_bias = true;
};

/// Quantises `model` with what it computes on `calibration` rows (the training part, never the test part), [rows, input
/// values]. At most 1024 rows are looked at, evenly spread, fewer for large models. Ranges that quantisation-aware
/// training settled on (Model::ranges, Model::input_range) are taken as they are, and batch norm is folded first.
///
///   kInvalidArgument  a model that Check refuses; no rows, or parts of rows; a value that is not finite (which one)
///   kFailed           a layer computes numbers that are too large for float32 (which one)
Expected<QuantisedModel> Quantise(const Model& model, std::span<const float> calibration,
                                  const ModelQuantiseOptions& options = {});

/// Outputs [rows, output values] of the quantised model, computed in float with values rounded to the grids. Quick and
/// within a few steps of the runtime's answer, which is the one that counts.
Expected<std::vector<float>> Run(const QuantisedModel& model, std::span<const float> inputs);

/// What quantising one layer and nothing else costs.
struct LayerLoss {
  int layer = 0;     ///< of the float model, or kModelInput
  std::string name;  ///< `layer 2 (conv "first")`, "the input"
  /// How far the outputs move: the mean length of a row's difference over the row's own. Of a model that ends in
  /// softmax, the mean sum of |differences| between a row's scores, 0 … 2, softened to a temperature at which they are
  /// unsure.
  float output_error = 0;
  float signal_to_noise_db = 0;  ///< of the layer's own output; 200 where there is no noise
};

/// Every layer that has numbers or a grid of its own, the one that loses most first; a last softmax, whose grid is
/// prescribed, is left out. `rows` as for Quantise.
Expected<std::vector<LayerLoss>> LayerLosses(const Model& model, const QuantisedModel& quantised,
                                             std::span<const float> rows);

/// "layer 2 (conv) loses most: quantised alone it moves the outputs by 1.2 % (31 dB); then layer 0 (conv), 0.4 %; …"
std::string Text(std::span<const LayerLoss> losses);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_MODEL_QUANTISE_H_
