// From a convolution behind a ReLU to the constants of the step that computes it (host only).
#ifndef THIMBLE_STEPS_CONVOLVE_RELU_PACK_H_
#define THIMBLE_STEPS_CONVOLVE_RELU_PACK_H_

#include <optional>

#include "steps/convolve_relu/step.h"
#include "steps/packing.h"

namespace thimble::steps {

/// What PackConvolve takes, if at least half of the channels in whole tiles are such that one rounding does; the others
/// go to general tiles.
std::optional<Packed<ConvolveRelu::Params>> PackConvolveRelu(const Convolution& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_CONVOLVE_RELU_PACK_H_
