// Transfer: a network that has learnt something goes on from there, with other recordings and other labels.
#ifndef THIMBLE_STUDIO_TRANSFER_H_
#define THIMBLE_STUDIO_TRANSFER_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/impulse_file.h"
#include "studio/data.h"
#include "trainer/feature_scaling.h"
#include "trainer/model.h"
#include "trainer/table.h"

namespace thimble::studio {

/// A trained network in float, and the impulse that says what it looks at.
struct Pretrained {
  compiler::ImpulseDescription impulse;
  trainer::Model model;
};

/// `path` is the folder that `thimble train` wrote, or a float .tflite with its impulse.json beside it.
///
///   kNotFound     one of the files is missing
///   kUnsupported  no classifier; layers that cannot go on learning
Expected<Pretrained> ReadPretrained(const std::string& path);

/// That recordings give the very windows that the network learnt from: axes, rate, length, size of pictures.
Outcome CheckSuits(const Pretrained& pretrained, const Data& data);

/// All layers that learn but the last one.
inline constexpr int kAllButLast = std::numeric_limits<int>::max();

/// A model to go on with.
struct Start {
  trainer::Model model;
  trainer::FeatureScaling scaling;  ///< of features before they reach it
  int frozen_layers = 0;            ///< of the model, as FitOptions::frozen_layers
  bool learns_only_last = false;
};

/// The network with one output for each of `labels`: what it says of labels that it knows stays, of others it begins at
/// random. `frozen` counts layers that have weights, from the first; kAllButLast leaves one to learn. `training` are
/// features as the block gives them.
///
///   kInvalidArgument  another number of features; so many frozen layers that nothing could learn
///   kUnsupported      no dense layer at its end
Expected<Start> GoOnFrom(const Pretrained& pretrained, const std::vector<std::string>& labels,
                         const trainer::Table& training, int frozen, uint64_t seed);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_TRANSFER_H_
