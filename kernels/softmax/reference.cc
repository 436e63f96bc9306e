#include "base/float_math.h"
#include "kernels/elementwise.h"
#include "kernels/fixed_functions.h"
#include "kernels/softmax/op.h"

namespace thimble::kernels {
namespace {

constexpr int kDifferenceBits = 5;
constexpr int kSumBits = 12;

// What turns a difference of stored values into an F5.
Multiplier DifferenceMultiplier(float beta, float scale) {
  return QuantiseRatio(beta, scale, 1.0f / (1 << (31 - kDifferenceBits)));
}

// 8 bits in, 8 or 16 bits out.
void RunBytes(const Softmax::Params& params, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const int32_t columns = x.shape.Last(), count = x.shape.Count();
  const Range<int32_t> range = RangeOf(y.type);
  const int output_bits = y.type == Type::kInt16 ? 16 : 8;
  const Multiplier multiplier = DifferenceMultiplier(params.beta, x.Scale());
  // Further below the largest than this, a difference would leave the 5 integer bits and its exponential is 0.
  const int64_t largest_difference =
      (int64_t{(1 << kDifferenceBits) - 1} << (31 - kDifferenceBits)) >> multiplier.shift;
  for (int32_t row = 0; row < count; row += columns) {
    int32_t largest = INT32_MIN;
    for (int32_t i = row; i < row + columns; ++i) largest = StoredAt(x, i) > largest ? StoredAt(x, i) : largest;
    const auto exponential = [&](int32_t i) {
      const int32_t difference = StoredAt(x, i) - largest;
      return -difference > largest_difference ? 0 : ExpOfNegative(Scale(difference, multiplier), kDifferenceBits);
    };
    int32_t sum = 0;
    for (int32_t i = row; i < row + columns; ++i) sum = WrapAdd(sum, RoundingShiftRight(exponential(i), kSumBits));
    const Reciprocal reciprocal = ReciprocalOf(sum);  // positive: the largest gives 1
    const int shift = reciprocal.shift + kSumBits - output_bits;
    for (int32_t i = row; i < row + columns; ++i) {
      const int32_t product = DoublingHighMultiply(reciprocal.result, exponential(i));
      const int32_t steps = shift > 31 ? 0 : RoundingShiftRight(product, shift);  // a sum above 2^8 has only zeros
      StoreAt(y, i, range.Clamp(steps + range.low));
    }
  }
}

// Rounded, halves away from zero.
[[gnu::noinline]] float Whole(float value) { return static_cast<float>(RoundToInt32(value)); }

// TFLite reads the exponential and the reciprocal from tables of 513 values of 16 bits, with straight lines between
// them, moved by half of what a line is off in the middle. This is entry `i` of such a table of `function` from `low`
// on in steps of `step`. Computed when it is needed: tables would cost 2 KB of RAM or flash.
int32_t TableEntry(float (*function)(float), float low, float step, int32_t i) {
  const auto at = [&](float place) { return function(low + place * step) * 32768.0f; };
  const auto index = static_cast<float>(i);
  float entry = Whole(at(index));
  if (i < 512) {
    const float on_line = Whole((at(index + 1) + entry) / 2);
    entry -= Whole((on_line - Whole(at(index + 0.5f))) / 2);
  }
  return RoundToInt32(entry > 32767 ? 32767 : entry);
}

int32_t LookUp(float (*function)(float), float low, float step, int32_t place) {
  const int32_t index = 256 + (place >> 7);
  const int32_t base = TableEntry(function, low, step, index);
  const int32_t slope = TableEntry(function, low, step, index + 1) - base;
  return base + ((slope * (place & 0x7f) + 64) >> 7);
}

// What turns a difference into steps of 10 / 65535, of which a table's range has 65535.
Multiplier WordMultiplier(float beta, float scale) { return QuantiseRatioToDouble(scale, beta, 10.0 / 65535.0); }

void RunWords(const Softmax::Params& params, const Call& call) {
  const int32_t columns = call.in[0].shape.Last(), count = call.in[0].shape.Count();
  const Multiplier multiplier = WordMultiplier(params.beta, call.in[0].Scale());
  for (int32_t row = 0; row < count; row += columns) {
    const int16_t* x = call.in[0].As<int16_t>() + row;
    int16_t* y = call.out[0].As<int16_t>() + row;
    int32_t largest = INT16_MIN;
    for (int32_t i = 0; i < columns; ++i) largest = x[i] > largest ? x[i] : largest;
    int32_t sum = 0;  // F16
    for (int32_t i = 0; i < columns; ++i) {
      const int32_t place = Clamp(WrapAdd(Scale(x[i] - largest, multiplier), 32767), -32768, 32767);
      y[i] = static_cast<int16_t>(LookUp(thimble::Exp, -10, 10.0f / 512, place));
      sum += y[i];
    }
    // sum = (1 + fraction) * 2^n, the fraction in 16 bits.
    const int headroom = std::countl_zero(static_cast<uint32_t>(sum));
    const auto shifted = static_cast<int32_t>(((static_cast<int64_t>(sum) << (headroom - 1)) + (1 << 13)) >> 14);
    const int32_t place = Clamp(shifted - (1 << 15) - (1 << 16), -32768, 32767);
    const int32_t reciprocal = LookUp([](float value) { return 1 / (1 + value); }, 0, 1.0f / 512, place);
    const int right = 31 - headroom;  // at least 14: the largest element alone adds 32767
    for (int32_t i = 0; i < columns; ++i) {
      // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult)
      y[i] = static_cast<int16_t>(Clamp((y[i] * reciprocal + (1 << (right - 1))) >> right, 0, 32767));
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
    for (int32_t i = 0; i < columns; ++i) sum += y[i] = thimble::Exp((x[i] - largest) * params.beta);
    for (int32_t i = 0; i < columns; ++i) y[i] = y[i] / sum;
  }
}

}  // namespace

Reason Softmax::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckUnary(call));
  const Tensor &x = call.in[0], &y = call.out[0];
  THIMBLE_REQUIRE(x.shape == y.shape && x.shape.Last() > 0, OperandShapes);
  THIMBLE_REQUIRE(IsFinite(params.beta) && params.beta > 0, Option);
  if (IsFloat(x) && IsFloat(y)) return Reason::kNone;
  THIMBLE_REQUIRE(IsQuantised(x) && y.scale_count == 1, OperandTypes);
  const auto is_unit = [&](int32_t steps, int32_t zero_point) {
    const float ratio = y.Scale() * static_cast<float>(steps);
    return ratio > 0.999f && ratio < 1.001f && y.zero_point == zero_point;
  };
  if (x.type == Type::kInt16) {
    THIMBLE_REQUIRE(y.type == Type::kInt16, OperandTypes);
    THIMBLE_REQUIRE(is_unit(1 << 15, 0), OperandQuantisation);
    THIMBLE_REQUIRE(x.shape.Last() < (1 << 16), OperandShapes);  // a longer sum could leave 31 bits
    return Reason::kNone;
  }
  if (y.type == Type::kInt16 && x.type == Type::kInt8) {
    THIMBLE_REQUIRE(is_unit(1 << 16, -(1 << 15)), OperandQuantisation);
  } else {
    THIMBLE_REQUIRE(x.type == y.type, OperandTypes);
    THIMBLE_REQUIRE(y.Scale() == 1.0f / 256 && y.zero_point == RangeOf(y.type).low, OperandQuantisation);
  }
  // The multiplier must be a left shift, and rows so long that the sum of 1s leaves its 12 bits are refused.
  const int32_t shift = DifferenceMultiplier(params.beta, x.Scale()).shift;
  THIMBLE_REQUIRE(shift >= 1 && shift < 30, OperandQuantisation);
  THIMBLE_REQUIRE(x.shape.Last() < (1 << kSumBits), OperandShapes);
  return Reason::kNone;
}

void Softmax::RunReference(const Params& params, const Call& call) {
  IsFloat(call.in[0])               ? RunFloat(params, call)
  : call.in[0].type == Type::kInt16 ? RunWords(params, call)
                                    : RunBytes(params, call);
}

}  // namespace thimble::kernels
