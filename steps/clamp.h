// Clamps narrower than int8, which fast loops leave to be done afterwards.
#ifndef THIMBLE_STEPS_CLAMP_H_
#define THIMBLE_STEPS_CLAMP_H_

#include <cstdint>
#include <cstring>

#include "base/fixed_point.h"

#ifdef __ARM_FEATURE_SIMD32
#include <arm_acle.h>
#endif

namespace thimble::steps {

/// Brings `count` values into low to high. Most models have nothing to clamp: their zero points are at the limit.
inline void ClampInPlace(int8_t* values, int32_t count, int32_t low, int32_t high) {
  if (low <= -128 && high >= 127) return;
  int32_t i = 0;
#ifdef __ARM_FEATURE_SIMD32
  const auto lows = static_cast<int8x4_t>((low & 0xff) * 0x01010101u);
  const auto highs = static_cast<int8x4_t>((high & 0xff) * 0x01010101u);
  for (; i + 4 <= count; i += 4) {
    int8x4_t four;
    std::memcpy(&four, values + i, sizeof four);
    (void)__ssub8(four, lows);
    four = static_cast<int8x4_t>(__sel(static_cast<uint8x4_t>(four), static_cast<uint8x4_t>(lows)));
    (void)__ssub8(highs, four);
    four = static_cast<int8x4_t>(__sel(static_cast<uint8x4_t>(four), static_cast<uint8x4_t>(highs)));
    std::memcpy(values + i, &four, sizeof four);
  }
#endif
  for (; i < count; ++i) values[i] = static_cast<int8_t>(Clamp(values[i], low, high));
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_CLAMP_H_
