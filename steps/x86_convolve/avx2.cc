// x86_convolve with AVX2.
#if defined(__x86_64__)

#include "steps/x86/lanes_of_8.h"
#include "steps/x86_convolve/levels.h"
#include "steps/x86_convolve/tiles.h"

namespace thimble::steps::x86 {

void ConvolveAvx2(const X86Convolve::Params& params, const Memory& memory) { Convolve<Avx2Lanes>(params, memory); }

}  // namespace thimble::steps::x86

#endif
