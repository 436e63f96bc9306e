// A transform of real numbers by radix 4, decimating in time, in place.
#include "dsp/fft.h"

#include <array>
#include <bit>
#include <cstdint>

#include "base/float_math.h"

namespace thimble::dsp {
namespace {

struct Root {
  float cosine;
  float sine;
};

// Of the angles 2 pi i / kLongest in the first eighth of the circle, both ends included; those of shorter transforms
// are every second, fourth … of them.
template <size_t kLongest>
constexpr std::array<Root, kLongest / 8 + 1> kRoots = [] {
  std::array<Root, kLongest / 8 + 1> table{};
  for (size_t i = 0; i < table.size(); ++i) {
    const double half_turns = 2.0 * static_cast<double>(i) / kLongest;
    table[i] = {static_cast<float>(CosPi(half_turns)), static_cast<float>(SinPi(half_turns))};
  }
  return table;
}();

struct RootTable {
  const Root* roots;
  size_t eighth;  // the number of the last
};

template <size_t kLongest>
constexpr RootTable kRootTable = {kRoots<kLongest>.data(), kLongest / 8};

constexpr Root kRootOfSixteen = kRoots<16>[1];
constexpr float kRootHalf = kRoots<16>[2].cosine;

// How it works. The samples x[n] of a transform are dealt to four of a quarter of its length: A has x[4n], B x[4n + 1],
// C x[4n + 2] and D x[4n - 1], the one before x[0] being the last. With D running that way its roots are B's,
// conjugate, and none is needed beyond an eighth of the circle. (I. Kamar, Y. Elcherif, Conjugate pair fast Fourier
// transform, Electronics Letters 25, 1989, does this to split radix.)
//
// A transform of real samples has bins 0 to length / 2, of which the first and the last are real. It is kept in
// length / 2 complex numbers, the last bin in the place of the imaginary part of the first. Four such transforms, one
// behind the other, become one of four times the length in the same place; `quarter` is how many complex numbers each
// of the four has.

// Field by field: copied whole, a bin would go through memory and the core's registers.
inline void Put(Complex& place, Complex bin) {
  place.re = bin.re;
  place.im = bin.im;
}

// Where the bins of a finished transform go: as they are, …
struct Bins {
  Complex* bins;
  void Store(size_t k, Complex bin) const { Put(bins[k], bin); }
  void StoreEnds(size_t, float first, float last) const { Put(bins[0], {first, last}); }
};

// … as powers, …
struct Powers {
  float* powers;
  void Store(size_t k, Complex bin) const { powers[k] = bin.re * bin.re + bin.im * bin.im; }
  void StoreEnds(size_t half, float first, float last) const {
    powers[0] = first * first;
    powers[half] = last * last;
  }
};

// … or as powers where these are larger than what is there.
struct LargestPowers {
  float* powers;
  void Raise(size_t k, float power) const {
    // Floats that are not negative have the order of their bits, and comparing integers is quicker; NaN is larger than
    // all and stays to be seen.
    if (std::bit_cast<uint32_t>(power) > std::bit_cast<uint32_t>(powers[k])) powers[k] = power;
  }
  void Store(size_t k, Complex bin) const { Raise(k, bin.re * bin.re + bin.im * bin.im); }
  void StoreEnds(size_t half, float first, float last) const {
    Raise(0, first * first);
    Raise(half, last * last);
  }
};

// The four bins that come of bin k of A, B, C and D.
struct Four {
  Complex low;    // bin k
  Complex below;  // bin 2 * quarter - k
  Complex above;  // bin 2 * quarter + k
  Complex high;   // bin 4 * quarter - k
};

template <typename Out>
[[gnu::always_inline]] inline void Store(Out out, size_t quarter, size_t k, const Four& four) {
  out.Store(k, four.low);
  out.Store(2 * quarter - k, four.below);
  out.Store(2 * quarter + k, four.above);
  out.Store(4 * quarter - k, four.high);
}

// `c` has been turned by its root already.
[[gnu::always_inline]] inline Four CombineTurned(Complex a, Complex b, Complex c, Complex d, Root root) {
  const Complex even_sum = {a.re + c.re, a.im + c.im};
  const Complex even_difference = {a.re - c.re, a.im - c.im};
  const Complex sum = {b.re + d.re, b.im + d.im};
  const Complex difference = {d.re - b.re, d.im - b.im};
  const Complex odd_sum = {sum.re * root.cosine - difference.im * root.sine,
                           sum.im * root.cosine + difference.re * root.sine};
  const Complex odd_difference = {difference.re * root.cosine - sum.im * root.sine,
                                  difference.im * root.cosine + sum.re * root.sine};
  return {.low = {even_sum.re + odd_sum.re, even_sum.im + odd_sum.im},
          .below = {even_difference.re + odd_difference.im, odd_difference.re - even_difference.im},
          .above = {even_difference.re - odd_difference.im, odd_difference.re + even_difference.im},
          .high = {even_sum.re - odd_sum.re, odd_sum.im - even_sum.im}};
}

// The roots for bins k and quarter - k.
struct Roots {
  float cosine, sine;                    // of k's angle
  float mirrored_cosine, mirrored_sine;  // of the other's: an eighth of the circle less k's
  float squared_cosine, squared_sine;    // of twice the angle; of the other's, these two the other way round

