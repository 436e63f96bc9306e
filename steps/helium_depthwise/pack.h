// Whether and how helium_depthwise does a layer (host only).
#ifndef THIMBLE_STEPS_HELIUM_DEPTHWISE_PACK_H_
#define THIMBLE_STEPS_HELIUM_DEPTHWISE_PACK_H_

#include <optional>

#include "steps/helium_depthwise/step.h"
#include "steps/packing.h"

namespace thimble::steps {

/// Nothing unless the layer is depthwise with one int8 output for each input channel, nor for other targets than
/// kCortexM55.
std::optional<Packed<HeliumDepthwise::Params>> PackHeliumDepthwise(const Convolution& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_HELIUM_DEPTHWISE_PACK_H_
