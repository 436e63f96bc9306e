#include "base/float_math.h"
#include "kernels/fixed_functions.h"
#include "kernels/log_softmax/op.h"

namespace thimble::kernels {
namespace {

constexpr int kDifferenceBits = 5, kSumBits = 12, kOutputBits = 4;

// What turns a difference of stored values into an F5, and back.
Multiplier ToFixed(float scale) { return QuantiseRatio(scale, 1, 1.0f / (1 << (31 - kDifferenceBits))); }
Multiplier ToStored(Multiplier to_fixed) {
  return QuantiseMultiplier(static_cast<double>(1 << (31 - to_fixed.shift)) / to_fixed.mantissa);
}

void RunBytes(const Call& call) {
  const int32_t columns = call.in[0].shape.Last(), count = call.in[0].shape.Count();
  const Multiplier to_fixed = ToFixed(call.in[0].Scale()), to_stored = ToStored(to_fixed);
  const auto lowest =
      -static_cast<int32_t>((int64_t{(1 << kDifferenceBits) - 1} << (31 - kDifferenceBits)) >> to_fixed.shift);
  for (int32_t row = 0; row < count; row += columns) {
    const int8_t* x = call.in[0].As<int8_t>() + row;
    int8_t* y = call.out[0].As<int8_t>() + row;
    int32_t largest = INT8_MIN, sum = 0;
    for (int32_t i = 0; i < columns; ++i) largest = x[i] > largest ? x[i] : largest;
    for (int32_t i = 0; i < columns; ++i) {
      if (x[i] - largest < lowest) continue;
      const int32_t power = ExpOfNegative(Scale(x[i] - largest, to_fixed), kDifferenceBits);
      sum = WrapAdd(sum, RoundingShiftRight(power, kSumBits));
    }
    const int32_t log_sum = FixedLn(sum);
    // Further below, the difference to the logarithm would leave 32 bits.
    const int32_t floor = Scale(WrapAdd(log_sum, INT32_MIN), to_stored);
    const int32_t limit = floor > lowest - 1 ? floor : lowest - 1;
    for (int32_t i = 0; i < columns; ++i) {
      const int32_t difference = x[i] - largest;
      if (difference <= limit) {
        y[i] = INT8_MIN;
        continue;
      }
      const int32_t logarithm = WrapAdd(Scale(difference, to_fixed), -log_sum);
      const int32_t steps = RoundingShiftRight(logarithm, 31 - kDifferenceBits - kOutputBits);
      y[i] = static_cast<int8_t>(Clamp(steps + INT8_MAX, INT8_MIN, INT8_MAX));
    }
  }
}

void RunFloat(const Call& call) {
  const int32_t columns = call.in[0].shape.Last(), count = call.in[0].shape.Count();
  for (int32_t row = 0; row < count; row += columns) {
    const float* x = call.in[0].As<float>() + row;
    float* y = call.out[0].As<float>() + row;
    float largest = x[0], sum = 0;
    for (int32_t i = 1; i < columns; ++i) largest = x[i] > largest ? x[i] : largest;
    for (int32_t i = 0; i < columns; ++i) sum += thimble::Exp(x[i] - largest);
    const float log_sum = Ln(sum);
    for (int32_t i = 0; i < columns; ++i) y[i] = x[i] - largest - log_sum;
  }
}

}  // namespace

Reason LogSoftmax::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckUnary(call, true));
  const Tensor &x = call.in[0], &y = call.out[0];
  THIMBLE_REQUIRE(x.shape == y.shape && x.shape.Last() > 0, OperandShapes);
  if (IsFloat(x)) return Reason::kNone;
  THIMBLE_REQUIRE(x.type == Type::kInt8, OperandTypes);
  THIMBLE_REQUIRE(y.Scale() == 16.0f / 256 && y.zero_point == 127, OperandQuantisation);
  const int32_t shift = ToFixed(x.Scale()).shift;
  THIMBLE_REQUIRE(shift >= 1 && shift < 30, OperandQuantisation);
  THIMBLE_REQUIRE(x.shape.Last() < (1 << kSumBits), OperandShapes);
  return Reason::kNone;
}

void LogSoftmax::RunReference(const Params&, const Call& call) {
  IsFloat(call.in[0]) ? RunFloat(call) : RunBytes(call);
}

}  // namespace thimble::kernels
