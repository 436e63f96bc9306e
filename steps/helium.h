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
  int32_t zero_point, low, high;
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

#if defined(__ARM_FEATURE_MVE)
/// HeliumFinish for all lanes, of which `lanes` are stored. The rounding shift of the core rounds halves up, TFLite's
/// away from zero: numbers below zero are made 1 smaller first if they are shifted at all.
inline void HeliumStore(int8_t* y, int32x4_t sums, const HeliumChannels& channels, const HeliumOutput& output,
                        mve_pred16_t lanes) {
  const int32x4_t right = vldrwq_s32(channels.right);
  sums = vaddq_s32(sums, vldrwq_s32(channels.bias));
  sums = vshlq_s32(sums, vldrwq_s32(channels.left));
  sums = vqrdmulhq_s32(sums, vldrwq_s32(channels.mantissa));
  sums = vqaddq_s32(sums, vshrq_n_s32(vandq_s32(sums, right), 31));
  sums = vaddq_n_s32(vrshlq_s32(sums, right), output.zero_point);
  sums = vminq_s32(vmaxq_s32(sums, vdupq_n_s32(output.low)), vdupq_n_s32(output.high));
  vstrbq_p_s32(y, sums, lanes);
}
#endif

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_HELIUM_H_
