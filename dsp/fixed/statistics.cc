// Powers of numbers of 16 bits, summed in 64; what follows from the sums is worked out with their logarithms.
#include "dsp/fixed/statistics.h"

#include <algorithm>
#include <cstddef>

#include "dsp/fixed/math.h"

namespace thimble::dsp::fixed {
namespace {

constexpr int kBits = 15;

// Sums of x^2, of x^3 / 2^15 and of x^4 / 2^30, of numbers of 16 bits.
struct Sums {
  uint64_t second = 0;
  int64_t third = 0;
  uint64_t fourth = 0;
};

// Makes each number of x next(it), and adds them up. Up to 64 terms make a sum of 32 bits when they lose six; that is
// what small cores do quickly.
template <typename Next>
Sums SumUp(std::span<int32_t> x, Next next) {
  constexpr size_t kTerms = 64;
  constexpr int kLost = 6;
  Sums sums;
  for (size_t start = 0; start < x.size(); start += kTerms) {
    uint32_t second = 0;
    int32_t third = 0;
    uint32_t fourth = 0;
    for (int32_t& value : x.subspan(start, std::min(kTerms, x.size() - start))) {
      const int32_t number = next(value);
      value = number;
      const uint32_t square = static_cast<uint32_t>(number) * static_cast<uint32_t>(number);
      const uint32_t rounded = (square + (1u << (kBits - 1))) >> kBits;
      second += (square + (1u << (kLost - 1))) >> kLost;
      third += (static_cast<int32_t>(rounded) * number) >> kLost;
      fourth += (rounded * rounded) >> kLost;
    }
    sums.second += second;
    sums.third += third;
    sums.fourth += fourth;
  }
  sums.second <<= kLost;
  sums.third *= 1 << kLost;
  sums.fourth <<= kLost;
  return sums;
}

}  // namespace

Shape Standardise(std::span<int32_t> x) {
  int64_t sum = 0;
  int32_t smallest = x[0];
  int32_t largest = x[0];
  for (const int32_t value : x) {
    sum += value;
    if (value < smallest) smallest = value;
    if (value > largest) largest = value;
  }
  const auto mean = static_cast<int32_t>(sum / static_cast<int64_t>(x.size()));
  Shape shape;
  shape.shift = kBits - BitsOf(MagnitudeBits(smallest - mean) | MagnitudeBits(largest - mean));
  Sums sums;
  if (shape.shift >= 0) {
    sums = SumUp(x, [mean, shift = shape.shift](int32_t value) { return Shifted(value - mean, shift); });
  } else {
    const int right = -shape.shift;
    const int32_t offset = mean - (1 << (right - 1));
    sums = SumUp(x, [offset, right](int32_t value) { return (value - offset) >> right; });
  }
  if (sums.second == 0) return shape;
  shape.constant = false;

  // With m_k the mean of x^k: deviation = m_2^(1/2), skewness = m_3 / m_2^(3/2), kurtosis = m_4 / m_2^2 - 3.
  const int32_t count = Log2(static_cast<uint32_t>(x.size()));
  const int32_t second = Log2(sums.second) - count;
  shape.log2_deviation = second / 2 - shape.shift * kOctave;
  if (sums.third != 0) {
    const auto third = static_cast<uint64_t>(sums.third < 0 ? -sums.third : sums.third);
    const int32_t skewness = Exp2(Log2(third) - count - second + kBits * kOctave - second / 2);
    shape.skewness = sums.third < 0 ? -skewness : skewness;
  }
  if (sums.fourth != 0) {
    shape.kurtosis += Exp2(Log2(sums.fourth) - count - second + 2 * kBits * kOctave - second);
  }
  return shape;
}

}  // namespace thimble::dsp::fixed
