#include "kernels/real_functions.h"

#include <bit>
#include <cstdint>
#include <limits>

#include "base/float_math.h"

namespace thimble::kernels::real {
namespace {

constexpr float kWhole = 8388608.0f;  // 2^23: from here on a float has no fraction
constexpr float kPiFloat = static_cast<float>(kPi);

constexpr float Magnitude(float x) { return std::bit_cast<float>(std::bit_cast<uint32_t>(x) & 0x7fffffff); }
constexpr bool IsNegative(float x) { return std::bit_cast<uint32_t>(x) >> 31 != 0; }

// x / pi within -1 .. 1, give or take whole turns.
double HalfTurns(float x) {
  if (!IsFinite(x)) return std::numeric_limits<double>::quiet_NaN();
  const double half_turns = static_cast<double>(x) * (1 / kPi);
  if (Magnitude(x) > 1e15f) return 0;
  return half_turns - 2 * static_cast<double>(static_cast<int64_t>(half_turns / 2));
}

// atan(x) for |x| <= tan(pi/8), by its series.
float AtanSmall(float x) {
  const float s = x * x;
  const float tail =
      s * (-1.0f / 3 +
           s * (1.0f / 5 + s * (-1.0f / 7 + s * (1.0f / 9 + s * (-1.0f / 11 + s * (1.0f / 13 + s * (-1.0f / 15)))))));
  return x + x * tail;
}

}  // namespace

float Floor(float x) {
  if (!(Magnitude(x) < kWhole)) return x;
  const auto whole = static_cast<float>(static_cast<int32_t>(x));
  return whole > x ? whole - 1 : whole;
}

float RoundToEven(float x) {
  if (!(Magnitude(x) < kWhole)) return x;
  const float below = Floor(x), rest = x - below;  // exact
  const bool odd = (static_cast<int32_t>(below) & 1) != 0;
  return rest > 0.5f || (rest == 0.5f && odd) ? below + 1 : below;
}

float Tanh(float x) {
  const float magnitude = Magnitude(x);
  if (magnitude < 0.625f) {
    // Lambert's continued fraction, cut after the seventh denominator.
    const float s = x * x;
    return x * (135135 + s * (17325 + s * (378 + s))) / (135135 + s * (62370 + s * (3150 + s * 28)));
  }
  const float result = 1 - 2 / (Exp(2 * magnitude) + 1);
  return x < 0 ? -result : result;
}

float ExpMinusOne(float x) {
  if (!(Magnitude(x) < 1)) return Exp(x) - 1;
  const float t = Tanh(x / 2);
  return 2 * t / (1 - t);
}

float Sin(float x) { return static_cast<float>(SinPi(HalfTurns(x))); }

float Cos(float x) {
  const double half_turns = HalfTurns(x);
  // CosPi takes up to 1.5: beyond 1 use cos(pi (h - 2)).
  return static_cast<float>(CosPi(half_turns > 1 ? half_turns - 2 : half_turns < -1 ? half_turns + 2 : half_turns));
}

float Atan2(float y, float x) {
  if (!(x == x) || !(y == y)) return x + y;
  const float up = Magnitude(y), right = Magnitude(x);
  const bool steep = up > right;
  float ratio = steep ? right / up : up / right;
  if (!(ratio == ratio)) ratio = up == 0 ? 0 : 1;  // 0/0 is flat, infinity over infinity the diagonal
  constexpr float kTanEighth = 0.41421356f;
  float angle = ratio > kTanEighth ? kPiFloat / 4 + AtanSmall((ratio - 1) / (ratio + 1)) : AtanSmall(ratio);
  if (steep) angle = kPiFloat / 2 - angle;
  if (IsNegative(x)) angle = kPiFloat - angle;
  return IsNegative(y) ? -angle : angle;
}

float Remainder(float x, float y) {
  const float divisor = Magnitude(y);
  if (!IsFinite(x) || !(divisor > 0)) return std::numeric_limits<float>::quiet_NaN();
  if (!IsFinite(divisor)) return x;
  // Long division, a bit of the quotient at a time: at most 277 of them. Doubles hold every float's multiples exactly.
  double rest = static_cast<double>(Magnitude(x));
  double multiple = static_cast<double>(divisor);
  while (multiple <= rest) multiple *= 2;
  for (; multiple >= static_cast<double>(divisor); multiple /= 2) {
    if (rest >= multiple) rest -= multiple;
  }
  return x < 0 ? -static_cast<float>(rest) : static_cast<float>(rest);
}

double PreciseSqrt(float x) {
  if (!(x > 0)) return 0;
  const auto value = static_cast<double>(x);
  double root = static_cast<double>(Sqrt(x));
  for (int i = 0; i < 2; ++i) root = 0.5 * (root + value / root);
  return root;
}

}  // namespace thimble::kernels::real
