// Butterworth filters on integers.
#ifndef THIMBLE_DSP_FIXED_FILTER_H_
#define THIMBLE_DSP_FIXED_FILTER_H_

#include <cstdint>
#include <span>

#include "dsp/filter.h"

namespace thimble::dsp::fixed {

/// mantissa * 2^(-14 - shift), from 0 to just below 4: 16 significant bits.
struct Factor {
  uint16_t mantissa = 0;
  uint16_t shift = 0;
};

/// What the cascade of a Butterworth filter becomes. Coefficients of a low cut-off, near -2 and 1, are kept as their
/// small distances from these, so that 16 bits are enough of them. Cut-offs above a quarter of the sampling rate are
/// mirrored there: with the sign of every second sample changed, a low-pass is a high-pass, and the other way round.
struct Filter {
  struct Section {
    Factor damping;    ///< 2 + a1
    Factor stiffness;  ///< 1 + a1 + a2
    Factor gain;       ///< high-pass: (1 - a1 + a2) / 4; a low-pass has a fourth of the stiffness, and needs no product
  };
  Section sections[kMostSections];
  int16_t section_count = 0;
  int8_t high_pass = 0;  ///< as mirrored
  int8_t mirrored = 0;
};

Filter FilterOf(const Cascade& cascade);

/// No sample may be larger. Inside of a filter and behind it numbers grow up to eight times that, for the worst of all
/// signals.
inline constexpr int32_t kLargestFilterInput = 1 << 24;

/// Filters in place, from rest. A section's rounding errors are a unit of the samples over its stiffness at most.
void RunFilter(const Filter& filter, std::span<int32_t> signal);

}  // namespace thimble::dsp::fixed

#endif  // THIMBLE_DSP_FIXED_FILTER_H_
