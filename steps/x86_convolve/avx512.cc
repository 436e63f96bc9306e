// x86_convolve with AVX-512 VNNI.
#if defined(__x86_64__)

#include "steps/x86/avx512_lanes.h"
#include "steps/x86_convolve/levels.h"
#include "steps/x86_convolve/tiles.h"

namespace thimble::steps::x86 {

void ConvolveAvx512(const X86Convolve::Params& params, const Memory& memory) { Convolve<Avx512Lanes>(params, memory); }

}  // namespace thimble::steps::x86

#endif
