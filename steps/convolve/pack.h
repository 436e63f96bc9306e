// From a convolution to the constants of the step that computes it (host only).
#ifndef THIMBLE_STEPS_CONVOLVE_PACK_H_
#define THIMBLE_STEPS_CONVOLVE_PACK_H_

#include <optional>

#include "steps/convolve/step.h"
#include "steps/packing.h"

namespace thimble::steps {

/// Takes any int8 convolution that is not depthwise; nothing if it is for another core, or if a sum that is possible
/// would not fit the arithmetic (int32 before scaling), whose results the plain operator alone knows.
std::optional<Packed<Convolve::Params>> PackConvolve(const Convolution& layer, Target target);

/// The same with common tiles for one rounding: PackConvolveRelu in steps/convolve_relu/pack.h.
std::optional<Packed<Convolve::Params>> PackReluTiles(const Convolution& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_CONVOLVE_PACK_H_
