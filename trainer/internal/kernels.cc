#include "trainer/internal/kernels.h"

namespace thimble::trainer::engine {

const Kernels& BestKernels() {
#if defined(__x86_64__)
  if (Avx2Kernels() != nullptr && __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) {
    return *Avx2Kernels();
  }
#endif
  return PlainKernels();
}

}  // namespace thimble::trainer::engine
