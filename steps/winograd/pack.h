// Winograd for a layer: every way that is exact, each with its memory and cost (host only).
#ifndef THIMBLE_STEPS_WINOGRAD_PACK_H_
#define THIMBLE_STEPS_WINOGRAD_PACK_H_

#include <vector>

#include "steps/packing.h"
#include "steps/winograd/step.h"

namespace thimble::steps {

/// Transforms of weights in flash (most flash, least RAM), computed once for a run (most RAM), or for two channels at a
/// time and 1 to 8 blocks (the more RAM, the faster), for tiles of 4 x 4 and 2 x 2. Empty unless `layer` is an int8
/// convolution of 3 x 3 with stride 1, padding of at most 1 and suitable numbers of channels, whose real weights and
/// biases keep every sum in the bits that its tiles leave (26 for 4 x 4, 30 for 2 x 2).
std::vector<Packed<Winograd::Params>> PackWinograd(const Convolution& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_WINOGRAD_PACK_H_
