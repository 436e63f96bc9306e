// Features in a plane: the first two principal components, for people to look at.
#ifndef THIMBLE_TRAINER_PROJECTION_H_
#define THIMBLE_TRAINER_PROJECTION_H_

#include <array>
#include <span>
#include <vector>

namespace thimble::trainer {

/// Projects rows of features to their first two principal components. Of more than 256 features, every second, third …
/// counts: up to 256, spread evenly.
///
/// `features` holds rows of `feature_count` values one after the other. Every feature is standardised first (a constant
/// one becomes 0; a value that is not finite counts as the feature's mean). The sign of each component is fixed so that
/// its largest weight is positive, so the same data gives the same picture. Gives one {x, y} for each row; {0, 0} where
/// there are fewer than two rows or features to speak of.
///
/// Source: Jolliffe, Principal Component Analysis, 2nd edition, section 1.1, on the correlation matrix (section 2.3).
std::vector<std::array<float, 2>> ProjectToPlane(std::span<const float> features, int feature_count);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_PROJECTION_H_
