// Whether and how convolve16 does a layer (host only).
#ifndef THIMBLE_STEPS_CONVOLVE16_PACK_H_
#define THIMBLE_STEPS_CONVOLVE16_PACK_H_

#include <optional>

#include "steps/convolve16/step.h"
#include "steps/packing.h"

namespace thimble::steps {

/// Nothing unless the layer is int16, not depthwise, and all of its sums stay within 32 bits. For every target.
std::optional<Packed<Convolve16::Params>> PackConvolve16(const Convolution& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_CONVOLVE16_PACK_H_
