#include <bit>

#include "base/float_math.h"
#include "kernels/softmax/op.h"

namespace thimble::kernels {
namespace {

// Fixed-point numbers are named by their integer bits: an F5 is an int32 that counts in units of 2^-26, and so on.
constexpr int kDifferenceBits = 5;
constexpr int kSumBits = 12;

// exp(x) for -1/4 <= x < 0; F0 to F0. The Taylor series about -1/8 up to the fourth power.
constexpr int32_t ExpOfQuarter(int32_t x) {
  constexpr int32_t kExpOfMinusEighth = 1895147668;
  constexpr int32_t kThird = 715827883;
  const int32_t d = x + (1 << 28);
  const int32_t d2 = DoublingHighMultiply(d, d);
  const int32_t d3 = DoublingHighMultiply(d2, d);
  const int32_t d4 = DoublingHighMultiply(d2, d2);
  const int32_t high = RoundingShiftRight(DoublingHighMultiply(RoundingShiftRight(d4, 2) + d3, kThird) + d2, 1);
  return kExpOfMinusEighth + DoublingHighMultiply(kExpOfMinusEighth, d + high);
}

// exp(x) for x <= 0; F5 to F0. One quarter by the series, the rest by a factor for each bit of the quotient.
constexpr int32_t ExpOfNegative(int32_t x) {
  if (x == 0) return INT32_MAX;
  constexpr int kFractionBits = 31 - kDifferenceBits;
  constexpr int32_t kQuarter = 1 << (kFractionBits - 2);
  constexpr int32_t kFactors[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};  // e^-2^(k-2)
  const int32_t in_quarter = (x & (kQuarter - 1)) - kQuarter;
  int32_t result = ExpOfQuarter(WrapShiftLeft(in_quarter, kDifferenceBits));
  const int32_t quarters = in_quarter - x;
  for (int k = 0; k < 7; ++k) {
    if ((quarters & (kQuarter << k)) != 0) result = DoublingHighMultiply(result, kFactors[k]);
  }
  return result;
}

// 1 / (1 + x) for 0 <= x < 1; F0 to F0. Newton's method on half the denominator from the best line, 48/17 - 32/17 d.
constexpr int32_t OneOverOnePlus(int32_t x) {
  constexpr int32_t k48Over17 = 1515870810;  // F2
  constexpr int32_t k32Over17 = 1010580540;  // F2
  const auto half_denominator = static_cast<int32_t>((static_cast<int64_t>(x) + INT32_MAX + 1) / 2);
  int32_t estimate = k48Over17 + DoublingHighMultiply(half_denominator, -k32Over17);
  for (int i = 0; i < 3; ++i) {
    const int32_t error = (1 << 29) - DoublingHighMultiply(half_denominator, estimate);
    estimate = WrapAdd(estimate, SaturatingShiftLeft(DoublingHighMultiply(estimate, error), 2));
  }
  return SaturatingShiftLeft(estimate, 1);  // half as an F1, which is one bit away from F0
}

// What turns a difference of stored values into an F5.
Multiplier DifferenceMultiplier(float beta, float scale) {
  return QuantiseMultiplier(static_cast<double>(beta) * static_cast<double>(scale) *
                            static_cast<double>(1 << (31 - kDifferenceBits)));
}

void RunInt8(const Softmax::Params& params, const Call& call) {
  const Tensor& tensor = call.in[0];
  const int32_t columns = tensor.shape.Last();
  const int32_t rows = tensor.shape.Count() / columns;
  const Multiplier multiplier = DifferenceMultiplier(params.beta, tensor.Scale());
  // Further below the largest than this, a difference would leave the 5 integer bits and its exponential is 0.
  const int64_t largest_difference =
      (int64_t{(1 << kDifferenceBits) - 1} << (31 - kDifferenceBits)) >> multiplier.shift;
  const auto exponential = [&](int32_t difference) { return ExpOfNegative(Scale(difference, multiplier)); };
  for (int32_t r = 0; r < rows; ++r) {
    const int8_t* x = tensor.As<int8_t>() + r * columns;
    int8_t* y = call.out[0].As<int8_t>() + r * columns;
    int32_t largest = -128;
    for (int32_t i = 0; i < columns; ++i) largest = x[i] > largest ? x[i] : largest;
    int32_t sum = 0;
    for (int32_t i = 0; i < columns; ++i) {
      if (largest - x[i] > largest_difference) continue;
      sum = WrapAdd(sum, RoundingShiftRight(exponential(x[i] - largest), kSumBits));
    }
    const int headroom = std::countl_zero(static_cast<uint32_t>(sum));  // at least 1 bit set: the largest gives 1
    const int shift = kSumBits - headroom + 31 - 8;
    const auto fraction = static_cast<int32_t>((static_cast<uint32_t>(sum) << headroom) - (uint32_t{1} << 31));
    const int32_t reciprocal = OneOverOnePlus(fraction);
    for (int32_t i = 0; i < columns; ++i) {
      if (largest - x[i] > largest_difference) {
        y[i] = -128;
        continue;
      }
      const int32_t product = DoublingHighMultiply(reciprocal, exponential(x[i] - largest));
      const int32_t steps = shift > 31 ? 0 : RoundingShiftRight(product, shift);  // a sum above 2^8 has only zeros
      y[i] = static_cast<int8_t>(Clamp(steps - 128, -128, 127));
    }
  }
}

void RunFloat(const Softmax::Params& params, const Call& call) {
  const int32_t columns = call.in[0].shape.Last();
  const int32_t rows = call.in[0].shape.Count() / columns;
  for (int32_t r = 0; r < rows; ++r) {
    const float* x = call.in[0].As<float>() + r * columns;
    float* y = call.out[0].As<float>() + r * columns;
    float largest = x[0];
    for (int32_t i = 1; i < columns; ++i) largest = x[i] > largest ? x[i] : largest;
    float sum = 0;
    for (int32_t i = 0; i < columns; ++i) sum += y[i] = Exp((x[i] - largest) * params.beta);
    for (int32_t i = 0; i < columns; ++i) y[i] = y[i] / sum;
  }
}

}  // namespace

Reason Softmax::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 1 && call.in[0].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  const Tensor &x = call.in[0], &y = call.out[0];
  THIMBLE_REQUIRE(x.shape == y.shape && x.shape.Last() > 0, OperandShapes);
  THIMBLE_REQUIRE(IsFinite(params.beta) && params.beta > 0, Option);
  if (IsFloat(x) && IsFloat(y)) return Reason::kNone;
  THIMBLE_REQUIRE(IsInt8(x) && IsInt8(y), OperandTypes);
  THIMBLE_REQUIRE(y.Scale() == 1.0f / 256 && y.zero_point == -128, OperandQuantisation);
  // The multiplier must be a left shift, and rows so long that the sum of 1s leaves its 12 bits are refused.
  const int32_t shift = DifferenceMultiplier(params.beta, x.Scale()).shift;
  THIMBLE_REQUIRE(shift >= 1 && shift < 30, OperandQuantisation);
  THIMBLE_REQUIRE(x.shape.Last() < (1 << kSumBits), OperandShapes);
  return Reason::kNone;
}

void Softmax::RunReference(const Params& params, const Call& call) {
  IsFloat(call.in[0]) ? RunFloat(params, call) : RunInt8(params, call);
}

}  // namespace thimble::kernels
