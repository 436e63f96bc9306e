#include "kernels/max_pool_2d/op.h"

namespace thimble::kernels {

void MaxPool2d::RunReference(const Params& params, const Call& call) {
  RunPooling(
      params, call, -128, [](int32_t largest, int32_t value) { return value > largest ? value : largest; },
      [](int32_t largest, int32_t) { return largest; });
}

}  // namespace thimble::kernels
