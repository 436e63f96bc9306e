#include "kernels/average_pool_2d/op.h"

namespace thimble::kernels {
namespace {

struct Mean {
  static constexpr bool kFromLowest = false;
  static constexpr int32_t Next(int32_t sum, int32_t value) { return WrapAdd(sum, value); }
  static constexpr float Next(float sum, float value) { return sum + value; }
  static constexpr int32_t Finish(int32_t sum, int32_t pixels) {
    return WrapAdd(sum, sum > 0 ? pixels / 2 : -(pixels / 2)) / pixels;
  }
  static constexpr float Finish(float sum, int32_t pixels) { return sum / static_cast<float>(pixels); }
};

}  // namespace

void AveragePool2d::RunReference(const Params& params, const Call& call) { RunPooling<Mean>(params, call); }

}  // namespace thimble::kernels
