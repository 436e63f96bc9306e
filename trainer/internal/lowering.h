// A model in the form that a .tflite file can hold: one operator a layer, nothing that only training needs.
#ifndef THIMBLE_TRAINER_INTERNAL_LOWERING_H_
#define THIMBLE_TRAINER_INTERNAL_LOWERING_H_

#include <string>
#include <vector>

#include "trainer/model.h"

namespace thimble::trainer {

/// The same function as a Model whose layers have their inputs written out, and without
///
///   batch norm    folded, or a depthwise convolution of 1 × 1 where there is nothing to fold it into
///   dropout       gone
///   activation    ReLU and ReLU6 part of the layer before where nothing else reads that
///   add           of two inputs each
struct Lowered {
  Model model;                ///< `ranges` as long as `spec.layers`, unknown where the model knew none
  std::vector<Shape> shapes;  ///< of the layers' outputs
  std::vector<int> sources;   ///< the layer of the model that each one stands for

  int layer_count() const { return static_cast<int>(model.spec.layers.size()); }
  const Shape& ShapeOf(int layer) const {
    return layer == kModelInput ? model.spec.input : shapes[static_cast<size_t>(layer)];
  }
};

/// Refuses what Check(model) refuses, with its sentence.
Expected<Lowered> Lower(const Model& model);

/// How many layers read each one.
std::vector<int> ReadersOf(const ModelSpec& spec);

/// `layer 2 (conv "first")`, for sentences.
std::string LayerName(const LayerSpec& layer, int index);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_INTERNAL_LOWERING_H_
