// Logarithm and exponential from bit operations and polynomials.
#include "base/float_math.h"

#include <bit>
#include <cstdint>
#include <limits>

namespace thimble {
namespace {

constexpr uint32_t kOneBits = 0x3f800000;  // 1.0f
constexpr uint32_t kInfinityBits = 0x7f800000;
constexpr uint32_t kRootHalfBits = 0x3f3504f3;  // sqrt(1/2)
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Logarithm {
  float exponent;  // a whole number
  float f;         // x = 2^exponent * (1 + f), sqrt(1/2) - 1 <= f < sqrt(2) - 1; exact
  float rest;      // ln(1 + f) = f + rest
};

// x > 0, finite.
Logarithm Split(float x) {
  uint32_t bits = std::bit_cast<uint32_t>(x);
  int32_t exponent = 0;
  if (bits < 0x00800000) {  // subnormal: normalise first
    bits = std::bit_cast<uint32_t>(x * 16777216.0f);
    exponent = -24;
  }
  const uint32_t offset = bits - kRootHalfBits;
  exponent += static_cast<int32_t>(offset) >> 23;
  const float f = std::bit_cast<float>((offset & 0x007fffff) + kRootHalfBits) - 1.0f;
  // (ln(1 + f) - f + f^2/2) / f^3, interpolated at nine Chebyshev nodes of the interval: relative error of the
  // logarithm 3.2e-9.
  const float p =
      0.33333331180030046f +
      f * (-0.24999996957950882f +
           f * (0.200007157488921f +
                f * (-0.16667802319501254f +
                     f * (0.1424905764569748f +
                          f * (-0.12425687331451106f +
                               f * (0.1168541992348674f + f * (-0.11479733846637635f + f * 0.06971611471451178f)))))));
  const float square = f * f;
  return {static_cast<float>(exponent), f, square * (f * p) - 0.5f * square};
}

// The results for 0, negative numbers, infinity and NaN; true if x is one of them.
bool IsSpecial(float x, float& result) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if (bits - 1 < kInfinityBits - 1) return false;  // positive and finite
  if (bits << 1 == 0) {
    result = -kInfinity;
  } else if (bits == kInfinityBits) {
    result = kInfinity;
  } else {
    result = std::numeric_limits<float>::quiet_NaN();
  }
  return true;
}

}  // namespace

float Ln(float x) {
  float special;
  if (IsSpecial(x, special)) return special;
  const Logarithm log = Split(x);
  // ln 2 in two parts, the first with so few bits that its product with an exponent is exact.
  constexpr float kLn2High = 0x1.62ep-1f;
  constexpr float kLn2Low = 3.1946184945309415e-05f;
  const float high = log.exponent * kLn2High;
  return high + (log.f + (log.rest + log.exponent * kLn2Low));
}

float Log10(float x) {
  float special;
  if (IsSpecial(x, special)) return special;
  const Logarithm log = Split(x);
  // log10(2) and log10(e) in two parts each, f too, so that the large products are exact.
  constexpr float kLog2High = 0x1.344p-2f;
  constexpr float kLog2Low = 4.605038981195214e-06f;
  constexpr float kLogEHigh = 0x1.bcap-2f;
  constexpr float kLogELow = 9.038034075182765e-05f;
  constexpr float kLogE = 0.4342944819032518f;
  const float f_high = std::bit_cast<float>(std::bit_cast<uint32_t>(log.f) & 0xfffff000);
  const float low = log.f - f_high + log.rest;
  const float high = log.exponent * kLog2High;
  return high + (f_high * kLogEHigh + (f_high * kLogELow + low * kLogE + log.exponent * kLog2Low));
}

float Exp(float x) {
  if (!(x <= 88.7228394f)) return x > 0 ? kInfinity : std::numeric_limits<float>::quiet_NaN();
  if (x < -87.3365402f) return 0;
  constexpr float kLog2E = 1.4426950408889634f;
  constexpr float kLn2High = 0x1.62ep-1f;
  constexpr float kLn2Low = 3.1946184945309415e-05f;
  const float scaled = x * kLog2E;
  const int32_t exponent = static_cast<int32_t>(scaled + (scaled < 0 ? -0.5f : 0.5f));
  const float whole = static_cast<float>(exponent);
  const float high = x - whole * kLn2High;  // exact
  const float r = high - whole * kLn2Low;
  // (e^r - 1 - r) / r^2, interpolated at six Chebyshev nodes of |r| <= ln(2)/2: relative error of e^r 2.2e-10.
  const float p = 0.5000000013481058f +
                  r * (0.16666666681640166f +
                       r * (0.041666464772966816f +
                            r * (0.008333310908565454f + r * (0.0013933666900006931f + r * 0.00019891009596308316f))));
  const float power = 1.0f + (r + r * r * p);
  // Two factors, because 2^128 is no float.
  const int32_t half = exponent / 2;
  const float first = std::bit_cast<float>(kOneBits + (static_cast<uint32_t>(half) << 23));
  const float second = std::bit_cast<float>(kOneBits + (static_cast<uint32_t>(exponent - half) << 23));
  return power * first * second;
}

}  // namespace thimble
