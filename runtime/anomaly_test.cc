#include "runtime/anomaly.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/random.h"
#include "runtime/anomaly_fingerprint.h"

namespace thimble::runtime {
namespace {

using Kind = Anomaly::Kind;

// As a detector lies in flash: made of constants, before the program begins.
constexpr uint16_t kFeatures[] = {2, 0};
constexpr float kCentres[] = {1, 10, 4, 10};
constexpr float kScales[] = {0.5f, 2};
constexpr float kRadii[] = {1, 0.5f};
constexpr Anomaly kDetector = {.kind = Kind::kKMeans,
                               .features = kFeatures,
                               .centres = kCentres,
                               .scales = kScales,
                               .offsets = kRadii,
                               .threshold = 0.25f};

TEST(Anomaly, IsTheDistanceToTheNearestEdgeOfACluster) {
  EXPECT_TRUE(Fits(kDetector, 3));
  const auto score = [](float first, float third) { return Score(kDetector, std::vector{first, 1e9f, third}); };
  EXPECT_EQ(score(10, 1), -1.0f);            // at the first centre, a radius inside
  EXPECT_EQ(score(10, 4), -0.5f);            // at the second
  EXPECT_EQ(score(10, -3), 2.0f - 1.0f);     // two deviations from the first
  EXPECT_EQ(score(11.5f, 12), 5.0f - 0.5f);  // three deviations and four from the second
  EXPECT_TRUE(IsStrange(kDetector, 0.5f));
  EXPECT_FALSE(IsStrange(kDetector, 0.25f));
}

/// A detector of random numbers, with its memory.
struct Detector {
  std::vector<uint16_t> features;
  std::vector<float> centres, scales, offsets;
  Anomaly anomaly;

