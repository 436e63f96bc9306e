// Square root, logarithm, exponential and sine that give the same bits on every machine.
#ifndef THIMBLE_BASE_FLOAT_MATH_H_
#define THIMBLE_BASE_FLOAT_MATH_H_

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace thimble {

// The C library's logf and expf differ between glibc, newlib and picolibc. These are made of additions,
// multiplications and bit operations in a written order, so that IEEE 754 leaves no choice, as long as the compiler
// does not contract a*b+c (-ffp-contract=off). Accuracies are in units in the last place, seen against double precision
// over some 2^27 arguments; base/float_math_test.cc repeats it with fewer.

/// The correctly rounded square root of x >= 0. One instruction where the processor has it.
inline float Sqrt(float x) {
#if defined(__SSE__)
  return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
#elif defined(__ARM_FP) && (__ARM_FP & 4)
  // Not __builtin_sqrtf: without -fno-math-errno that adds a call into the C library for negative x.
  float root;
  asm("vsqrt.f32 %0, %1" : "=t"(root) : "t"(x));
  return root;
#else
  return __builtin_sqrtf(x);
#endif
}

/// Neither infinite nor NaN.
constexpr bool IsFinite(float x) { return x - x == 0; }

/// The natural logarithm, within 1 ulp. Log of 0 is -infinity; of a negative number or NaN, NaN.
float Ln(float x);

/// The logarithm to base ten, within 1 ulp. Log10 of 0 is -infinity; of a negative number or NaN, NaN.
float Log10(float x);

/// e to the power of x, within 1 ulp. Infinity above 88.72; 0 below -87.33, where the result would be subnormal.
float Exp(float x);

namespace internal {

// Taylor series on |x| <= pi/4; the first term left out is below 2^-54.
constexpr double SinOctant(double x) {
  const double s = x * x;
  const double tail =
      -1.0 / 6 +
      s * (1.0 / 120 +
           s * (-1.0 / 5040 +
                s * (1.0 / 362880 + s * (-1.0 / 39916800 + s * (1.0 / 6227020800 + s * (-1.0 / 1307674368000))))));
  return x + x * s * tail;
}

constexpr double CosOctant(double x) {
  const double s = x * x;
  const double tail =
      -0.5 +
      s * (1.0 / 24 +
           s * (-1.0 / 720 +
                s * (1.0 / 40320 + s * (-1.0 / 3628800 + s * (1.0 / 479001600 + s * (-1.0 / 87178291200 +
                                                                                     s * (1.0 / 20922789888000)))))));
  return 1 + s * tail;
}

}  // namespace internal

inline constexpr double kPi = 3.14159265358979323846;

/// The sine of half_turns * pi, for |half_turns| <= 2; within 2^-51. For tables and for the design of filters: double
/// precision costs a Cortex-M4F some thousand cycles a call.
constexpr double SinPi(double half_turns) {
  const double sign = half_turns < 0 ? -1 : 1;
  double x = half_turns * sign;
  double half = 1;
  if (x > 1) x -= 1, half = -1;  // exact, like the other differences here
  if (x > 0.5) x = 1 - x;
  return sign * half * (x <= 0.25 ? internal::SinOctant(x * kPi) : internal::CosOctant((0.5 - x) * kPi));
}

/// The cosine of half_turns * pi, for |half_turns| <= 1.5; within 2^-51.
constexpr double CosPi(double half_turns) { return SinPi((half_turns < 0 ? -half_turns : half_turns) + 0.5); }

/// The tangent of half_turns * pi, for 0 <= half_turns < 0.5; relative error below 2^-50.
constexpr double TanPi(double half_turns) { return SinPi(half_turns) / SinPi(0.5 - half_turns); }

}  // namespace thimble

#endif  // THIMBLE_BASE_FLOAT_MATH_H_
