// Whether and how `pool` does a layer (host only).
#ifndef THIMBLE_STEPS_POOL_PACK_H_
#define THIMBLE_STEPS_POOL_PACK_H_

#include <optional>

#include "base/fixed_point.h"
#include "steps/packing.h"
#include "steps/pool/step.h"

namespace thimble::steps {

/// Nothing unless the step is exact for the layer.
std::optional<Packed<Pool::Params>> PackPool(const Pooling& layer, Target target);

/// `multiplier` divided by a number of pixels as TFLite's MEAN does it: with as many bits more as that number has, as
/// long as the shift allows.
Multiplier WithDivisor(Multiplier multiplier, int32_t pixels);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_POOL_PACK_H_
