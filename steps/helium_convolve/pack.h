// Whether and how helium_convolve does a layer (host only).
#ifndef THIMBLE_STEPS_HELIUM_CONVOLVE_PACK_H_
#define THIMBLE_STEPS_HELIUM_CONVOLVE_PACK_H_

#include <optional>

#include "steps/helium_convolve/step.h"
#include "steps/packing.h"

namespace thimble::steps {

/// Nothing for depthwise or int16 layers and for other targets than kCortexM55.
std::optional<Packed<HeliumConvolve::Params>> PackHeliumConvolve(const Convolution& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_HELIUM_CONVOLVE_PACK_H_
