// What the Helium steps share: four sums become four stored numbers at once.
#ifndef THIMBLE_STEPS_HELIUM_H_
#define THIMBLE_STEPS_HELIUM_H_

#include <cstddef>
#include <cstdint>

#include "base/fixed_point.h"

#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>
#endif

namespace thimble::steps {

/// Constants of four output channels: these in front of their weights, so that two times four sums begin with one load,
struct HeliumBias {
  int32_t bias[4];   ///< less the input's zero point times the sum of the weights; wraps
  int32_t again[4];  ///< the same
};
/// and these behind them.
struct HeliumScale {
  int32_t mantissa[4];  ///< Multiplier::mantissa
  int32_t shift[4];     ///< Multiplier::shift
};

struct HeliumOutput {
  HeliumOutput(int32_t zero, int32_t lowest, int32_t highest, bool shifts_left)
      : zero_point(zero), low(lowest), high(highest), any_left(shifts_left), low_is_zero(lowest == zero) {}

  int32_t zero_point, low, high;
  bool any_left;     ///< whether any channel's multiplier shifts to the left
  bool low_is_zero;  ///< real numbers below 0 are clamped to 0
};

/// Scale(sum + bias, multiplier) + zero point within the clamp, for lane `lane`.
constexpr int8_t HeliumFinish(uint32_t sum, const HeliumBias& bias, const HeliumScale& scale, int lane,
                              const HeliumOutput& output) {
  const auto biased = static_cast<int32_t>(sum + static_cast<uint32_t>(bias.bias[lane]));
  const Multiplier multiplier = {scale.mantissa[lane], scale.shift[lane]};
  return static_cast<int8_t>(Clamp(WrapAdd(Scale(biased, multiplier), output.zero_point), output.low, output.high));
}

/// The order of channels in constants: of eight the even ones, then the odd ones, as narrowing instructions interleave
/// them; four or fewer that are left over as they are. Calls visit(number of the four, first channel, how many, how far
/// apart) for `first`, a multiple of eight, and after.
template <typename Visit>
constexpr void ForEachHeliumFour(int32_t first, int32_t channels, Visit visit) {
  for (; first < channels; first += 8) {
    const int32_t left = channels - first < 8 ? channels - first : 8;
    if (left <= 4) {
      visit(first / 4, first, left, 1);
    } else {
      visit(first / 4, first, (left + 1) / 2, 2);
      visit(first / 4 + 1, first + 1, left / 2, 2);
    }
  }
}

/// Whether `count` HeliumScale, `bytes` from one to the next, hold shifts that there are.
inline bool HasHeliumShifts(const std::byte* first, int64_t count, int64_t bytes) {
  for (; count > 0; --count, first += bytes) {
    for (const int32_t shift : reinterpret_cast<const HeliumScale*>(first)->shift) {
      if (shift < -31 || shift > 30) return false;
    }
  }
  return true;
}

/// Newlib's own goes byte by byte; this takes three instructions for sixteen, the last of which may be fewer.
inline void HeliumCopy(int8_t* to, const int8_t* from, int32_t count) {
#if defined(__ARM_FEATURE_MVE)
  asm volatile(
      "wlstp.8 lr, %[count], 2f\n"
      "1:\n"
      "vldrb.8 q0, [%[from]], #16\n"
      "vstrb.8 q0, [%[to]], #16\n"
      "letp lr, 1b\n"
      "2:\n"
      : [to] "+r"(to), [from] "+r"(from)
      : [count] "r"(count)
      : "lr", "q0", "memory");
#else
  for (int32_t i = 0; i < count; ++i) to[i] = from[i];
#endif
}

inline void HeliumFill(int8_t* to, int32_t value, int32_t count) {
#if defined(__ARM_FEATURE_MVE)
  asm volatile(
      "vdup.8 q0, %[value]\n"
      "wlstp.8 lr, %[count], 2f\n"
      "1:\n"
      "vstrb.8 q0, [%[to]], #16\n"
      "letp lr, 1b\n"
      "2:\n"
      : [to] "+r"(to)
      : [value] "r"(value), [count] "r"(count)
      : "lr", "q0", "memory");
#else
  for (int32_t i = 0; i < count; ++i) to[i] = static_cast<int8_t>(value);
#endif
}

#if defined(__ARM_FEATURE_MVE)
/// 1 less where a number below zero is about to be shifted to the right.
inline int32x4_t HeliumLower(int32x4_t values, int32x4_t right) {
  return vqaddq_s32(values, vshrq_n_s32(vandq_s32(values, right), 31));
}

/// HeliumFinish for all lanes of `kCount` vectors of the same channels. The rounding shift of the core rounds halves
/// up, TFLite's away from zero: numbers below zero are made 1 smaller first if they are shifted at all. That can be
/// left out where whatever is below zero becomes the lowest number anyway (a ReLU's output), and shifts to the left
/// where there are none: both are decided for a whole layer.
template <int kCount>
inline void HeliumFinish(int32x4_t (&sums)[kCount], const HeliumBias& biases, const HeliumScale& scale,
                         const HeliumOutput& output) {
  const int32x4_t bias = vldrwq_s32(biases.bias), mantissa = vldrwq_s32(scale.mantissa);
  int32x4_t right = vldrwq_s32(scale.shift);
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) sums[i] = vaddq_s32(sums[i], bias);
  if (output.any_left) {
    const int32x4_t left = vmaxq_s32(right, vdupq_n_s32(0));
    right = vminq_s32(right, vdupq_n_s32(0));
#pragma GCC unroll 4
    for (int i = 0; i < kCount; ++i) sums[i] = vshlq_s32(sums[i], left);
  }
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) sums[i] = vqrdmulhq_s32(sums[i], mantissa);
  if (!output.low_is_zero) {
#pragma GCC unroll 4
    for (int i = 0; i < kCount; ++i) sums[i] = HeliumLower(sums[i], right);
  }
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) {
    sums[i] = vaddq_n_s32(vrshlq_s32(sums[i], right), output.zero_point);
    sums[i] = vminq_s32(vmaxq_s32(sums[i], vdupq_n_s32(output.low)), vdupq_n_s32(output.high));
  }
}

/// The first `count` lanes, `apart` bytes from each other. Four side by side are common, and cost less.
inline void HeliumStore(int8_t* y, int32x4_t values, int32_t count, int32_t apart) {
  if (count >= 4 && apart == 1) {
    vstrbq_s32(y, values);
  } else {
    const uint32x4_t offsets = vmulq_n_u32(vidupq_n_u32(0, 1), static_cast<uint32_t>(apart));
    vstrbq_scatter_offset_p_s32(y, offsets, values, vctp32q(static_cast<uint32_t>(count)));
  }
}
#endif

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_HELIUM_H_
