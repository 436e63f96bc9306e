// What sums of many int8 tensors or elements with one scale share.
#ifndef THIMBLE_KERNELS_SUMMING_H_
#define THIMBLE_KERNELS_SUMMING_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// As in ADD: each term is shifted left by 20 bits and halved; the sum is brought to the output's scale.
struct SumScale {
  static constexpr int kShift = 20;
  Multiplier input, output;

  explicit SumScale(const Call& call) {
    const double x = static_cast<double>(call.in[0].Scale()), twice = 2 * x;
    input = QuantiseMultiplier(x / twice);
    output = QuantiseMultiplier(twice / ((1 << kShift) * static_cast<double>(call.out[0].Scale())));
  }
  int32_t Term(int32_t value) const { return Scale(WrapShiftLeft(value, kShift), input); }
};

/// Refuses scales with which TFLite's arithmetic would need a multiplier above 1.
inline Reason CheckSum(const Call& call) {
  THIMBLE_REQUIRE(call.in[0].Scale() > 0 && SumScale(call).output.shift <= 0, OperandQuantisation);
  return Reason::kNone;
}

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SUMMING_H_
