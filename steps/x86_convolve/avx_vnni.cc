// x86_convolve with AVX-VNNI.
#if defined(__x86_64__)

#define THIMBLE_X86_AVX_VNNI
#include "steps/x86/lanes_of_8.h"
#include "steps/x86_convolve/levels.h"
#include "steps/x86_convolve/tiles.h"

namespace thimble::steps::x86 {

void ConvolveAvxVnni(const X86Convolve::Params& params, const Memory& memory) {
  Convolve<AvxVnniLanes>(params, memory);
}

}  // namespace thimble::steps::x86

#endif
