// Sums become int8 with the bits of TensorFlow Lite's reference kernels, in the five operations that a core with a
// rounding high multiplication needs: the plain C++ of what the fast loops do, and the constants that they take.
#ifndef THIMBLE_STEPS_REQUANTISE_H_
#define THIMBLE_STEPS_REQUANTISE_H_

#include <cstdint>
#include <optional>

#include "base/fixed_point.h"

namespace thimble::steps {

/// addend + round(a * b / 2^32), halves towards +infinity, wrapping. (Armv7E-M SMMLAR, with an addend of 0 SMMULR.)
constexpr int32_t MultiplyHigh(int32_t a, int32_t b, int32_t addend = 0) {
  const int64_t product = static_cast<int64_t>(a) * b + (int64_t{1} << 31);
  return WrapAdd(addend, static_cast<int32_t>(product >> 32));
}

/// The int8 nearest to a number. (SSAT #8.)
constexpr int8_t Saturate8(int32_t value) { return static_cast<int8_t>(Clamp(value, -128, 127)); }

/// The lowest and the highest sum that a channel can come to, whatever its inputs.
struct SumRange {
  int64_t low = 0, high = 0;

  constexpr bool Within(int bits) const {
    return low >= -(int64_t{1} << (bits - 1)) && high < int64_t{1} << (bits - 1);
  }
};

/// A multiplier that ends in a shift to the right by 1 or more, for sums of less than 31 bits: nearly every one there
/// is.
struct Requantiser {
  int32_t mantissa;
  int32_t half;   ///< 2^(shift - 1) + zero_point * 2^shift
  int32_t shift;  ///< to the right, 1 to 31; kernels look at the lowest byte only, as the core's shifts do
};

/// Scale(sum, multiplier) + zero_point, to be saturated. The second rounding is away from zero, hence 1 less below
/// zero; the sign may be the sum's because a product that is rounded to 0 stays 0 either way.
constexpr int32_t Requantise(int32_t doubled_sum, const Requantiser& requantiser) {
  return MultiplyHigh(doubled_sum, requantiser.mantissa, WrapAdd(requantiser.half, doubled_sum >> 31)) >>
         (requantiser.shift & 31);
}

/// The constants for Scale(sum, {mantissa, shift}) + zero_point; nothing if they would not be exact for all these sums.
constexpr std::optional<Requantiser> MakeRequantiser(int32_t mantissa, int32_t shift, int32_t zero_point,
                                                     SumRange sums) {
  if (mantissa < 0 || shift > -1 || shift < -31 || !sums.Within(31)) return std::nullopt;
  const int64_t low = DoublingHighMultiply(static_cast<int32_t>(sums.low), mantissa);
  const int64_t high = DoublingHighMultiply(static_cast<int32_t>(sums.high), mantissa);
  const int64_t half = int64_t{1} << (-shift - 1);
  if (low > -half && high < half) return Requantiser{0, 1 + 2 * zero_point, 1};  // all round to 0, also by 31
  const int64_t addend = half + zero_point * 2 * half;
  if (low + addend - 1 < INT32_MIN || high + addend > INT32_MAX) return std::nullopt;
  return Requantiser{mantissa, static_cast<int32_t>(addend), -shift};
}

/// Any multiplier; zero point and clamp come afterwards.
struct GeneralRequantiser {
  int32_t mantissa;
  int32_t half;    ///< 2^(right - 1), or 0
  int32_t shifts;  ///< from the lowest byte: right; left, one more for the doubling; 31, or 32 if right is 0
};

/// Scale(sum, multiplier).
constexpr int32_t Requantise(int32_t sum, const GeneralRequantiser& requantiser) {
  const auto shifts = static_cast<uint32_t>(requantiser.shifts);
  const int32_t shifted = WrapShiftLeft(sum, static_cast<int>(shifts >> 8 & 31));
  const uint32_t negative = (shifts >> 16 & 255) < 32 ? static_cast<uint32_t>(shifted) >> (shifts >> 16 & 31) : 0;
  const int32_t addend = WrapAdd(requantiser.half, static_cast<int32_t>(0 - negative));
  return MultiplyHigh(shifted, requantiser.mantissa, addend) >> (shifts & 31);
}

/// The constants for Scale(sum, {mantissa, shift}); nothing if they would not be exact for all these sums.
constexpr std::optional<GeneralRequantiser> MakeGeneralRequantiser(int32_t mantissa, int32_t shift, SumRange sums) {
  const int32_t left = shift > 0 ? shift : 0;
  const int32_t right = shift > 0 ? 0 : -shift;
  if (mantissa < 0 || left > 29 || right > 31 || !sums.Within(31 - left)) return std::nullopt;
  if (right == 31) return GeneralRequantiser{0, 1, 31 << 16 | 1 << 8 | 1};  // all round to 0
  const int32_t half = right > 0 ? int32_t{1} << (right - 1) : 0;
  return GeneralRequantiser{mantissa, half, (right > 0 ? 31 : 32) << 16 | (left + 1) << 8 | right};
}

/// For sums of 24 bits whose outputs saturate at the zero point, as behind a ReLU: nobody sees which way halves below
/// it went, so that one multiplication, one addition and one saturating shift can come to all that two roundings come
/// to.
struct ReluRequantiser {
  static constexpr int kShift = 12;

