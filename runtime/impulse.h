// One description of a whole pipeline: window of samples -> block -> network -> labels.
#ifndef THIMBLE_RUNTIME_IMPULSE_H_
#define THIMBLE_RUNTIME_IMPULSE_H_

#include <cstddef>
#include <span>

#include "dsp/block.h"
#include "kernels/op.h"

namespace thimble::runtime {

/// What each feature becomes before the network takes it: (feature - offset) * scale, one of each for every feature, in
/// float and in this order, so that every machine gets the same bits. Both empty: features stay as they are.
///
/// An int8 input has one step for all features. Where they are 400:1 apart, as spectral features are, that step drowns
/// the small ones; brought to one size here, each keeps its 8 bits.
struct FeatureScaling {
  std::span<const float> offset, scale;
};

/// Points at everything and owns nothing; usually a constexpr that the compiler wrote, all of it in flash.
struct Impulse {
  const char* name = "";
  dsp::Window window;
  int stride_readings = 1;  ///< a verdict every so many readings
  const dsp::Block* block = nullptr;
  const void* block_params = nullptr;  ///< the block's own Params
  /// A .tflite, aligned to 16 bytes; not std::byte, so that a C array will do. Empty: features are all there is.
  std::span<const unsigned char> model = {};
  std::span<const kernels::Operator* const> operators = {};  ///< those that the model needs, or more
  std::span<const char* const> labels = {};                  ///< one for each output; empty: a regressor
  FeatureScaling scaling = {};
};

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_IMPULSE_H_
