#include "runtime/anomaly.h"

#include <limits>

#include "base/float_math.h"

namespace thimble::runtime {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Squared distance of a row from component `k`, in deviations.
float SquaredDistance(const Anomaly& anomaly, std::span<const float> row, size_t k) {
  const size_t count = anomaly.features.size();
  const float* centre = anomaly.centres.data() + k * count;
  const float* scale = anomaly.scales.data();
  float sum = 0;
  if (anomaly.kind == Anomaly::Kind::kFullGaussians) {
    scale += k * (count * (count + 1) / 2);
    for (size_t i = 0; i < count; ++i) {
      float dot = 0;
      for (size_t j = 0; j <= i; ++j) dot += (row[anomaly.features[j]] - centre[j]) * *scale++;
      sum += dot * dot;
    }
    return sum;
  }
  if (anomaly.kind == Anomaly::Kind::kDiagonalGaussians) scale += k * count;
  for (size_t i = 0; i < count; ++i) {
    const float deviation = (row[anomaly.features[i]] - centre[i]) * scale[i];
    sum += deviation * deviation;
  }
  return sum;
}

}  // namespace

bool Fits(const Anomaly& anomaly, size_t feature_count) {
  if (anomaly.kind == Anomaly::Kind::kReconstruction) {
    return anomaly.features.empty() && anomaly.offsets.empty() && anomaly.centres.size() == anomaly.scales.size() &&
           (anomaly.scales.empty() || anomaly.scales.size() == feature_count);
  }
  const size_t count = anomaly.features.size();
  const size_t components = anomaly.offsets.size();
  const size_t scales = anomaly.kind == Anomaly::Kind::kKMeans              ? count
                        : anomaly.kind == Anomaly::Kind::kDiagonalGaussians ? components * count
                        : anomaly.kind == Anomaly::Kind::kFullGaussians     ? components * (count * (count + 1) / 2)
                                                                            : 0;
  for (const uint16_t feature : anomaly.features) {
    if (feature >= feature_count) return false;
  }
  return count > 0 && components > 0 && anomaly.centres.size() == components * count && anomaly.scales.size() == scales;
}

float Score(const Anomaly& anomaly, std::span<const float> features) {
  // What is no number compares false with everything, and so leaves a row infinitely strange.
  const size_t components = anomaly.offsets.size();
  if (anomaly.kind == Anomaly::Kind::kKMeans) {
    float nearest = kInfinity;
    for (size_t k = 0; k < components; ++k) {
      const float distance = Sqrt(SquaredDistance(anomaly, features, k)) - anomaly.offsets[k];
      if (distance < nearest) nearest = distance;
    }
    return nearest;
  }
  // ln Σ e^l around the largest l, in one pass: e^l itself would vanish far away.
  float largest = -kInfinity;
  float sum = 0;
  for (size_t k = 0; k < components; ++k) {
    const float logarithm = anomaly.offsets[k] - 0.5f * SquaredDistance(anomaly, features, k);
    if (!(logarithm > -kInfinity)) continue;  // its square is too large for a float
    if (logarithm > largest) {
      sum = sum * Exp(largest - logarithm) + 1.0f;
      largest = logarithm;
    } else {
      sum += Exp(logarithm - largest);
    }
  }
  return sum > 0 ? -(largest + Ln(sum)) : kInfinity;
}

float ReconstructionError(const Anomaly& anomaly, std::span<const float> features, const kernels::Tensor& repeated) {
  float sum = 0;
  for (size_t i = 0; i < features.size(); ++i) {
    float value = features[i];
    if (!anomaly.scales.empty()) value = (value - anomaly.centres[i]) * anomaly.scales[i];
    const float answer = repeated.type == kernels::Type::kFloat32
                             ? repeated.As<float>()[i]
                             : static_cast<float>(repeated.As<int8_t>()[i] - repeated.zero_point) * repeated.Scale();
    const float difference = value - answer;
    sum += difference * difference;
  }
  const float mean = sum / static_cast<float>(features.size());
  return mean < kInfinity ? mean : kInfinity;
}

}  // namespace thimble::runtime
