#include "kernels/sub/op.h"

namespace thimble::kernels {
Reason Sub::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckArithmetic(params, call));
  return IsQuantised(call.out[0]) ? CheckCommonScale(call, true) : Reason::kNone;
}

void Sub::RunReference(const Params& params, const Call& call) {
  const Tensor& y = call.out[0];
  if (IsFloat(y)) return MapFloats(params.activation, call, [](float a, float b) { return a - b; });
  const auto difference = [](int32_t a, int32_t b) {
    return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
  };
  if (y.type == Type::kInt32) return MapIntegers(params.activation, call, difference);
  const CommonScale scale = CommonScaleOf(call, true);
  MapStoredPairs(call, StoredRange(params.activation, y),
                 [&](int32_t a, int32_t b) { return Scale(difference(scale.A(a), scale.B(b)), scale.result); });
}

}  // namespace thimble::kernels
