// Deviation, skewness and kurtosis of integers.
#ifndef THIMBLE_DSP_FIXED_STATISTICS_H_
#define THIMBLE_DSP_FIXED_STATISTICS_H_

#include <cstdint>
#include <span>

namespace thimble::dsp::fixed {

struct Shape {
  bool constant = true;
  int shift = 0;                ///< what is left of x is (x - mean) * 2^shift
  int32_t log2_deviation = 0;   ///< of x, as given, in 1/2^20ths; nothing for a constant
  int32_t skewness = 0;         ///< in 1/65536ths; 0 for a constant
  int32_t kurtosis = -3 << 16;  ///< in 1/65536ths, less 3; -3 for a constant
};

/// Takes the mean off x and scales it by a power of two so that it just fits into 16 bits (-32768 … 32768); returns its
/// shape. x is not empty, x[i] - x[j] fits into 32 bits.
///
/// Means are of integers: give small numbers some bits behind the point. Errors are some 2^-15 of the shape of what x
/// is after scaling.
Shape Standardise(std::span<int32_t> x);

}  // namespace thimble::dsp::fixed

#endif  // THIMBLE_DSP_FIXED_STATISTICS_H_
