// The kernels for any processor, four numbers at a time.
#define THIMBLE_LANES 4
#include "trainer/internal/kernels_body.h"

namespace thimble::trainer::engine {

const Kernels& PlainKernels() {
  static constexpr Kernels kKernels = MakeKernels("plain");
  return kKernels;
}

}  // namespace thimble::trainer::engine
