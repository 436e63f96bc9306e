// x86_depthwise with AVX-512 VNNI.
#if defined(__x86_64__)

#include "steps/x86/avx512_lanes.h"
#include "steps/x86_depthwise/levels.h"
#include "steps/x86_depthwise/tiles.h"

namespace thimble::steps::x86 {

void DepthwiseAvx512(const X86Depthwise::Params& params, const Memory& memory) {
  Depthwise<Avx512Lanes>(params, memory);
}

}  // namespace thimble::steps::x86

#endif
