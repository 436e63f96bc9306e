#include "steps/convolve_relu/step.h"

#include "steps/convolve/tiles.h"
#include "steps/convolve/window.h"

namespace thimble::steps {

bool ConvolveRelu::Check(const Params& params, const std::byte* constants, const Extents& extents) {
  return params.common_tiles > 0 && CheckTiles(params, constants, extents, &ReluTileBytes);
}

void ConvolveRelu::Run(const Params& params, const Memory& memory) { RunReluTiles(params, memory); }

}  // namespace thimble::steps
