// A real transform of N samples as a complex one of N/2: even samples are the real parts, odd ones the imaginary.
#include "dsp/fft.h"

#include <array>

#include "base/float_math.h"

namespace thimble::dsp {
namespace {

constexpr size_t kQuarter = kLongestFft / 4;

// cos(2 pi k / kLongestFft) for the first quarter of the circle, both ends included. The sines are the same numbers
// read backwards, the roots of shorter transforms every second, fourth … of them: 4 KiB for all lengths together.
constexpr std::array<float, kQuarter + 1> kCosines = [] {
  std::array<float, kQuarter + 1> table{};
  for (size_t k = 0; k <= kQuarter; ++k)
    table[k] = static_cast<float>(CosPi(2.0 * static_cast<double>(k) / kLongestFft));
  return table;
}();

// e^(-2 pi i k / kLongestFft), k <= kQuarter.
inline Complex Root(size_t k) { return {kCosines[k], -kCosines[kQuarter - k]}; }

inline Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
inline Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
inline Complex operator*(Complex a, Complex b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
inline Complex TimesMinusI(Complex a) { return {a.im, -a.re}; }

// The transform of four numbers.
inline void Fft4(Complex a, Complex b, Complex c, Complex d, Complex out[4]) {
  const Complex even_sum = a + c;
  const Complex even_difference = a - c;
  const Complex odd_sum = b + d;
  const Complex odd_difference = TimesMinusI(b - d);
  out[0] = even_sum + odd_sum;
  out[1] = even_difference + odd_difference;
  out[2] = even_sum - odd_sum;
  out[3] = even_difference - odd_difference;
}

// The transform of in[0], in[stride], …, in[7 * stride], each two floats.
[[gnu::always_inline]] inline void Fft8(const float* in, size_t stride, Complex* out) {
  const auto at = [&](size_t i) { return Complex{in[2 * i * stride], in[2 * i * stride + 1]}; };
  constexpr float kRootHalf = 0.70710678118654752f;
  Complex even[4];
  Complex odd[4];
  Fft4(at(0), at(2), at(4), at(6), even);
  Fft4(at(1), at(3), at(5), at(7), odd);
  const Complex first = {(odd[1].re + odd[1].im) * kRootHalf, (odd[1].im - odd[1].re) * kRootHalf};
  const Complex second = TimesMinusI(odd[2]);
  const Complex third = {(odd[3].im - odd[3].re) * kRootHalf, -(odd[3].re + odd[3].im) * kRootHalf};
  out[0] = even[0] + odd[0];
  out[1] = even[1] + first;
  out[2] = even[2] + second;
  out[3] = even[3] + third;
  out[4] = even[0] - odd[0];
  out[5] = even[1] - first;
  out[6] = even[2] - second;
  out[7] = even[3] - third;
}

// Transforms `count` complex numbers, a power of two, at least 4, decimating in time.
[[gnu::always_inline]] inline void ComplexFft(const float* in, size_t count, Complex* out) {
  if (count == 4) {
    Fft4({in[0], in[1]}, {in[2], in[3]}, {in[4], in[5]}, {in[6], in[7]}, out);
    return;
  }
  // Every group of eight takes its numbers `groups` apart, and the groups stand in bit-reversed order, so that from
  // here on neighbours meet.
  const size_t groups = count / 8;
  size_t reversed = 0;
  for (size_t group = 0; group < groups; ++group) {
    Fft8(in + 2 * reversed, groups, out + 8 * group);
    size_t bit = groups / 2;
    for (; (reversed & bit) != 0; bit /= 2) reversed ^= bit;
    reversed |= bit;
  }
  for (size_t size = 16; size <= count; size *= 2) {
    const size_t quarter = size / 4;
    const size_t step = kLongestFft / size;
    for (Complex* block = out; block != out + count; block += size) {
      for (size_t k = 0; k < quarter; ++k) {
        // One root serves two butterflies: a quarter turn further it is the same root times -i.
        const Complex root = Root(k * step);
        const Complex a = block[k];
        const Complex b = block[k + quarter];
        const Complex c = block[k + 2 * quarter] * root;
        const Complex d = TimesMinusI(block[k + 3 * quarter] * root);
        block[k] = a + c;
        block[k + quarter] = b + d;
        block[k + 2 * quarter] = a - c;
        block[k + 3 * quarter] = b - d;
      }
    }
  }
}

[[gnu::always_inline]] inline void Transform(const float* samples, size_t half, Complex* bins) {
  ComplexFft(samples, half, bins);
  // bins[k] is now E[k] + i O[k], of the even and the odd samples; both are transforms of real numbers, so that
  // E[half - k] is E[k] mirrored, and likewise O.
  const Complex zero = bins[0];
  bins[0] = {zero.re + zero.im, 0};
  bins[half] = {zero.re - zero.im, 0};
  bins[half / 2].im = -bins[half / 2].im;
  const size_t step = kLongestFft / 2 / half;
  for (size_t k = 1; k < half / 2; ++k) {
    const Complex a = bins[k];
    const Complex b = bins[half - k];
    const Complex even = {0.5f * (a.re + b.re), 0.5f * (a.im - b.im)};
    const Complex odd = Complex{0.5f * (a.im + b.im), 0.5f * (b.re - a.re)} * Root(k * step);
    bins[k] = even + odd;
    bins[half - k] = {even.re - odd.re, odd.im - even.im};
  }
}

}  // namespace

void RealFft(std::span<const float> samples, std::span<Complex> bins) {
  // The default length of spectral analysis, with every loop and root known to the compiler: the same operations,
  // a third fewer cycles on a Cortex-M4F.
  if (samples.size() == 16) return Transform(samples.data(), 8, bins.data());
  Transform(samples.data(), samples.size() / 2, bins.data());
}

}  // namespace thimble::dsp
