// Brings features of very different sizes to one, so that int8 serves them all.
#ifndef THIMBLE_TRAINER_FEATURE_SCALING_H_
#define THIMBLE_TRAINER_FEATURE_SCALING_H_

#include <span>
#include <vector>

#include "base/error.h"

namespace thimble::trainer {

/// A feature becomes (feature - offset) * scale: what runtime::FeatureScaling points at, with the same bits.
struct FeatureScaling {
  std::vector<float> offset, scale;  ///< [features]; both empty: nothing changes
};

/// Standardises with the mean and the standard deviation over `rows` [rows, feature_count], of the training part only.
/// A feature that does not vary there becomes 0: a network can learn nothing from it, and must not be thrown off by it.
///
///   kInvalidArgument  no rows or parts of rows; a value that is not finite (which one)
Expected<FeatureScaling> FitFeatureScaling(std::span<const float> rows, int feature_count);

/// Scales [rows, features] in place.
void Apply(const FeatureScaling& scaling, std::span<float> rows);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_FEATURE_SCALING_H_
