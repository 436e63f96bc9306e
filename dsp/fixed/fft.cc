// A real transform of N samples as a complex one of N/2, radix 4, decimating in time. Nothing is scaled on the way:
// numbers of 32 bits have room for all that N samples can become.
#include "dsp/fixed/fft.h"

#include <algorithm>
#include <array>

#include "base/float_math.h"
#include "dsp/fixed/math.h"

namespace thimble::dsp::fixed {
namespace {

constexpr size_t kQuarter = kLongestFft / 4;

// cos(2 pi k / kLongestFft) in 1/32768ths for the first quarter of the circle, both ends included.
constexpr std::array<uint16_t, kQuarter + 1> kCosines = [] {
  std::array<uint16_t, kQuarter + 1> table{};
  for (size_t k = 0; k <= kQuarter; ++k)
    table[k] = static_cast<uint16_t>(Nearest(CosPi(2.0 * static_cast<double>(k) / kLongestFft) * 32768));
  return table;
}();

// e^(-2 pi i k / kLongestFft) in 1/32768ths, k <= 3 * kQuarter.
inline Complex RootOfFirstQuarter(size_t k) { return {kCosines[k], -static_cast<int32_t>(kCosines[kQuarter - k])}; }
inline Complex Root(size_t k) {
  if (k <= kQuarter) return RootOfFirstQuarter(k);
  if (k <= 2 * kQuarter) {
    k -= kQuarter;
    return {-static_cast<int32_t>(kCosines[kQuarter - k]), -static_cast<int32_t>(kCosines[k])};
  }
  k -= 2 * kQuarter;
  return {-static_cast<int32_t>(kCosines[k]), kCosines[kQuarter - k]};
}

inline Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
inline Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
inline Complex PlusI(Complex a, Complex b) { return {a.re - b.im, a.im + b.re}; }
inline Complex MinusI(Complex a, Complex b) { return {a.re + b.im, a.im - b.re}; }

// z * root, |z| <= 2^30: the upper and the lower fifteen bits of z for themselves. The lower ones make up to 2^30 times
// the root of two.
inline Complex operator*(Complex z, Complex root) {
  constexpr int32_t kLow = 0x7fff;
  constexpr int32_t kHalf = 1 << 14;
  const int32_t re = z.re & kLow;
  const int32_t im = z.im & kLow;
  const int32_t low_re = (re * root.re - im * root.im + kHalf) >> 15;
  const int32_t low_im = (re * root.im + im * root.re + kHalf) >> 15;
  const int32_t high_re = z.re >> 15;
  const int32_t high_im = z.im >> 15;
  return {high_re * root.re - high_im * root.im + low_re, high_re * root.im + high_im * root.re + low_im};
}

// The transform of four numbers, of which the second and the third have changed places, a `quarter` apart.
[[gnu::always_inline]] inline void Combine(Complex* at, size_t quarter, Complex a, Complex b, Complex c, Complex d) {
  const Complex even_sum = a + c;
  const Complex odd_sum = b + d;
  at[0] = even_sum + odd_sum;
  at[2 * quarter] = even_sum - odd_sum;
  const Complex even_difference = a - c;
  const Complex odd_difference = b - d;
  at[quarter] = MinusI(even_difference, odd_difference);
  at[3 * quarter] = PlusI(even_difference, odd_difference);
}

// The transforms of two or of four numbers that lie `count` / 2 or / 4 apart, stored in an order in which from here on
// neighbours meet.
template <size_t kNumbers>
void FirstStage(const int32_t* in, size_t count, Complex* out) {
  const size_t groups = count / kNumbers;
  size_t reversed = 0;
  for (size_t group = 0; group < groups; ++group, out += kNumbers) {
    const int32_t* from = in + 2 * reversed;
    const auto at = [&](size_t i) { return Complex{from[2 * i], from[2 * i + 1]}; };
    if constexpr (kNumbers == 4) {
      Combine(out, 1, at(0), at(groups), at(2 * groups), at(3 * groups));
    } else {
      const Complex a = at(0);
      const Complex b = at(groups);
      out[0] = a + b;
      out[1] = a - b;
    }
    size_t bit = groups / 2;
    for (; (reversed & bit) != 0; bit /= 2) reversed ^= bit;
    reversed |= bit;
  }
}

// Out of four transforms that stand a quarter of `size` apart, of which the second and the third have changed places,
// the transforms of `size` numbers. Roots of `size` are `step` apart.
void Stage(Complex* data, size_t count, size_t size, size_t step) {
  const size_t quarter = size / 4;
  for (Complex* at = data; at != data + count; at += size) {
    Combine(at, quarter, at[0], at[2 * quarter], at[quarter], at[3 * quarter]);
  }
  for (size_t k = 1; k < quarter; ++k) {
    const Complex root = Root(k * step);
    const Complex square = Root(2 * k * step);
    const Complex cube = Root(3 * k * step);
    for (Complex* at = data + k; at < data + count; at += size) {
      const Complex b = at[2 * quarter] * root;
      const Complex d = at[3 * quarter] * cube;
      Combine(at, quarter, at[0], b, at[quarter] * square, d);
    }
  }
}

inline uint32_t MagnitudesOf(Complex z) { return MagnitudeBits(z.re) | MagnitudeBits(z.im); }

// x^2 / 2^8 rounded down, |x| <= 2^19: more than a plain product has room for.
inline uint32_t SquareOf(int32_t x) {
  const int32_t high = x >> 4;
  const int32_t low = x & 15;
  return static_cast<uint32_t>(high * high + ((32 * high * low + low * low) >> 8));
}

// The squares of the bins, shifted as far as the largest of them needs it. Four bits more than a power keeps go into
// it, so that weak bins are not rounded twice.
int Squares(const Complex* bins, uint32_t magnitudes, std::span<uint32_t> power) {
  constexpr int kMore = 4;
  const int shift = std::max(BitsOf(magnitudes) - 15, 0);
  if (shift >= kMore) {
    const int right = shift - kMore;
    for (uint32_t& value : power) {
      value = SquareOf(bins->re >> right) + SquareOf(bins->im >> right);
      ++bins;
    }
  } else {
    const int32_t factor = 1 << (kMore - shift);
    for (uint32_t& value : power) {
      value = SquareOf(bins->re * factor) + SquareOf(bins->im * factor);
      ++bins;
    }
  }
  return shift;
}

// The bins of sixteen samples, the default length of spectral analysis, in half of the time: the even ones are those of
// eight real numbers, the odd ones those of four complex ones.
void TransformSixteen(const int32_t* x, Complex* bins) {
  constexpr size_t kTurn = kLongestFft / 16;
  constexpr int32_t kRootOfHalf = kCosines[2 * kTurn];
  int32_t sums[8];
  int32_t differences[8];
  for (size_t i = 0; i < 8; ++i) {
    sums[i] = x[i] + x[i + 8];
    differences[i] = x[i] - x[i + 8];
  }

  const int32_t sum_02 = sums[0] + sums[4] + sums[2] + sums[6];
  const int32_t sum_13 = sums[1] + sums[5] + sums[3] + sums[7];
  bins[0] = {sum_02 + sum_13, 0};
  bins[8] = {sum_02 - sum_13, 0};
  bins[4] = {sums[0] + sums[4] - sums[2] - sums[6], sums[3] + sums[7] - sums[1] - sums[5]};
  const int32_t first = sums[1] - sums[5];
  const int32_t third = sums[3] - sums[7];
  const int32_t re = TimesQ15(first - third, kRootOfHalf);
  const int32_t im = TimesQ15(first + third, kRootOfHalf);
  bins[2] = {sums[0] - sums[4] + re, sums[6] - sums[2] - im};
  bins[6] = {sums[0] - sums[4] - re, sums[2] - sums[6] - im};

  // Bins 1, 5, 9, 13; the last two are mirrored 7 and 3, of the same power.
  Complex odd[4];
  Combine(
      odd, 1, {differences[0], -differences[4]}, Complex{differences[1], -differences[5]} * RootOfFirstQuarter(kTurn),
      {TimesQ15(differences[2] - differences[6], kRootOfHalf), -TimesQ15(differences[2] + differences[6], kRootOfHalf)},
      Complex{differences[3], -differences[7]} * RootOfFirstQuarter(3 * kTurn));
  bins[1] = odd[0];
  bins[5] = odd[1];
  bins[7] = odd[2];
  bins[3] = odd[3];
}

}  // namespace

int PowerSpectrum(std::span<const int32_t> samples, std::span<uint32_t> power, std::span<Complex> scratch) {
  const size_t half = samples.size() / 2;
  Complex* const bins = scratch.data();
  uint32_t magnitudes = 0;
  if (half == 8) {
    TransformSixteen(samples.data(), bins);
    for (const Complex& bin : scratch) magnitudes |= MagnitudesOf(bin);
    return Squares(bins, magnitudes, power) + 1;
  }
  size_t size = 2;
  size_t step = kLongestFft / 2;
  if ((half & 0x5555) != 0) {  // a power of four
    size = 4;
    step /= 2;
    FirstStage<4>(samples.data(), half, bins);
  } else {
    FirstStage<2>(samples.data(), half, bins);
  }
  while (size < half) {
    size *= 4;
    step /= 4;
    Stage(bins, half, size, step);
  }
  // bins[k] is now E[k] + i O[k], of the even and the odd samples; both are transforms of real numbers, so that
  // E[half - k] is E[k] mirrored, and likewise O. Twice of each number, to save the halves.
  const Complex zero = bins[0];
  bins[0] = {2 * (zero.re + zero.im), 0};
  bins[half] = {2 * (zero.re - zero.im), 0};
  bins[half / 2] = {2 * bins[half / 2].re, 2 * bins[half / 2].im};
  magnitudes = MagnitudeBits(bins[0].re) | MagnitudeBits(bins[half].re) | MagnitudesOf(bins[half / 2]);
  step /= 2;
  for (size_t k = 1, at = step; k < half / 2; ++k, at += step) {
    const Complex a = bins[k];
    const Complex b = bins[half - k];
    const Complex even = {a.re + b.re, a.im - b.im};
    const Complex odd = Complex{a.im + b.im, b.re - a.re} * RootOfFirstQuarter(at);
    // The second one mirrored, which has the same power.
    bins[k] = even + odd;
    bins[half - k] = even - odd;
    magnitudes |= MagnitudesOf(bins[k]) | MagnitudesOf(bins[half - k]);
  }
  return Squares(bins, magnitudes, power);
}

}  // namespace thimble::dsp::fixed
