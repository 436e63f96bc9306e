// Every column of a table, freed of the mean and the size of its neighbourhood.
#ifndef THIMBLE_DSP_SLIDING_NORMALISATION_H_
#define THIMBLE_DSP_SLIDING_NORMALISATION_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace thimble::dsp {

/// Windows are no longer: the sums below stay within 64 bits.
inline constexpr size_t kLongestSlidingWindow = 4095;

/// For each column: d[i] = x[i] - mean of the `window` values around i; then d[i] / (standard deviation of the `window`
/// values of d around i + 1e-10). Beyond its ends a column goes on as in mirrors: … x1 x0 | x0 x1 … xn | xn … x0 | x0 …
///
///   table    rows of `columns` finite numbers, one after the other; overwritten with the results
///   window   odd, at most kLongestSlidingWindow; may be longer than the table
///   scratch  two numbers a row
///
/// The cost does not depend on the window: sums slide. They do so in whole numbers, so that nothing builds up, and the
/// same neighbourhood gives the same bits wherever it stands; a column of equal numbers gives 0.
void NormaliseSliding(std::span<float> table, size_t columns, size_t window, std::span<int32_t> scratch);

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_SLIDING_NORMALISATION_H_
