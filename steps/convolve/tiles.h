// What the steps that convolve by tiles share: they differ in how their common tiles are scaled.
#ifndef THIMBLE_STEPS_CONVOLVE_TILES_H_
#define THIMBLE_STEPS_CONVOLVE_TILES_H_

#include "steps/convolve/step.h"

namespace thimble::steps {

/// Check of a step whose common tiles have this size.
bool CheckTiles(const Convolve::Params& params, const std::byte* constants, const Extents& extents,
                int64_t (*common_tile_bytes)(int64_t pairs));

/// Run with common tiles whose channels are behind a ReLU.
void RunReluTiles(const Convolve::Params& params, const Memory& memory);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_CONVOLVE_TILES_H_
