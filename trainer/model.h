// A trained network as plain data: the one description that training, quantisation, export and reports read.
#ifndef THIMBLE_TRAINER_MODEL_H_
#define THIMBLE_TRAINER_MODEL_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace thimble::trainer {

/// One row of a batch: height × width positions of `channels` numbers, in this order (TFLite's NHWC without N).
///
/// A signal of T samples is {1, T, axes}, so that a convolution over time is CONV_2D with a kernel of 1 × k; a row of
/// features is {1, 1, count}.
struct Shape {
  int height = 1, width = 1, channels = 1;

  int positions() const { return height * width; }
  int values() const { return height * width * channels; }
  bool operator==(const Shape&) const = default;
};

/// "49 × 13 × 8"; without the height where it is 1, and only the channels where there is one position.
std::string Text(const Shape& shape);

// One row per kind of layer: the enum and the word that people read cannot drift apart.
#define THIMBLE_LAYER_LIST(X)        \
  X(Dense, "dense")                  \
  X(Convolution, "conv")             \
  X(Depthwise, "depthwise")          \
  X(BatchNorm, "batch norm")         \
  X(MaxPool, "max pool")             \
  X(AveragePool, "average pool")     \
  X(GlobalAverage, "global average") \
  X(Dropout, "dropout")              \
  X(Activation, "activation")        \
  X(Add, "add")                      \
  X(Concat, "concat")                \
  X(Reshape, "reshape")              \
  X(Lstm, "lstm")

enum class LayerKind : uint8_t {
#define X(name, text) k##name,
  THIMBLE_LAYER_LIST(X)
#undef X
};

enum class Activation : uint8_t { kNone, kRelu, kRelu6, kLeakyRelu, kSigmoid, kTanh, kSoftmax };

std::string_view Text(LayerKind kind);
std::string_view Text(Activation activation);

/// Where a window lies on an image: TFLite's SAME (output = ⌈input / stride⌉, the odd zero behind) or VALID (none).
enum class Padding : uint8_t { kSame, kValid };

/// A window that moves over height and width, of a convolution or a pool.
struct Window {
  int height = 1, width = 1;
  int stride_height = 1, stride_width = 1;
  int dilation_height = 1, dilation_width = 1;  ///< convolutions only
  Padding padding = Padding::kSame;
};

/// How a window lies along one direction.
struct Extent {
  int outputs = 0;
  int before = 0;  ///< zeros ahead of the input
};
Extent ExtentOf(int inputs, int window, int stride, int dilation, Padding padding);

/// In `LayerSpec::inputs`: what the model is given.
inline constexpr int kModelInput = -1;

/// One layer. Fields that a kind does not name are not read.
///
///   dense          units                      every value of a row to every unit
///   conv           units, window              CONV_2D
///   depthwise      window                     DEPTHWISE_CONV_2D with one filter a channel
///   batch norm     epsilon, momentum          over batch and positions, for each channel
///   max pool, average pool    window          zeros of the padding do not count
///   global average                            the mean over all positions
///   dropout        rate                       in training only
///   activation     activation, slope
///   add            two or more inputs of one shape
///   concat         two or more inputs, along the channels
///   reshape        shape                      the same values in the same order; flatten is {1, 1, values}
///   lstm           units, sequences           over the width (time); the last state, or that of every step
///
/// dense, conv, depthwise, batch norm and add also take `activation` after their own work, if it is relu or relu6: the
/// others are operators of their own in a .tflite file, and layers of their own here.
struct LayerSpec {
  LayerKind kind = LayerKind::kDense;
  std::string name{};         ///< for messages and tensors' names; may be empty
  std::vector<int> inputs{};  ///< layers before this one, or kModelInput; empty: the one before
  int units = 0;
  Window window{};
  Activation activation = Activation::kNone;
  float slope = 0.2f;     ///< of leaky ReLU below 0
  float rate = 0;         ///< of dropout: the share of values silenced, 0 … 0.9
  float epsilon = 1e-3f;  ///< of batch norm, added to the variance
  float momentum = 0.9f;  ///< of batch norm: what stays of the running statistics at each step
  bool sequences = false;
  Shape shape{};
};

struct ModelSpec {
  Shape input;
  std::vector<LayerSpec> layers;  ///< each reads only what comes before it; the last one's output is the model's
};

/// What a layer learnt, in TFLite's layouts. Empty where a kind has none.
///
///   dense       weights [units, values]            bias [units]
///   conv        weights [units, height, width, in] bias [units]
///   depthwise   weights [1, height, width, in]     bias [in]
///   batch norm  weights (gamma) [channels]         bias (beta) [channels], mean, variance [channels]
///   lstm        weights [4, units, in], recurrent [4, units, units], bias [4, units]; gates in the order input,
///               forget, cell, output
struct LayerWeights {
  std::vector<float> weights, bias, recurrent, mean, variance;
};

/// The values that a tensor takes; both 0 when unknown.
struct Range {
  float low = 0, high = 0;
  bool known() const { return low < high; }
};

struct Model {
  ModelSpec spec;
  std::vector<LayerWeights> weights;  ///< one a layer
  /// What quantisation-aware training settled on: of the input, and one of each layer's output (unknown where a tensor
  /// keeps its input's grid). Empty after training in float.
  Range input_range;
  std::vector<Range> ranges;
};

/// The indices of a layer's inputs, with "empty: the one before" written out.
std::vector<int> InputsOf(const ModelSpec& spec, int layer);

/// The shape of each layer's output; or which layer does not fit, why, and what to do.
Expected<std::vector<Shape>> InferShapes(const ModelSpec& spec);

/// Numbers that are learnt, and running statistics with them.
struct LayerCost {
  int64_t parameters = 0;
  int64_t multiplications = 0;  ///< for one row
};
/// One entry a layer of a spec that InferShapes accepts.
std::vector<LayerCost> Costs(const ModelSpec& spec, const std::vector<Shape>& shapes);
int64_t ParameterCount(const Model& model);

/// A table for people: a line a layer with its shape, parameters and multiplications, and their sums.
std::string Summary(const ModelSpec& spec);

/// A model with fresh weights: He's for layers that end in a ReLU, else Glorot's; biases 0, an LSTM's forget gates 1.
Expected<Model> Initialise(const ModelSpec& spec, uint64_t seed);

/// That the weights have the sizes that the spec asks for, and are finite.
Outcome Check(const Model& model);

/// The same function without batch norm behind dense, conv and depthwise layers that nothing else reads: it is a factor
/// of their weights and an addition to their bias (Jacob et al. 2018, equation 14). Other batch norms stay.
Expected<Model> FoldBatchNorm(const Model& model);

/// Outputs [rows, values of the last layer] for inputs [rows, values of the input].
Expected<std::vector<float>> Run(const Model& model, std::span<const float> inputs);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_MODEL_H_