  int32_t multiplier;  ///< of 256 * sum
  int32_t addend;      ///< what follows is shifted to the right by kShift
};

/// Scale(sum, multiplier) + zero_point, to be saturated.
constexpr int32_t Requantise(int32_t sum_256, const ReluRequantiser& requantiser) {
  const auto high = static_cast<int32_t>((int64_t{sum_256} * requantiser.multiplier) >> 32);
  return WrapAdd(high, requantiser.addend) >> ReluRequantiser::kShift;
}

/// The constants with this multiplier for Scale(sum, {mantissa, shift}) + zero_point saturated to int8; nothing if
/// there is no addend such that each of the outputs begins with the same sum.
constexpr std::optional<ReluRequantiser> MakeReluRequantiserWith(int32_t multiplier, int32_t mantissa, int32_t shift,
                                                                 int32_t zero_point, SumRange sums) {
  int64_t lowest = INT32_MIN / 2, highest = INT32_MAX / 2;  // of the addend; the product is less than 2^30
  for (int64_t output = zero_point + 1; output <= 127; ++output) {
    int64_t first = sums.high + 1;  // the least sum that gives it
    if (mantissa > 0) {
      const int64_t product = ((2 * (output - zero_point) - 1) << (-shift - 1 + 31)) - (int64_t{1} << 30);
      first = product / mantissa + (product % mantissa > 0 ? 1 : 0);
    }
    const int64_t begin = output << ReluRequantiser::kShift;
    if (first > sums.low) {
      const int64_t below = first > sums.high ? sums.high : first - 1;
      const int64_t most = begin - 1 - ((below * multiplier) >> 24);
      highest = most < highest ? most : highest;
    }
    if (first <= sums.high) {
      const int64_t least = begin - (((first > sums.low ? first : sums.low) * multiplier) >> 24);
      lowest = least > lowest ? least : lowest;
    }
    if (lowest > highest) return std::nullopt;
  }
  const int64_t addend = lowest + (highest - lowest) / 2;
  return ReluRequantiser{multiplier, static_cast<int32_t>(addend)};
}

/// The same with the multiplier that will do.
constexpr std::optional<ReluRequantiser> MakeReluRequantiser(int32_t mantissa, int32_t shift, int32_t zero_point,
                                                             SumRange sums) {
  if (zero_point != -128 || mantissa < 0 || shift > -1 || shift < -31 || !sums.Within(24)) return std::nullopt;
  if (shift < -24) shift = -24;  // all round to 0 from there on
  // Some layers have channels that give one number whatever they see.
  if (const auto constant = MakeReluRequantiserWith(0, mantissa, shift, zero_point, sums)) return constant;
  const int right = 7 - shift - ReluRequantiser::kShift;
  if (right < 0) return std::nullopt;
  // The mantissa's lowest bits are lost, so its neighbours are as good.
  const int64_t nearest = (int64_t{mantissa} + ((int64_t{1} << right) >> 1)) >> right;
  for (const int distance : {0, 1, -1, 2, -2, 3, -3}) {
    const int64_t multiplier = nearest + distance;
    if (multiplier < 0 || multiplier > INT32_MAX) continue;
    if (const auto found =
            MakeReluRequantiserWith(static_cast<int32_t>(multiplier), mantissa, shift, zero_point, sums)) {
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_REQUANTISE_H_
