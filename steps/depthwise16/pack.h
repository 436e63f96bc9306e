// Whether and how depthwise16 does a layer (host only).
#ifndef THIMBLE_STEPS_DEPTHWISE16_PACK_H_
#define THIMBLE_STEPS_DEPTHWISE16_PACK_H_

#include <optional>

#include "steps/depthwise16/step.h"
#include "steps/packing.h"

namespace thimble::steps {

/// Nothing unless the layer is int16 and depthwise and all of its sums stay within 32 bits. For every target.
std::optional<Packed<Depthwise16::Params>> PackDepthwise16(const Convolution& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_DEPTHWISE16_PACK_H_
