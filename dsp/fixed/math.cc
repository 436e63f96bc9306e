// Tables of a logarithm and of a power of two, and straight lines between their points.
#include "dsp/fixed/math.h"

#include <array>
#include <cstddef>

namespace thimble::dsp::fixed {
namespace {

constexpr int kSteps = 128;

// ln(1 + x), 0 <= x <= 1, by the series of the inverse hyperbolic tangent.
constexpr double LnOnePlus(double x) {
  const double z = x / (2 + x);
  double power = z;
  double sum = 0;
  for (int n = 1; n < 60; n += 2, power *= z * z) sum += power / n;
  return 2 * sum;
}

constexpr double kLnTwo = LnOnePlus(1);

// log2(1 + i / 128) in 1/2^20ths. A chord runs below its arc, by h^2 / 8 times the curvature in the middle; half of the
// largest such gap added to all points halves the error.
constexpr std::array<uint32_t, kSteps + 1> kLogarithms = [] {
  std::array<uint32_t, kSteps + 1> table{};
  const double half_gap = 0.5 / (8.0 * kSteps * kSteps * kLnTwo);
  for (int i = 0; i <= kSteps; ++i) {
    table[static_cast<size_t>(i)] =
        static_cast<uint32_t>(Nearest((LnOnePlus(static_cast<double>(i) / kSteps) / kLnTwo + half_gap) * kOctave));
  }
  return table;
}();

// 2^(i / 128) in 1/2^24ths, less half of the gap by which a chord runs above.
constexpr std::array<uint32_t, kSteps + 1> kPowers = [] {
  std::array<uint32_t, kSteps + 1> table{};
  const double half_gap = 0.5 * kLnTwo * kLnTwo / (8.0 * kSteps * kSteps);
  for (int i = 0; i <= kSteps; ++i) {
    const double x = kLnTwo * i / kSteps;
    double term = 1;
    double sum = 0;
    for (int n = 1; n < 20; ++n) {
      sum += term;
      term *= x / n;
    }
    table[static_cast<size_t>(i)] = static_cast<uint32_t>(Nearest(sum * (1 - half_gap) * (1 << 24)));
  }
  return table;
}();

// Between table[i] and table[i + 1], `part` 1/2^13ths of the way. Neighbours differ by less than 2^18.
constexpr uint32_t Between(const std::array<uint32_t, kSteps + 1>& table, uint32_t i, uint32_t part) {
  return table[i] + ((table[i + 1] - table[i]) * part >> 13);
}

// The logarithm of mantissa * 2^exponent / 2^31, 2^31 <= mantissa.
inline int32_t Log2(uint32_t mantissa, int exponent) {
  const uint32_t part = Between(kLogarithms, (mantissa >> 24) & (kSteps - 1), (mantissa >> 11) & 0x1fff);
  return exponent * kOctave + static_cast<int32_t>(part);
}

}  // namespace

int32_t Log2(uint32_t value) {
  const int zeros = std::countl_zero(value);
  return Log2(value << zeros, 31 - zeros);
}

int32_t Log2(uint64_t value) {
  const auto high = static_cast<uint32_t>(value >> 32);
  const auto low = static_cast<uint32_t>(value);
  if (high == 0) return Log2(low);
  const int zeros = std::countl_zero(high);
  return Log2(zeros == 0 ? high : high << zeros | low >> (32 - zeros), 63 - zeros);
}

int32_t Log2Of(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const double fraction = LnOnePlus(static_cast<double>(bits & 0x7fffff) / (1 << 23)) / kLnTwo;
  return static_cast<int32_t>((static_cast<int>(bits >> 23) - 127 + fraction) * kOctave);
}

int32_t Exp2(int32_t exponent) {
  const int octaves = exponent >> 20;
  if (octaves >= 15) return INT32_MAX;
  if (octaves < -17) return 0;
  const auto fraction = static_cast<uint32_t>(exponent) & (kOctave - 1);
  const auto power = static_cast<int32_t>(Between(kPowers, fraction >> 13, fraction & 0x1fff));
  return Shifted(power, octaves - 8);
}

}  // namespace thimble::dsp::fixed
