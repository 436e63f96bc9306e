#include "kernels/average_pool_2d/op.h"

namespace thimble::kernels {

void AveragePool2d::RunReference(const Params& params, const Call& call) {
  RunPooling(
      params, call, 0, [](int32_t sum, int32_t value) { return WrapAdd(sum, value); },
      [](int32_t sum, int32_t pixels) {
        return (sum > 0 ? WrapAdd(sum, pixels / 2) : WrapAdd(sum, -(pixels / 2))) / pixels;
      });
}

}  // namespace thimble::kernels
