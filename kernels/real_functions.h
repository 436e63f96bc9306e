// Functions of float32 numbers that base/float_math.h does not have, with the same bits on every machine.
#ifndef THIMBLE_KERNELS_REAL_FUNCTIONS_H_
#define THIMBLE_KERNELS_REAL_FUNCTIONS_H_

namespace thimble::kernels::real {

/// Rounded down, up, or to the nearest whole number, of two to the even one.
float Floor(float x);
inline float Ceil(float x) { return -Floor(-x); }
float RoundToEven(float x);

/// tanh(x) and exp(x) - 1, relative error below 1e-6, also near 0.
float Tanh(float x);
float ExpMinusOne(float x);

/// Sine and cosine of x radians. The error grows with x: below 1e-6 up to a million, and no digit is right beyond 2^50.
float Sin(float x);
float Cos(float x);

/// The angle of the point (x, y) from the x axis, in radians; below 1e-6 off. The sign of a zero counts.
float Atan2(float y, float x);

/// What remains of x after whole multiples of y, with the sign of x; exact. NaN for y = 0 or infinite x.
float Remainder(float x, float y);

/// The square root of a float in double precision, within 2 units in the last place.
double PreciseSqrt(float x);

}  // namespace thimble::kernels::real

#endif  // THIMBLE_KERNELS_REAL_FUNCTIONS_H_
