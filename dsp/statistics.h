// Mean, deviation, skewness and kurtosis of a signal.
#ifndef THIMBLE_DSP_STATISTICS_H_
#define THIMBLE_DSP_STATISTICS_H_

#include <span>

namespace thimble::dsp {

/// Sums run in four lanes, one for every fourth number: a quarter of the rounding error of one sum, and no addition
/// waits for the one before.

/// The mean, exactly x[0] if all x are the same. x is not empty.
float Mean(std::span<const float> x);

struct Shape {
  float deviation = 0;  ///< root mean square distance from the mean (of the whole, not of a sample)
  float skewness = 0;   ///< third standardised moment; 0 for a constant
  float kurtosis = -3;  ///< fourth standardised moment less 3; -3 for a constant
};

/// The shape of x. x is not empty.
Shape ShapeOf(std::span<const float> x);

/// Takes the mean off x and returns its shape. x is not empty.
Shape Centre(std::span<float> x);

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_STATISTICS_H_
