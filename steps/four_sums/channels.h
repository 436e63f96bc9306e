// From the weights of four channels to the constants of FourSums (host only).
#ifndef THIMBLE_STEPS_FOUR_SUMS_CHANNELS_H_
#define THIMBLE_STEPS_FOUR_SUMS_CHANNELS_H_

#include "steps/lane_packing.h"

namespace thimble::steps {

/// The channel with these weights and a bias from which the input's zero point is still to be taken.
LaneChannel MakeLaneChannel(std::span<const int8_t> weights, int64_t bias, int32_t input_zero_point);

/// Two pairs with as many weights each, at least one.
void WriteFourSums(ConstantWriter& constants, const LanePair (&pairs)[2]);

/// Cycles of FourSums on a Cortex-M4: of each call, and of each row of so many inputs.
inline constexpr double kFourSumsCallCycles = 33;
double FourSumsRowCycles(int32_t inputs);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_FOUR_SUMS_CHANNELS_H_
