#include "kernels/cast/op.h"

namespace thimble::kernels {
namespace {

int64_t Whole(float value) {
  if (!(value == value)) return 0;
  if (value >= 9223372036854775808.0f) return INT64_MAX;
  if (value <= -9223372036854775808.0f) return INT64_MIN;
  return static_cast<int64_t>(value);
}

}  // namespace

Reason Cast::Check(const Params&, const Call& call) { return CheckUnary(call); }

void Cast::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  for (int32_t i = 0, count = y.shape.Count(); i < count; ++i) {
    int64_t value = 0;
    bool truth = false;
    if (IsFloat(x)) {
      const float real = x.As<float>()[i];
      if (IsFloat(y)) {
        y.As<float>()[i] = real;
        continue;
      }
      value = Whole(real);
      truth = real != 0;
    } else {
      value = x.type == Type::kInt64 ? x.Int64At(i) : StoredAt(x, i);
      truth = value != 0;
      if (x.type == Type::kBool) value = truth ? 1 : 0;
    }
    if (IsFloat(y)) {
      y.As<float>()[i] = static_cast<float>(value);
    } else if (y.type == Type::kInt64) {
      y.As<int64_t>()[i] = value;
    } else {
      StoreAt(y, i, y.type == Type::kBool ? int32_t{truth} : static_cast<int32_t>(value));
    }
  }
}

}  // namespace thimble::kernels
