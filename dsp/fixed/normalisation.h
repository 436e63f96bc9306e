// Every column of a table, freed of the mean and the size of its neighbourhood, in integers.
#ifndef THIMBLE_DSP_FIXED_NORMALISATION_H_
#define THIMBLE_DSP_FIXED_NORMALISATION_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace thimble::dsp::fixed {

/// As dsp::NormaliseSliding, whose 1e-10 beside the deviation is left out: what has none gives 0, or saturates.
///
///   table    rows of `columns` numbers of any unit, below 2^30; overwritten with results in 1/65536ths
///   window   odd, at most kLongestSlidingWindow
///   scratch  one number a row
void NormaliseSliding(std::span<int32_t> table, size_t columns, size_t window, std::span<int32_t> scratch);

}  // namespace thimble::dsp::fixed

#endif  // THIMBLE_DSP_FIXED_NORMALISATION_H_
