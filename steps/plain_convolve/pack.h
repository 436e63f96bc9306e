// Whether and how plain_convolve does a layer (host only).
#ifndef THIMBLE_STEPS_PLAIN_CONVOLVE_PACK_H_
#define THIMBLE_STEPS_PLAIN_CONVOLVE_PACK_H_

#include <optional>

#include "steps/packing.h"
#include "steps/plain_convolve/step.h"

namespace thimble::steps {

/// Nothing for depthwise or int16 layers, for other targets than kCortexM0, and when requantisation would not be exact.
std::optional<Packed<PlainConvolve::Params>> PackPlainConvolve(const Convolution& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_PLAIN_CONVOLVE_PACK_H_
