// From a fully connected layer to the constants of the step that computes it (host only).
#ifndef THIMBLE_STEPS_DENSE_PACK_H_
#define THIMBLE_STEPS_DENSE_PACK_H_

#include <optional>

#include "steps/dense/step.h"
#include "steps/packing.h"

namespace thimble::steps {

/// Takes int8 layers whose every output pixel sees one input pixel, or the one that sees the whole image; nothing if it
/// is for another core, or if a sum that is possible would not fit the arithmetic (int32 before scaling), whose results
/// the plain operator alone knows.
std::optional<Packed<Dense::Params>> PackDense(const Convolution& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_DENSE_PACK_H_
