// Whether and how depthwise_3x3 does a layer (host only).
#ifndef THIMBLE_STEPS_DEPTHWISE_3X3_PACK_H_
#define THIMBLE_STEPS_DEPTHWISE_3X3_PACK_H_

#include <optional>

#include "steps/depthwise_3x3/step.h"
#include "steps/packing.h"

namespace thimble::steps {

/// Nothing unless the layer is a depthwise one of int8 with 3 x 3 filters, stride 1 or 2, at least two columns of
/// output and no clamp inside int8, for kCortexM4, and when requantisation would not be exact.
std::optional<Packed<Depthwise3x3::Params>> PackDepthwise3x3(const Convolution& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_DEPTHWISE_3X3_PACK_H_
