// Whether and how plain_depthwise does a layer (host only).
#ifndef THIMBLE_STEPS_PLAIN_DEPTHWISE_PACK_H_
#define THIMBLE_STEPS_PLAIN_DEPTHWISE_PACK_H_

#include <optional>

#include "steps/packing.h"
#include "steps/plain_depthwise/step.h"

namespace thimble::steps {

/// Nothing unless the layer is depthwise and int8, for other targets than kCortexM0, and when requantisation would not
/// be exact.
std::optional<Packed<PlainDepthwise::Params>> PackPlainDepthwise(const Convolution& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_PLAIN_DEPTHWISE_PACK_H_
