// x86_depthwise with AVX2.
#if defined(__x86_64__)

#include "steps/x86/lanes_of_8.h"
#include "steps/x86_depthwise/levels.h"
#include "steps/x86_depthwise/tiles.h"

namespace thimble::steps::x86 {

void DepthwiseAvx2(const X86Depthwise::Params& params, const Memory& memory) { Depthwise<Avx2Lanes>(params, memory); }

}  // namespace thimble::steps::x86

#endif
