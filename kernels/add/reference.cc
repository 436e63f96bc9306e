#include "kernels/add/op.h"

namespace thimble::kernels {
Reason Add::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckArithmetic(params, call));
  return IsQuantised(call.out[0]) ? CheckCommonScale(call, false) : Reason::kNone;
}

void Add::RunReference(const Params& params, const Call& call) {
  const Tensor& y = call.out[0];
  if (IsFloat(y)) return MapFloats(params.activation, call, [](float a, float b) { return a + b; });
  if (y.type == Type::kInt32) {
    return MapIntegers(params.activation, call, [](int32_t a, int32_t b) { return WrapAdd(a, b); });
  }
  const CommonScale scale = CommonScaleOf(call, false);
  MapStoredPairs(call, StoredRange(params.activation, y),
                 [&](int32_t a, int32_t b) { return Scale(WrapAdd(scale.A(a), scale.B(b)), scale.result); });
}

}  // namespace thimble::kernels
