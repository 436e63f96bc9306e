// What addition, subtraction, multiplication and division share: operands, fused activations, scaled sums.
#ifndef THIMBLE_KERNELS_ARITHMETIC_H_
#define THIMBLE_KERNELS_ARITHMETIC_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

struct ArithmeticParams {
  Activation activation = Activation::kNone;
};

/// Two inputs repeated to the shape of the output, all of one type: float32, plain int32, or quantised.
Reason CheckArithmetic(const ArithmeticParams& params, const Call& call);

/// The int32 numbers that the activation allows, not quantised.
Range<int32_t> IntegerRange(Activation activation);

/// y[i] = activation(function(a[i], b[i])) for float32 or, if the operator has it, int32.
template <typename Function>
void MapFloats(Activation activation, const Call& call, Function function) {
  const Range<float> range = FloatRange(activation);
  MapPairs<float>(call, [&](float a, float b) { return range.Clamp(function(a, b)); });
}
template <typename Function>
void MapIntegers(Activation activation, const Call& call, Function function) {
  const Range<int32_t> range = IntegerRange(activation);
  MapPairs<int32_t>(call, [&](int32_t a, int32_t b) { return range.Clamp(function(a, b)); });
}

/// Quantised operands are shifted left (by 20 bits, int16 by 15) and brought to twice the larger of their scales; what
/// is made of them is brought to the output's.
struct CommonScale {
  int shift;
  Multiplier a, b, result;

  int32_t A(int32_t value) const { return Scale(WrapShiftLeft(value, shift), a); }
  int32_t B(int32_t value) const { return Scale(WrapShiftLeft(value, shift), b); }
};
/// With `in_floats` the quotients of scales are rounded to float, as TFLite does where it does.
CommonScale CommonScaleOf(const Call& call, bool in_floats);
/// Refuses scales with which TFLite's arithmetic would need a multiplier above 1.
Reason CheckCommonScale(const Call& call, bool in_floats);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_ARITHMETIC_H_
