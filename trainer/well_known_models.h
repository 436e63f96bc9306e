// The models whose training is measured, and compared with libtorch's.
#ifndef THIMBLE_TRAINER_WELL_KNOWN_MODELS_H_
#define THIMBLE_TRAINER_WELL_KNOWN_MODELS_H_

#include "trainer/model.h"

namespace thimble::trainer {

inline LayerSpec SoftmaxLayer() { return {.kind = LayerKind::kActivation, .activation = Activation::kSoftmax}; }

/// Spectral features of a motion: 33 - 20 - 10 - 4.
inline ModelSpec MotionModel() {
  return {.input = {1, 1, 33},
          .layers = {{.kind = LayerKind::kDense, .units = 20, .activation = Activation::kRelu},
                     {.kind = LayerKind::kDense, .units = 10, .activation = Activation::kRelu},
                     {.kind = LayerKind::kDense, .units = 4},
                     SoftmaxLayer()}};
}

/// Keywords in 49 frames of 13 MFCC: convolutions over time of 8 and 16, each with a pool of 2 and dropout.
inline ModelSpec KeywordModel(int classes = 4) {
  const LayerSpec pool{.kind = LayerKind::kMaxPool, .window = {.width = 2, .stride_width = 2}};
  const LayerSpec dropout{.kind = LayerKind::kDropout, .rate = 0.25f};
  const auto convolution = [](int units) {
    return LayerSpec{
        .kind = LayerKind::kConvolution, .units = units, .window = {.width = 3}, .activation = Activation::kRelu};
  };
  return {.input = {1, 49, 13},
          .layers = {convolution(8),
                     pool,
                     dropout,
                     convolution(16),
                     pool,
                     dropout,
                     {.kind = LayerKind::kDense, .units = classes},
                     SoftmaxLayer()}};
}

/// A layer with weights, batch norm and ReLU behind it.
inline void AddNormalised(ModelSpec& spec, LayerSpec layer) {
  spec.layers.push_back(std::move(layer));
  spec.layers.push_back({.kind = LayerKind::kBatchNorm, .activation = Activation::kRelu});
}

inline void AddSeparable(ModelSpec& spec, int units, int stride) {
  AddNormalised(spec, {.kind = LayerKind::kDepthwise,
                       .window = {.height = 3, .width = 3, .stride_height = stride, .stride_width = stride}});
  AddNormalised(spec, {.kind = LayerKind::kConvolution, .units = units});
}

/// DS-CNN S of Zhang et al. 2017 (Hello Edge) for 49 frames of 10 MFCC.
inline ModelSpec DsCnnModel(int classes = 12) {
  ModelSpec spec{.input = {49, 10, 1}, .layers = {}};
  AddNormalised(spec, {.kind = LayerKind::kConvolution,
                       .units = 64,
                       .window = {.height = 10, .width = 4, .stride_height = 2, .stride_width = 2}});
  for (int block = 0; block < 4; ++block) AddSeparable(spec, 64, 1);
  spec.layers.push_back({.kind = LayerKind::kGlobalAverage});
  spec.layers.push_back({.kind = LayerKind::kDense, .units = classes});
  spec.layers.push_back(SoftmaxLayer());
  return spec;
}

/// MobileNetV1 of width 0.25 (Howard et al. 2017) for images of 96 × 96 in colour.
inline ModelSpec MobileNetModel(int classes = 2) {
  ModelSpec spec{.input = {96, 96, 3}, .layers = {}};
  AddNormalised(spec, {.kind = LayerKind::kConvolution,
                       .units = 8,
                       .window = {.height = 3, .width = 3, .stride_height = 2, .stride_width = 2}});
  const struct {
    int units, stride;
  } blocks[] = {{16, 1},  {32, 2},  {32, 1},  {64, 2},  {64, 1},  {128, 2}, {128, 1},
                {128, 1}, {128, 1}, {128, 1}, {128, 1}, {256, 2}, {256, 1}};
  for (const auto& block : blocks) AddSeparable(spec, block.units, block.stride);
  spec.layers.push_back({.kind = LayerKind::kGlobalAverage});
  spec.layers.push_back({.kind = LayerKind::kDense, .units = classes});
  spec.layers.push_back(SoftmaxLayer());
  return spec;
}

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_WELL_KNOWN_MODELS_H_
