// Packs layers for x86_convolve (host only).
#ifndef THIMBLE_STEPS_X86_CONVOLVE_PACK_H_
#define THIMBLE_STEPS_X86_CONVOLVE_PACK_H_

#include <optional>

#include "steps/packing.h"
#include "steps/x86_convolve/step.h"

namespace thimble::steps {

/// For kX86: int8 convolutions and fully connected layers, and depthwise ones of so few channels that they are quicker
/// so (one channel in particular). Nothing if a sum could pass 2^30 before it is scaled.
std::optional<Packed<X86Convolve::Params>> PackX86Convolve(const Convolution& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_X86_CONVOLVE_PACK_H_
