// The step for a softmax (host only).
#ifndef THIMBLE_STEPS_SOFTMAX_PACK_H_
#define THIMBLE_STEPS_SOFTMAX_PACK_H_

#include <optional>

#include "steps/packing.h"
#include "steps/softmax/step.h"

namespace thimble::steps {

/// Nothing if rows have 4096 columns or more, or the multiplier is no left shift: the operator refuses those as well.
std::optional<Packed<Softmax::Params>> PackSoftmax(const Distribution& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_SOFTMAX_PACK_H_
