// What MFE and the spectrogram share: power in decibels between a noise floor and full scale.
#ifndef THIMBLE_DSP_DECIBELS_H_
#define THIMBLE_DSP_DECIBELS_H_

#include "dsp/audio_fields.h"
#include "dsp/refusal.h"

namespace thimble::dsp {

/// What becomes the feature 1.
inline constexpr float kFullScaleDb = 12;
/// Less power counts as this much, so that silence has a logarithm.
inline constexpr float kLeastPower = 1e-30f;

THIMBLE_JUDGE Refusal JudgeNoiseFloor(int noise_floor_db) {
  THIMBLE_REFUSE_UNLESS(noise_floor_db >= kLowestNoiseFloorDb && noise_floor_db <= 0,
                        "the noise floor is not from -200 to 0 dB; -52 suits speech");
  return {};
}

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_DECIBELS_H_
