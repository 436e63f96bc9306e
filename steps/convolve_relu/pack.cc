#include "steps/convolve_relu/pack.h"

#include "steps/convolve/pack.h"

namespace thimble::steps {

std::optional<Packed<ConvolveRelu::Params>> PackConvolveRelu(const Convolution& layer, Target target) {
  return PackReluTiles(layer, target);
}

}  // namespace thimble::steps
