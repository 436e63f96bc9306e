// The step for an addition, if its arithmetic fits (host only).
#ifndef THIMBLE_STEPS_ADD_PACK_H_
#define THIMBLE_STEPS_ADD_PACK_H_

#include <optional>

#include "steps/add/step.h"
#include "steps/packing.h"

namespace thimble::steps {

/// Nothing if no scale is exactly 1/2 or the result's is not a shift to the right by 1 or more.
std::optional<Packed<Add::Params>> PackAdd(const Addition& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_ADD_PACK_H_