  Roots(const Root* one, const Root* mirrored, const Root* squared)
      : cosine(one->cosine),
        sine(one->sine),
        mirrored_cosine(mirrored->cosine),
        mirrored_sine(mirrored->sine),
        squared_cosine(squared->cosine),
        squared_sine(squared->sine) {}

  [[gnu::always_inline]] inline Four Combine(Complex a, Complex b, Complex c, Complex d) const {
    const Complex turned = {c.re * squared_cosine + c.im * squared_sine, c.im * squared_cosine - c.re * squared_sine};
    return CombineTurned(a, b, turned, d, {cosine, sine});
  }
  [[gnu::always_inline]] inline Four CombineMirrored(Complex a, Complex b, Complex c, Complex d) const {
    const Complex turned = {c.re * squared_sine + c.im * squared_cosine, c.im * squared_sine - c.re * squared_cosine};
    return CombineTurned(a, b, turned, d, {mirrored_cosine, mirrored_sine});
  }
};

// All that comes of bins 0, of the last bins, and of bins quarter / 2.
template <typename Out>
[[gnu::always_inline]] inline void CombineEnds(Complex a, Complex b, Complex c, Complex d, size_t quarter, Out out) {
  const float even = a.re + c.re;
  const float odd = b.re + d.re;
  out.StoreEnds(4 * quarter, even + odd, even - odd);
  out.Store(2 * quarter, {a.re - c.re, d.re - b.re});
  const float sum = (b.im + d.im) * kRootHalf;
  const float difference = (d.im - b.im) * kRootHalf;
  out.Store(quarter, {a.im + sum, difference - c.im});
  out.Store(3 * quarter, {a.im - sum, difference + c.im});
}

template <typename Out>
[[gnu::always_inline]] inline void CombineMiddles(Complex a, Complex b, Complex c, Complex d, size_t quarter, Out out) {
  const Complex turned = {(c.im + c.re) * kRootHalf, (c.im - c.re) * kRootHalf};
  Store(out, quarter, quarter / 2, CombineTurned(a, b, turned, d, kRootOfSixteen));
}

// Makes the transforms of `quarter` complex numbers in work, `count` in all, into ones of four times the length.
void Pass(Complex* work, size_t count, size_t quarter, RootTable table) {
  const Complex* end = work + count;
  for (Complex* a = work; a != end; a += 4 * quarter) {
    const Complex* middle = a + quarter / 2;
    CombineEnds(a[0], a[quarter], a[2 * quarter], a[3 * quarter], quarter, Bins{a});
    CombineMiddles(middle[0], middle[quarter], middle[2 * quarter], middle[3 * quarter], quarter, Bins{a});
  }
  const size_t step = table.eighth / quarter;
  for (size_t k = 1; k < quarter / 2; ++k) {
    // Bins k and quarter - k together: they go to each other's places.
    const Roots roots(table.roots + k * step, table.roots + (quarter - k) * step, table.roots + 2 * k * step);
    Complex* y = work + quarter - k;
    for (Complex* x = work + k; x < end; x += 4 * quarter, y += 4 * quarter) {
      Complex* x1 = x + quarter;
      Complex* x2 = x1 + quarter;
      Complex* x3 = x2 + quarter;
      Complex* y1 = y + quarter;
      Complex* y2 = y1 + quarter;
      Complex* y3 = y2 + quarter;
      const Four first = roots.Combine(*x, *x1, *x2, *x3);
      const Four second = roots.CombineMirrored(*y, *y1, *y2, *y3);
      Put(*x, first.low);
      Put(*y1, first.below);
      Put(*x2, first.above);
      Put(*y3, first.high);
      Put(*y, second.low);
      Put(*x1, second.below);
      Put(*y2, second.above);
      Put(*x3, second.high);
    }
  }
}

// The same for the last pass, but makes something else of the bins.
template <typename Out>
void LastPass(const Complex* work, size_t quarter, RootTable table, Out out) {
  const Complex* middle = work + quarter / 2;
  CombineEnds(work[0], work[quarter], work[2 * quarter], work[3 * quarter], quarter, out);
  CombineMiddles(middle[0], middle[quarter], middle[2 * quarter], middle[3 * quarter], quarter, out);
  const size_t step = table.eighth / quarter;
  const Complex* x = work;
  const Complex* y = work + quarter;
  for (size_t k = 1; k < quarter / 2; ++k) {
    ++x;
    --y;
    const Roots roots(table.roots + k * step, table.roots + (quarter - k) * step, table.roots + 2 * k * step);
    const Four first = roots.Combine(x[0], x[quarter], x[2 * quarter], x[3 * quarter]);
    const Four second = roots.CombineMirrored(y[0], y[quarter], y[2 * quarter], y[3 * quarter]);
    Store(out, quarter, k, first);
    Store(out, quarter, quarter - k, second);
  }
}

// The samples of one of the first transforms: every stride-th, but that the first may be the last of all.
struct Samples {
  float first;
  const float* second;
  size_t stride;
  float operator[](size_t i) const { return i == 0 ? first : second[(i - 1) * stride]; }
};

[[gnu::always_inline]] inline void Transform8(const Samples& x, Bins out) {
  const float sum04 = x[0] + x[4];
  const float difference04 = x[0] - x[4];
  const float sum26 = x[2] + x[6];
  const float difference26 = x[2] - x[6];
  const float sum15 = x[1] + x[5];
  const float difference15 = x[1] - x[5];
  const float sum37 = x[3] + x[7];
  const float difference37 = x[3] - x[7];
  const float even = sum04 + sum26;
  const float odd = sum15 + sum37;
  const float re = (difference15 - difference37) * kRootHalf;
  const float im = (difference15 + difference37) * -kRootHalf;
  out.StoreEnds(4, even + odd, even - odd);
  out.Store(1, {difference04 + re, im - difference26});
  out.Store(2, {sum04 - sum26, sum37 - sum15});
  out.Store(3, {difference04 - re, im + difference26});
}

struct Transform4 {
  Complex ends;
  Complex middle;
};

[[gnu::always_inline]] inline Transform4 TransformFour(float x0, float x1, float x2, float x3) {
  const float even = x0 + x2;
  const float odd = x1 + x3;
  return {{even + odd, even - odd}, {x0 - x2, x3 - x1}};
}

template <typename Out>
[[gnu::always_inline]] inline void Transform16(const Samples& x, Out out) {
  const Transform4 a = TransformFour(x[0], x[4], x[8], x[12]);
  const Transform4 b = TransformFour(x[1], x[5], x[9], x[13]);
  const Transform4 c = TransformFour(x[2], x[6], x[10], x[14]);
  const Transform4 d = TransformFour(x[15], x[3], x[7], x[11]);
  CombineEnds(a.ends, b.ends, c.ends, d.ends, 2, out);
  CombineMiddles(a.middle, b.middle, c.middle, d.middle, 2, out);
}

// Calls transform(samples, out) for each of the first transforms of kLength samples, which stand in the order in which
// the passes want them.
template <size_t kLength>
[[gnu::always_inline]] inline void EachOfTheFirst(std::span<const float> samples, Complex* out, auto&& transform) {
  const size_t stride = samples.size() / kLength;
  size_t reversed = 0;  // the number of the transform, its digits to base four in reverse
  for (size_t i = 0; i < stride; ++i) {
    // A digit three means D, which begins one before, not three behind.
    const size_t threes = reversed & (reversed >> 1) & 0x55555555;
    const size_t second = stride + reversed - 4 * threes;
    transform(Samples{samples[second >= stride ? second - stride : second - stride + samples.size()],
                      samples.data() + second, stride},
              Bins{out + i * (kLength / 2)});
    size_t digit = stride / 4;
    for (; digit != 0 && (reversed & 3 * digit) == 3 * digit; digit /= 4) reversed -= 3 * digit;
    reversed += digit;
  }
}

// All passes but the last into `work`, of half as many numbers as there are samples; returns the last one's `quarter`,
// or 0 when the first transforms, of 8 or 16 samples, are all.
size_t AllButTheLast(std::span<const float> samples, Complex* work, RootTable table) {
  const size_t half = samples.size() / 2;
  size_t quarter;
  if ((half & 0x55555555) != 0) {  // a power of four
    EachOfTheFirst<8>(samples, work, [](const Samples& x, Bins out) { Transform8(x, out); });
    quarter = 4;
  } else {
    EachOfTheFirst<16>(samples, work, [](const Samples& x, Bins out) { Transform16(x, out); });
    quarter = 8;
  }
  if (quarter == half) return 0;
  for (; 4 * quarter < half; quarter *= 4) Pass(work, half, quarter, table);
  return quarter;
}

template <typename Out>
void PowerTransform(std::span<const float> samples, Complex* work, RootTable table, Out out) {
  // The default length of spectral analysis, of which a window has dozens, stays in registers.
  if (samples.size() == 16) return Transform16(Samples{samples[0], samples.data() + 1, 1}, out);
  const size_t half = samples.size() / 2;
  const size_t quarter = AllButTheLast(samples, work, table);
  if (quarter != 0) return LastPass(work, quarter, table, out);
  out.StoreEnds(half, work[0].re, work[0].im);
  for (size_t k = 1; k < half; ++k) out.Store(k, work[k]);
}

}  // namespace

void RealFft(std::span<const float> samples, std::span<Complex> bins) {
  const size_t quarter = AllButTheLast(samples, bins.data(), kRootTable<kLongestFft>);
  if (quarter != 0) Pass(bins.data(), samples.size() / 2, quarter, kRootTable<kLongestFft>);
  bins.back() = {bins[0].im, 0};
  bins[0].im = 0;
}

void PowerSpectrum(std::span<const float> samples, std::span<float> power, std::span<Complex> scratch) {
  PowerTransform(samples, scratch.data(), kRootTable<kLongestFft>, Powers{power.data()});
}

void RaisePowerSpectrum(std::span<const float> samples, std::span<float> power, std::span<Complex> scratch) {
  PowerTransform(samples, scratch.data(), kRootTable<kLongestFft>, LargestPowers{power.data()});
}

void RaiseShortPowerSpectrum(std::span<const float> samples, std::span<float> power, std::span<Complex> scratch) {
  PowerTransform(samples, scratch.data(), kRootTable<kLongestShortFft>, LargestPowers{power.data()});
}

}  // namespace thimble::dsp
