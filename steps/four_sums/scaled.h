// From sums to stored numbers in the instructions that a core with the DSP extension has for it.
#ifndef THIMBLE_STEPS_FOUR_SUMS_SCALED_H_
#define THIMBLE_STEPS_FOUR_SUMS_SCALED_H_

#include "steps/requantise.h"

#if defined(__ARM_FEATURE_DSP)
#include <arm_acle.h>
#endif

namespace thimble::steps {

/// The number that is nearest among those of type T, int8_t or int16_t.
template <typename T>
int32_t Saturated(int32_t value) {
  constexpr int kBits = 8 * sizeof(T);
#if defined(__ARM_FEATURE_DSP)
  return __ssat(value, kBits);
#else
  return Clamp(value, -(1 << (kBits - 1)), (1 << (kBits - 1)) - 1);
#endif
}

/// Requantise(sum, requantiser). The core knows itself what a shift by 32 is.
inline int32_t Scaled(int32_t sum, const GeneralRequantiser& requantiser) {
#if defined(__ARM_FEATURE_DSP)
  const auto shifts = static_cast<uint32_t>(requantiser.shifts);
  int32_t scaled, negative;
  asm("lsl %0, %1, %2" : "=r"(scaled) : "r"(sum), "r"(shifts >> 8));
  asm("lsr %0, %1, %2" : "=r"(negative) : "r"(scaled), "r"(shifts >> 16));
  const int32_t addend = WrapAdd(requantiser.half, -negative);
  asm("smmlar %0, %1, %2, %3" : "=r"(scaled) : "r"(scaled), "r"(requantiser.mantissa), "r"(addend));
  asm("asr %0, %1, %2" : "=r"(scaled) : "r"(scaled), "r"(shifts));
  return scaled;
#else
  return Requantise(sum, requantiser);
#endif
}

/// Requantise(2 * product, requantiser).
inline int32_t Scaled(int32_t product, const Requantiser& requantiser) {
#if defined(__ARM_FEATURE_DSP)
  const int32_t addend = WrapAdd(requantiser.half, product >> 31);
  int32_t scaled;
  asm("smmlar %0, %1, %2, %3" : "=r"(scaled) : "r"(WrapShiftLeft(product, 1)), "r"(requantiser.mantissa), "r"(addend));
  asm("asr %0, %1, %2" : "=r"(scaled) : "r"(scaled), "r"(requantiser.shift));
  return scaled;
#else
  return Requantise(WrapShiftLeft(product, 1), requantiser);
#endif
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_FOUR_SUMS_SCALED_H_
