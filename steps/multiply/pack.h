// The step for a multiplication, if its arithmetic fits (host only).
#ifndef THIMBLE_STEPS_MULTIPLY_PACK_H_
#define THIMBLE_STEPS_MULTIPLY_PACK_H_

#include <optional>

#include "steps/multiply/step.h"
#include "steps/packing.h"

namespace thimble::steps {

/// Nothing if the scale is not a shift to the right by 1 or more.
std::optional<Packed<Multiply::Params>> PackMultiply(const Product& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_MULTIPLY_PACK_H_
