// The step for a function from int8 to int8 (host only).
#ifndef THIMBLE_STEPS_LOOKUP_PACK_H_
#define THIMBLE_STEPS_LOOKUP_PACK_H_

#include <optional>

#include "steps/lookup/step.h"
#include "steps/packing.h"

namespace thimble::steps {

/// There always is one.
std::optional<Packed<Lookup::Params>> PackLookup(const Mapping& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_LOOKUP_PACK_H_
