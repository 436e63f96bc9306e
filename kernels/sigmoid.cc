#include "kernels/sigmoid.h"

namespace thimble::kernels {

Reason CheckSigmoid(const Call& call, int octaves) {
  THIMBLE_CHECK(CheckUnary(call, true));
  const Tensor &x = call.in[0], &y = call.out[0];
  THIMBLE_REQUIRE(x.type != Type::kUInt8, OperandTypes);
  if (x.type == Type::kInt16) {
    THIMBLE_REQUIRE(IsNearPower(y.Scale(), 1.0f / 32768), OperandQuantisation);
    THIMBLE_REQUIRE(x.Scale() == 0 || TableScaleOf(x.Scale(), octaves).factor != 0, OperandQuantisation);
  }
  return Reason::kNone;
}

void RunSigmoidBytes(const Call& call, int32_t (*function)(int32_t), int bits, int32_t zero) {
  const Tensor &x = call.in[0], &y = call.out[0];
  constexpr int kIntegerBits = 4;
  const Multiplier multiplier = QuantiseRatio(x.Scale(), 1, 1.0f / (1 << (31 - kIntegerBits)));
  // From this distance on the input would leave the integer bits, and the result is at its end.
  constexpr int32_t kLargest = ((1 << kIntegerBits) - 1) << (31 - kIntegerBits);
  const int32_t radius = multiplier.shift > 0 ? kLargest >> multiplier.shift : kLargest;
  for (int32_t i = 0, count = y.shape.Count(); i < count; ++i) {
    const int32_t value = x.As<int8_t>()[i] - x.zero_point;
    int32_t result = value < 0 ? INT8_MIN : INT8_MAX;
    if (value > -radius && value < radius) {
      const int32_t steps = RoundingShiftRight(function(Scale(value, multiplier)), 31 - bits);
      result = Clamp(steps + zero, INT8_MIN, INT8_MAX);
    }
    y.As<int8_t>()[i] = static_cast<int8_t>(result);
  }
}

void RunSigmoidWords(const Call& call, int16_t (*function)(int32_t), int octaves) {
  const TableScale scale = TableScaleOf(call.in[0].Scale(), octaves);
  const int16_t* x = call.in[0].As<int16_t>();
  int16_t* y = call.out[0].As<int16_t>();
  for (int32_t i = 0, count = call.out[0].shape.Count(); i < count; ++i) y[i] = function(scale(x[i]));
}

}  // namespace thimble::kernels
