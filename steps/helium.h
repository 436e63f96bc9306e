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

/// Constants of four output channels, in front of their weights.
struct HeliumChannels {
  int32_t bias[4];      ///< less the input's zero point times the sum of the weights; wraps
  int32_t left[4];      ///< Multiplier::shift to the left, 0 if it is to the right
  int32_t mantissa[4];  ///< Multiplier::mantissa
  int32_t right[4];     ///< Multiplier::shift to the right, not positive
};

struct HeliumOutput {
  HeliumOutput(int32_t zero, int32_t lowest, int32_t highest, bool shifts_left)
      : zero_point(zero), low(lowest), high(highest), any_left(shifts_left), low_is_zero(lowest == zero) {}

  int32_t zero_point, low, high;
  bool any_left;     ///< whether any channel's multiplier shifts to the left
  bool low_is_zero;  ///< real numbers below 0 are clamped to 0
};

/// Scale(sum + bias, multiplier) + zero point within the clamp, for lane `lane`.
constexpr int8_t HeliumFinish(uint32_t sum, const HeliumChannels& channels, int lane, const HeliumOutput& output) {
  const auto biased = static_cast<int32_t>(sum + static_cast<uint32_t>(channels.bias[lane]));
  const Multiplier multiplier = {channels.mantissa[lane], channels.left[lane] + channels.right[lane]};
  return static_cast<int8_t>(Clamp(WrapAdd(Scale(biased, multiplier), output.zero_point), output.low, output.high));
}

/// Whether the constants of `count` groups of four, `bytes` from one to the next, hold shifts that there are.
inline bool HasHeliumShifts(const std::byte* first, int64_t count, int64_t bytes) {
  for (; count > 0; --count, first += bytes) {
    const auto& channels = *reinterpret_cast<const HeliumChannels*>(first);
    for (int lane = 0; lane < 4; ++lane) {
      if (channels.left[lane] < 0 || channels.left[lane] > 30) return false;
      if (channels.right[lane] > 0 || channels.right[lane] < -31) return false;
      if (channels.left[lane] > 0 && channels.right[lane] < 0) return false;
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
inline void HeliumFinish(int32x4_t (&sums)[kCount], const HeliumChannels& channels, const HeliumOutput& output) {
  const int32x4_t bias = vldrwq_s32(channels.bias), mantissa = vldrwq_s32(channels.mantissa);
  const int32x4_t right = vldrwq_s32(channels.right);
#pragma GCC unroll 4
  for (int i = 0; i < kCount; ++i) sums[i] = vaddq_s32(sums[i], bias);
  if (output.any_left) {
    const int32x4_t left = vldrwq_s32(channels.left);
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

/// The first `count` lanes; four are common, and cost an instruction less.
inline void HeliumStore(int8_t* y, int32x4_t values, int32_t count) {
  if (count >= 4) {
    vstrbq_s32(y, values);
  } else {
    vstrbq_p_s32(y, values, vctp32q(static_cast<uint32_t>(count)));
  }
}
#endif

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_HELIUM_H_