  Detector(Kind kind, size_t count, size_t components, uint64_t seed) {
    Random random(seed);
    for (size_t i = 0; i < count; ++i) features.push_back(static_cast<uint16_t>((i * 7 + 3) % count));
    const size_t each = kind == Kind::kFullGaussians ? count * (count + 1) / 2 : count;
    for (size_t i = 0; i < components * count; ++i) centres.push_back(3 * random.Normal());
    for (size_t i = 0; i < (kind == Kind::kKMeans ? 1 : components) * each; ++i)
      scales.push_back(0.1f + random.Uniform());
    for (size_t i = 0; i < components; ++i) offsets.push_back(random.Normal());
    anomaly = {.kind = kind, .features = features, .centres = centres, .scales = scales, .offsets = offsets};
  }
};

/// The same in double precision, written down from the definition.
double Reference(const Anomaly& anomaly, const std::vector<float>& row) {
  const size_t n = anomaly.features.size();
  double nearest = std::numeric_limits<double>::infinity();
  double density = 0;
  for (size_t k = 0; k < anomaly.offsets.size(); ++k) {
    std::vector<double> x(n);
    for (size_t i = 0; i < n; ++i) {
      x[i] = static_cast<double>(row[anomaly.features[i]]) - static_cast<double>(anomaly.centres[k * n + i]);
    }
    double squares = 0;
    for (size_t i = 0; i < n; ++i) {
      double dot = 0;
      if (anomaly.kind == Kind::kFullGaussians) {
        const size_t first = k * n * (n + 1) / 2 + i * (i + 1) / 2;
        for (size_t j = 0; j <= i; ++j) dot += static_cast<double>(anomaly.scales[first + j]) * x[j];
      } else {
        dot = static_cast<double>(anomaly.scales[anomaly.kind == Kind::kKMeans ? i : k * n + i]) * x[i];
      }
      squares += dot * dot;
    }
    const auto offset = static_cast<double>(anomaly.offsets[k]);
    nearest = std::min(nearest, std::sqrt(squares) - offset);
    density += std::exp(offset - squares / 2);
  }
  return anomaly.kind == Kind::kKMeans ? nearest : -std::log(density);
}

RC_GTEST_PROP(Anomaly, ScoresAsTheDefinitionSays, (uint64_t seed)) {
  const Kind kind = *rc::gen::element(Kind::kKMeans, Kind::kDiagonalGaussians, Kind::kFullGaussians);
  const auto count = *rc::gen::inRange<size_t>(1, 12);
  const Detector detector(kind, count, *rc::gen::inRange<size_t>(1, 6), seed);
  RC_ASSERT(Fits(detector.anomaly, count));
  Random random(seed + 1);
  std::vector<float> row;
  for (size_t i = 0; i < count; ++i) row.push_back(3 * random.Normal());
  const double expected = Reference(detector.anomaly, row);
  RC_ASSERT(std::abs(static_cast<double>(Score(detector.anomaly, row)) - expected) <= 2e-5 * (1 + std::abs(expected)));
}

TEST(Anomaly, IsStillANumberWhereEveryDensityVanishes) {
  const Detector detector(Kind::kDiagonalGaussians, 4, 3, 1);
  const std::vector<float> near(4, 1e3f);
  const std::vector<float> far(4, 1e6f);
  EXPECT_GT(Score(detector.anomaly, near), 1000.0f);
  EXPECT_TRUE(std::isfinite(Score(detector.anomaly, far)));
  EXPECT_GT(Score(detector.anomaly, far), Score(detector.anomaly, near));
  // Squares that are too large for a float make a row infinitely strange, not NaN.
  EXPECT_EQ(Score(detector.anomaly, std::vector<float>(4, 3e38f)), std::numeric_limits<float>::infinity());
}

TEST(Anomaly, IsNotMovedByAComponentOutOfReach) {
  constexpr uint16_t kFirst[] = {0};
  constexpr float kOutOfReachThenNear[] = {3e38f, 1};
  constexpr float kOnes[] = {1, 1};
  for (const Kind kind : {Kind::kDiagonalGaussians, Kind::kFullGaussians}) {
    const Anomaly anomaly = {
        .kind = kind, .features = kFirst, .centres = kOutOfReachThenNear, .scales = kOnes, .offsets = kOnes};
    EXPECT_EQ(Score(anomaly, std::vector{1.0f}), -1.0f);
  }
}

TEST(Anomaly, TakesABrokenSensorForStrange) {
  for (const Kind kind : {Kind::kKMeans, Kind::kDiagonalGaussians, Kind::kFullGaussians}) {
    const Detector detector(kind, 3, 2, 5);
    for (const float broken : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
      const float score = Score(detector.anomaly, std::vector{0.0f, broken, 0.0f});
      EXPECT_TRUE(IsStrange(detector.anomaly, score));
    }
  }
  // A feature that the detector does not look at may be what it likes.
  EXPECT_EQ(Score(kDetector, std::vector{10.0f, std::nanf(""), 1.0f}), -1.0f);
}

TEST(Anomaly, IsCheckedForArraysThatDoNotFit) {
  for (const Kind kind : {Kind::kKMeans, Kind::kDiagonalGaussians, Kind::kFullGaussians}) {
    const Detector detector(kind, 3, 2, 5);
    EXPECT_TRUE(Fits(detector.anomaly, 3));
    EXPECT_FALSE(Fits(detector.anomaly, 2));  // it looks at feature 2
    Anomaly wrong = detector.anomaly;
    wrong.scales = wrong.scales.first(wrong.scales.size() - 1);
    EXPECT_FALSE(Fits(wrong, 3));
    wrong = detector.anomaly;
    wrong.centres = wrong.centres.first(3);
    EXPECT_FALSE(Fits(wrong, 3));
    wrong = detector.anomaly;
    wrong.offsets = {};
    EXPECT_FALSE(Fits(wrong, 3));
    wrong = detector.anomaly;
    wrong.kind = static_cast<Kind>(9);
    EXPECT_FALSE(Fits(wrong, 3));
  }
}

TEST(ReconstructionError, IsTheMeanSquaredDifferenceOfScaledFeatures) {
  constexpr float kOffsets[] = {10, 0};
  constexpr float kHalves[] = {0.5f, 1};
  const Anomaly anomaly = {.kind = Kind::kReconstruction, .centres = kOffsets, .scales = kHalves};
  EXPECT_TRUE(Fits(anomaly, 2));
  EXPECT_FALSE(Fits(anomaly, 3));
  float repeated[] = {1, 3};
  kernels::Tensor tensor;
  tensor.type = kernels::Type::kFloat32;
  tensor.data = repeated;
  EXPECT_EQ(ReconstructionError(anomaly, std::vector{14.0f, 0.0f}, tensor), (1.0f + 9.0f) / 2);
  // Without a scaling, features are what was to be repeated.
  EXPECT_EQ(ReconstructionError({.kind = Kind::kReconstruction}, std::vector{1.0f, 5.0f}, tensor), 2.0f);
  for (const float broken : {std::nanf(""), 3e38f, -std::numeric_limits<float>::infinity()}) {
    EXPECT_EQ(ReconstructionError(anomaly, std::vector{broken, 0.0f}, tensor), std::numeric_limits<float>::infinity());
  }
}

TEST(Anomaly, HasTheSameBitsEverywhere) { EXPECT_EQ(AnomalyFingerprint(), kAnomalyFingerprint); }

}  // namespace
}  // namespace thimble::runtime
