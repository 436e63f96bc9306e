// How strange a row of features is, beside those that a detector was fitted to: K-means or a mixture of Gaussians.
#ifndef THIMBLE_RUNTIME_ANOMALY_H_
#define THIMBLE_RUNTIME_ANOMALY_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace thimble::runtime {

/// A fitted detector (trainer/anomaly.h fits it): plain arrays, which may lie in flash. N is the number of features it
/// looks at, K the number of its clusters or components. Everything is in the features' own units: the standardisation
/// is part of `centres` and `scales`.
///
///   kind                 scales                         offsets, one a component
///   kKMeans              [N]            1 / deviation   radius of the cluster, in deviations
///   kDiagonalGaussians   [K, N]         1 / deviation   ln of weight × density at the centre
///   kFullGaussians       [K, N(N+1)/2]  rows of the lower triangle L with Lᵀ L = inverse covariance; offsets as above
struct Anomaly {
  enum class Kind : uint8_t { kKMeans, kDiagonalGaussians, kFullGaussians };

  Kind kind = Kind::kKMeans;
  std::span<const uint16_t> features;  ///< [N], places in the impulse's row of features
  std::span<const float> centres;      ///< [K, N]
  std::span<const float> scales;
  std::span<const float> offsets;  ///< [K], at least one
  float threshold = 0;             ///< a row whose score is above is strange
};

/// Whether the arrays fit together and into a row of `feature_count` features. Ask once; Score does not look.
bool Fits(const Anomaly& anomaly, size_t feature_count);

/// How strange `features` are; the higher, the stranger. K-means: distance to the nearest cluster's edge in deviations,
/// below 0 inside of the cluster. Gaussians: -ln of the density. Infinite when a feature that counts is NaN or
/// infinite.
///
/// The same bits on every machine. Takes about N multiplications a component, N²/2 with full covariances.
float Score(const Anomaly& anomaly, std::span<const float> features);

inline bool IsStrange(const Anomaly& anomaly, float score) { return score > anomaly.threshold; }

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_ANOMALY_H_
