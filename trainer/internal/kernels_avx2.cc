// The kernels for processors with AVX2 and FMA. The build compiles this file alone with their flags.
#if defined(__AVX2__) && defined(__FMA__)

#define THIMBLE_LANES 8
#include "trainer/internal/kernels_body.h"

namespace thimble::trainer::engine {

const Kernels* Avx2Kernels() {
  static constexpr Kernels kKernels = MakeKernels("avx2");
  return &kKernels;
}

}  // namespace thimble::trainer::engine

#else

#include "trainer/internal/kernels.h"

namespace thimble::trainer::engine {
const Kernels* Avx2Kernels() { return nullptr; }
}  // namespace thimble::trainer::engine

#endif
