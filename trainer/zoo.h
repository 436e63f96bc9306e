// Networks that have proven themselves on microcontrollers, by name, fitted to the features they are to look at.
#ifndef THIMBLE_TRAINER_ZOO_H_
#define THIMBLE_TRAINER_ZOO_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dsp/block.h"
#include "trainer/model.h"

namespace thimble::trainer {

// One row per architecture: name, what people type, default width, default depth, default dropout, what it is for. A
// width is a number of units or filters, but of the MobileNets the percentage of the original's.
#define THIMBLE_ARCHITECTURE_LIST(X)                                                                                \
  X(Dense, "dense", 20, 2, 0.1f,                                                                                    \
    "Every feature to every unit: for features without neighbours, such as those of spectral_analysis")             \
  X(Conv1d, "conv1d", 16, 3, 0.2f, "Convolutions over time, halved after each: for waveforms and frames of sound")  \
  X(Tcn, "tcn", 24, 3, 0.1f,                                                                                        \
    "Separable convolutions over time, each with twice the reach of the one before, and shortcuts: few parameters") \
  X(Conv2d, "conv2d", 8, 3, 0.05f, "Convolutions over two directions, halved after each: for small pictures")       \
  X(DsCnnS, "ds_cnn_s", 64, 4, 0.2f, "Keywords from frames of sound, 64 filters in four separable convolutions")    \
  X(DsCnnM, "ds_cnn_m", 172, 4, 0.2f, "The same with 172 filters")                                                  \
  X(MobilenetV1, "mobilenet_v1", 25, 13, 0.1f, "Pictures by separable convolutions")                                \
  X(MobilenetV2, "mobilenet_v2", 35, 17, 0.1f, "Pictures by inverted residuals: more layers, fewer parameters")     \
  X(Autoencoder, "autoencoder", 32, 2, 0.0f,                                                                        \
    "Repeats its features through a narrow middle; what it cannot repeat is new")

enum class Architecture : uint8_t {
#define X(name, word, width, depth, dropout, sentence) k##name,
  THIMBLE_ARCHITECTURE_LIST(X)
#undef X
};

struct ArchitectureWords {
  Architecture architecture;
  std::string_view name;  ///< "conv1d"
  int width;              ///< by default
  int depth;              ///< by default
  float dropout;          ///< by default
  std::string_view sentence;
};

/// Every architecture, in the order of the list.
std::span<const ArchitectureWords> Architectures();
const ArchitectureWords& WordsOf(Architecture architecture);

/// The architecture called `name`, or kNotFound with the names there are.
Expected<Architecture> ArchitectureNamed(std::string_view name);

/// 0 (of dropout: a negative number) takes the architecture's own.
struct ArchitectureOptions {
  int width = 0;       ///< units or filters of the first block, or the percentage of a MobileNet
  int depth = 0;       ///< hidden layers or blocks
  float dropout = -1;  ///< share of values silenced before the last layer (dense, autoencoder: after each), 0 … 0.9
};

/// What suits features that lie like this: pictures of some size mobilenet_v1, small ones conv2d, frames conv1d, all
/// else dense.
Architecture DefaultArchitecture(const dsp::Layout& layout);

/// The network for features of this layout, with one output a class and a softmax; `outputs` numbers without one when
/// `regression`. An autoencoder gives as many numbers as there are features, whatever `outputs` says.
///
/// Convolutions are followed by batch norm, which the export folds into them; padding is TFLite's SAME, with zeros.
/// Where the features are smaller than those that the original was made for, strides of 2 are left out from the front
/// until the last convolution still sees 3 × 3 positions or more, as far as there are so many.
///
///   kInvalidArgument  an architecture that needs neighbours, and features that have none; sizes out of range
///
/// Sources: Y. Zhang et al.: Hello Edge, 2017, table 8 (DS-CNN); A. Howard et al.: MobileNets, 2017, table 1; M.
/// Sandler et al.: MobileNetV2, 2018, table 2; S. Bai et al.: An Empirical Evaluation of Generic Convolutional and
/// Recurrent Networks, 2018 (TCN, here with separable convolutions that see the future as well).
Expected<ModelSpec> MakeSpec(Architecture architecture, const dsp::Layout& layout, int outputs, bool regression = false,
                             const ArchitectureOptions& options = {});

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_ZOO_H_
