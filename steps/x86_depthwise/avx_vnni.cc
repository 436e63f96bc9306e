// x86_depthwise with AVX-VNNI.
#if defined(__x86_64__)

#define THIMBLE_X86_AVX_VNNI
#include "steps/x86/lanes_of_8.h"
#include "steps/x86_depthwise/levels.h"
#include "steps/x86_depthwise/tiles.h"

namespace thimble::steps::x86 {

void DepthwiseAvxVnni(const X86Depthwise::Params& params, const Memory& memory) {
  Depthwise<AvxVnniLanes>(params, memory);
}

}  // namespace thimble::steps::x86

#endif
