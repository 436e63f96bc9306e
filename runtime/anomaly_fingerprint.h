// One number for the bits of anomaly scores, to compare a microcontroller with a laptop.
#ifndef THIMBLE_RUNTIME_ANOMALY_FINGERPRINT_H_
#define THIMBLE_RUNTIME_ANOMALY_FINGERPRINT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/hash.h"
#include "base/random.h"
#include "runtime/anomaly.h"

namespace thimble::runtime {

/// What AnomalyFingerprint must return, everywhere.
inline constexpr uint64_t kAnomalyFingerprint = 0x7610877054bd9331;

/// FNV-1a over the scores of seeded rows, from near to far beyond the range of exp, by seeded detectors of each kind.
/// Takes 1.5 KB of stack.
inline uint64_t AnomalyFingerprint() {
  using Kind = Anomaly::Kind;
  constexpr size_t kFeatures = 9;
  constexpr size_t kComponents = 4;
  constexpr size_t kTriangle = kFeatures * (kFeatures + 1) / 2;
  constexpr int kRows = 64;
  Random random(8);
  std::array<uint16_t, kFeatures> features;
  for (size_t i = 0; i < kFeatures; ++i) features[i] = static_cast<uint16_t>(kFeatures - 1 - i);
  std::array<float, kComponents * kFeatures> centres;
  std::array<float, kComponents * kTriangle> scales;
  std::array<float, kComponents> offsets;
  uint64_t hash = kFnvOffset;
  for (const Kind kind : {Kind::kKMeans, Kind::kDiagonalGaussians, Kind::kFullGaussians}) {
    for (float& value : centres) value = 10.0f * random.Normal();
    for (float& value : scales) value = 0.01f + random.Uniform();
    for (float& value : offsets) value = random.Normal();
    const size_t scale_count = kind == Kind::kKMeans              ? kFeatures
                               : kind == Kind::kDiagonalGaussians ? kComponents * kFeatures
                                                                  : kComponents * kTriangle;
    const Anomaly anomaly = {.kind = kind,
                             .features = features,
                             .centres = centres,
                             .scales = std::span(scales).first(scale_count),
                             .offsets = offsets};
    for (int row = 0; row < kRows; ++row) {
      std::array<float, kFeatures> values;
      for (float& value : values) value = static_cast<float>(row) * random.Normal();
      const float score = Score(anomaly, values);
      hash = Fnv1a(std::as_bytes(std::span(&score, 1)), hash);
    }
  }
  return hash;
}

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_ANOMALY_FINGERPRINT_H_
