#include "kernels/max_pool_2d/op.h"

namespace thimble::kernels {
namespace {

struct Largest {
  static constexpr bool kFromLowest = true;
  static constexpr auto Next(auto largest, auto value) { return value > largest ? value : largest; }
  static constexpr auto Finish(auto largest, int32_t) { return largest; }
};

}  // namespace

void MaxPool2d::RunReference(const Params& params, const Call& call) { RunPooling<Largest>(params, call); }

}  // namespace thimble::kernels
