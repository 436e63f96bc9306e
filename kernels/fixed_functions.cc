#include "kernels/fixed_functions.h"

#include <array>
#include <cstddef>

namespace thimble::kernels {
namespace {

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

constexpr int32_t SaturatingAdd(int32_t a, int32_t b) {
  const int64_t sum = static_cast<int64_t>(a) + b;
  return sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : static_cast<int32_t>(sum);
}

// With that the error is as large at the ends of a step as in its middle. The last one is 1, less what 16 bits cannot
// hold.
constexpr auto kLogistic = [] {
  constexpr double kStep = 1.0 / 48;
  double root = 1, term = 1;  // exp(-1/48) by its series
  for (int n = 1; n < 12; ++n) root += term *= -kStep / n;
  std::array<double, 513> exact{};  // at every half step
  double power = 1;
  for (double& value : exact) {
    value = 65536 / (1 + power);
    power *= root;
  }
  std::array<uint16_t, 256> table{};
  for (size_t i = 0; i < 255; ++i) {
    const double middle_error = exact[2 * i + 1] - (exact[2 * i] + exact[2 * i + 2]) / 2;
    // Positive, so this rounds to the nearest. NOLINTNEXTLINE(bugprone-incorrect-roundings): lround is not constexpr
    table[i] = static_cast<uint16_t>(exact[2 * i] + middle_error / 2 + 0.5);
  }
  table[255] = 65535;
  return table;
}();
static_assert(kLogistic[0] == 32768 && kLogistic[1] == 33451 && kLogistic[35] == 53169 && kLogistic[254] == 65534);

}  // namespace

const std::array<uint16_t, 256> kLogisticTable = kLogistic;

int32_t ExpOfNegative(int32_t x, int integer_bits) {
  // One quarter by the series, the rest by a factor for each bit of the quotient.
  if (x == 0) return INT32_MAX;
  const int fraction_bits = 31 - integer_bits;
  const int32_t quarter = 1 << (fraction_bits - 2);
  constexpr int32_t kFactors[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};  // e^-2^(k-2)
  const int32_t in_quarter = (x & (quarter - 1)) - quarter;
  int32_t result = ExpOfQuarter(WrapShiftLeft(in_quarter, integer_bits));
  const int32_t quarters = in_quarter - x;
  for (int k = 0; k < integer_bits + 2; ++k) {
    if ((quarters & (quarter << k)) != 0) result = DoublingHighMultiply(result, kFactors[k]);
  }
  return result;
}

int32_t TwoOverOnePlus(int32_t x) {
  // Newton's method on half the denominator from the best line, 48/17 - 32/17 d.
  constexpr int32_t k48Over17 = 1515870810;  // F2
  constexpr int32_t k32Over17 = 1010580540;  // F2
  const auto half_denominator = static_cast<int32_t>((static_cast<int64_t>(x) + INT32_MAX + 1) / 2);
  int32_t estimate = k48Over17 + DoublingHighMultiply(half_denominator, -k32Over17);
  for (int i = 0; i < 3; ++i) {
    const int32_t error = (1 << 29) - DoublingHighMultiply(half_denominator, estimate);
    estimate = WrapAdd(estimate, SaturatingShiftLeft(DoublingHighMultiply(estimate, error), 2));
  }
  return estimate;
}

int32_t FixedLogistic(int32_t x) {
  if (x == 0) return 1 << 30;
  const int32_t positive = OneOverOnePlus(ExpOfNegative(x < 0 ? x : -x, 4));
  return x > 0 ? positive : INT32_MAX - positive;
}

int32_t FixedTanh(int32_t x) {
  if (x == 0) return 0;
  const int32_t positive = SaturatingShiftLeft(TwoOverOnePlus(ExpOfNegative(x < 0 ? x : -x, 5)) - (1 << 29), 2);
  return x > 0 ? positive : -positive;
}

TableScale TableScaleOf(float scale, int octaves) {
  for (int octave = 0; octave < octaves; ++octave) {
    if (IsNearPower(scale, static_cast<float>(1 << octave) / 4096)) return {3 << octave, 0};
  }
  double factor = static_cast<double>(scale) * 4096.0 * 3.0;
  if (!(factor <= 32767)) return {};
  int shift = 0;
  for (; factor <= 32767.0 / 2 && shift <= 30; ++shift) factor *= 2;
  return {static_cast<int32_t>(factor), shift};
}

int32_t FixedLn(int32_t x) {
  // With r = x * 2^-k near 2^(-1/4): ln x = k ln 2 + ln r, and ln r by a quotient of polynomials in r - 2^(-1/4).
  constexpr int kInputBits = 12, kAccumulatorBits = 6;
  constexpr int32_t kLn2 = 1488522236, kFourthRootHalf = 1805811301, kRootHalf = 1518500250;              // F0
  constexpr int32_t kAlphaN = 117049297, kAlphaD = 127690142, kAlphaI = 1057819769, kAlphaF = 638450708;  // F0
  constexpr int32_t kQuarter = (1 << 29) >> kAccumulatorBits;
  const auto multiply = [](int32_t a, int32_t b) { return DoublingHighMultiply(a, b); };

  const int zeros_a = std::countl_zero(static_cast<uint32_t>(x));
  const int32_t r_a = SaturatingShiftLeft(multiply(SaturatingShiftLeft(x, zeros_a - 1), kRootHalf), 1);
  const int32_t power_a = SaturatingAdd(SaturatingShiftLeft(kInputBits - zeros_a, 31 - kAccumulatorBits), kQuarter);
  const int headroom_b = std::countl_zero(static_cast<uint32_t>(multiply(x, kRootHalf))) - 1;
  const int32_t r_b = SaturatingShiftLeft(x, headroom_b);
  const int32_t power_b = SaturatingAdd(SaturatingShiftLeft(kInputBits - headroom_b, 31 - kAccumulatorBits), -kQuarter);
  const int32_t r = r_a < r_b ? r_a : r_b;
  const int32_t power = power_a > power_b ? power_a : power_b;

  const auto mean = static_cast<int32_t>((static_cast<int64_t>(r) + kFourthRootHalf + 1) / 2);
  const int32_t q = WrapShiftLeft(WrapAdd(r, -kFourthRootHalf), 1);
  const int32_t square = multiply(q, q);
  const int32_t numerator = WrapAdd(multiply(q, r), multiply(multiply(q, square), kAlphaN));
  const int32_t inner = WrapAdd(WrapAdd(kAlphaI, q), multiply(kAlphaD, square));
  const int32_t denominator = WrapAdd(multiply(mean, inner), multiply(kAlphaF, q));  // less 1
  const int32_t quotient = multiply(RoundingShiftRight(numerator, kAccumulatorBits), OneOverOnePlus(denominator));
  return SaturatingShiftLeft(WrapAdd(multiply(power, kLn2), quotient), 1);
}

Multiplier InverseSquareRoot(int32_t x) {
  if (x <= 1) return {INT32_MAX, 0};
  int right = 11;
  while (x >= 1 << 29) {
    x /= 4;
    ++right;
  }
  const int pairs = (std::countl_zero(static_cast<uint32_t>(x)) - 1) / 2 - 1;
  right -= pairs;
  x <<= 2 * pairs;
  // Newton's method from 1 in F3: e = (3 e - x e^3) / 2.
  constexpr int32_t kOneAndHalf = (1 << 28) + (1 << 27);
  constexpr int32_t kRootHalf = 1518500250;  // F0
  const int32_t half = RoundingShiftRight(x >> 1, 1);
  int32_t estimate = 1 << 28;
  for (int i = 0; i < 5; ++i) {
    const int32_t square = DoublingHighMultiply(estimate, estimate);
    const int32_t cube = SaturatingShiftLeft(DoublingHighMultiply(square, estimate), 6);
    const int32_t next = WrapAdd(DoublingHighMultiply(kOneAndHalf, estimate), -DoublingHighMultiply(half, cube));
    estimate = SaturatingShiftLeft(next, 3);
  }
  estimate = DoublingHighMultiply(estimate, kRootHalf);
  if (right < 0) return {WrapShiftLeft(estimate, -right), 0};
  return {estimate, -right};
}

}  // namespace thimble::kernels
