// How strange a row of features is, beside those that a detector was fitted to: K-means, a mixture of Gaussians, or a
// network that repeats what it knows.
#ifndef THIMBLE_RUNTIME_ANOMALY_H_
#define THIMBLE_RUNTIME_ANOMALY_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/op.h"

namespace thimble::runtime {

/// A fitted detector (trainer/anomaly.h fits it): plain arrays, which may lie in flash. N is the number of features it
/// looks at, K the number of its clusters or components. Everything is in the features' own units: the standardisation
/// is part of `centres` and `scales`.
///
///   kind                 scales                         offsets, one a component
///   kKMeans              [N]            1 / deviation   radius of the cluster, in deviations
///   kDiagonalGaussians   [K, N]         1 / deviation   ln of weight × density at the centre
///   kFullGaussians       [K, N(N+1)/2]  rows of the lower triangle L with Lᵀ L = inverse covariance; offsets as above
///   kReconstruction      [N]            those of the impulse's FeatureScaling; its offset is `centres` [N], `features`
///                                       and `offsets` are empty: an autoencoder looks at all of them
struct Anomaly {
  enum class Kind : uint8_t { kKMeans, kDiagonalGaussians, kFullGaussians, kReconstruction };

  Kind kind = Kind::kKMeans;
  std::span<const uint16_t> features = {};  ///< [N], places in the impulse's row of features
  std::span<const float> centres = {};      ///< [K, N]
  std::span<const float> scales = {};
  std::span<const float> offsets = {};  ///< [K], at least one
  float threshold = 0;                  ///< a row whose score is above is strange
};

/// What a detector says about a window.
struct Detection {
  float score = 0;
  bool strange = false;
};

/// Whether the arrays fit together and into a row of `feature_count` features. Ask once; Score does not look.
bool Fits(const Anomaly& anomaly, size_t feature_count);

/// How strange `features` are; the higher, the stranger. K-means: distance to the nearest cluster's edge in deviations,
/// below 0 inside of the cluster. Gaussians: -ln of the density. Infinite when a feature that counts is NaN or
/// infinite.
///
/// The same bits on every machine. Takes about N multiplications a component, N²/2 with full covariances.
float Score(const Anomaly& anomaly, std::span<const float> features);

/// The same for kReconstruction: the mean squared difference between the scaled features and `repeated`, the output of
/// the network that was to repeat them, int8 or float32, with as many numbers. Infinite where it is no number.
float ReconstructionError(const Anomaly& anomaly, std::span<const float> features, const kernels::Tensor& repeated);

inline bool IsStrange(const Anomaly& anomaly, float score) { return score > anomaly.threshold; }
inline Detection Detect(const Anomaly& anomaly, float score) { return {score, IsStrange(anomaly, score)}; }

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_ANOMALY_H_
