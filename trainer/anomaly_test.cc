#include "trainer/anomaly.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "dataset/reader.h"
#include "dataset/windows.h"
#include "dsp/spectral_analysis/block.h"
#include "trainer/evaluate_curves.h"
#include "trainer/features.h"

namespace thimble::trainer {
namespace {

using Kind = runtime::Anomaly::Kind;

constexpr Kind kKinds[] = {Kind::kKMeans, Kind::kDiagonalGaussians, Kind::kFullGaussians};

/// Two clouds, one three times the other's size, of features of very different units; the second feature follows the
/// first. Recordings of ten rows.
Table TwoClouds(int rows, uint64_t seed) {
  Random random(seed);
  Table table;
  table.feature_count = 4;
  for (int row = 0; row < rows; ++row) {
    const float size = row % 3 == 0 ? 3.0f : 1.0f;
    const float centre = row % 3 == 0 ? 20.0f : 0.0f;
    const float first = centre + size * random.Normal();
    table.features.push_back(1000 + first);
    table.features.push_back(0.001f * (first + 0.1f * size * random.Normal()));
    table.features.push_back(7);  // never changes
    table.features.push_back(centre + size * random.Normal());
    table.groups.push_back(row / 10);
  }
  return table;
}

float ScoreOf(const AnomalyDetector& detector, std::vector<float> row) { return runtime::Score(detector.View(), row); }

TEST(FitAnomaly, FindsTheClustersThatThereAre) {
  const Table table = TwoClouds(600, 1);
  for (const Kind kind : kKinds) {
    const auto detector = FitAnomaly(table, {.kind = kind, .components = 2, .regularisation = 1e-6});
    ASSERT_TRUE(detector.ok());
    EXPECT_TRUE(runtime::Fits(detector->View(), 4));
    EXPECT_EQ(detector->features, (std::vector<uint16_t>{0, 1, 3}));
    ASSERT_EQ(detector->notices.size(), 1u);
    EXPECT_EQ(detector->notices[0], "1 feature never changes in the normal rows; the detector does not look at it");
    const size_t small = detector->centres[0] < 1010 ? 0 : 1;
    EXPECT_NEAR(detector->centres[small * 3], 1000, 0.4);
    EXPECT_NEAR(detector->centres[small * 3 + 1], 0, 0.0004);
    EXPECT_NEAR(detector->centres[(1 - small) * 3 + 2], 20, 0.8);
    if (kind == Kind::kDiagonalGaussians) {
      EXPECT_NEAR(1 / detector->scales[small * 3], 1, 0.15);
      EXPECT_NEAR(1 / detector->scales[(1 - small) * 3], 3, 0.4);
    }
    // Normal rows are accepted as often as was asked for; rows between and beyond the clouds are not.
    const std::vector<float> scores = Score(*detector, TwoClouds(600, 2));
    const auto strange = std::count_if(scores.begin(), scores.end(), [&](float s) { return s > detector->threshold; });
    EXPECT_LE(strange, 18);
    EXPECT_GT(ScoreOf(*detector, {1008, 0.008f, 7, 8}), detector->threshold);
    EXPECT_GT(ScoreOf(*detector, {950, -0.05f, 7, 0}), detector->threshold);
  }
}

TEST(FitAnomaly, SeesWithFullCovariancesThatFeaturesPart) {
  const Table table = TwoClouds(600, 1);
  const std::vector<float> parted{1000 + 1.5f, -0.0015f, 7, 0};  // each feature is normal, both together never are
  const auto full = FitAnomaly(table, {.kind = Kind::kFullGaussians, .components = 2, .regularisation = 1e-6});
  const auto diagonal = FitAnomaly(table, {.kind = Kind::kDiagonalGaussians, .components = 2, .regularisation = 1e-6});
  EXPECT_GT(ScoreOf(*full, parted), full->threshold);
  EXPECT_LT(ScoreOf(*diagonal, parted), diagonal->threshold);
}

TEST(FitAnomaly, DensityIntegratesToOne) {
  // Over a grid in the plane of two features the densities sum to 1: weights, determinants and constants are right.
  Table table;
  table.feature_count = 2;
  Random random(3);
  for (int row = 0; row < 300; ++row) {
    const float x = random.Normal() + (row % 2 == 0 ? 4.0f : 0.0f);
    table.features.insert(table.features.end(), {x, 0.5f * x + random.Normal()});
  }
  const double deviation_x = std::sqrt(1 + 4);
  const double deviation_y = std::sqrt(1 + 5.0 / 4);
  for (const Kind kind : {Kind::kDiagonalGaussians, Kind::kFullGaussians}) {
    const auto detector = FitAnomaly(table, {.kind = kind, .components = 3});
    double sum = 0;
    constexpr double kStep = 0.1;
    for (double x = -8; x < 12; x += kStep) {
      for (double y = -8; y < 10; y += kStep) {
        sum += std::exp(-static_cast<double>(ScoreOf(*detector, {static_cast<float>(x), static_cast<float>(y)})));
      }
    }
    // Densities are those of standardised features.
    EXPECT_NEAR(sum * kStep * kStep / (deviation_x * deviation_y), 1, 0.05);
  }
}

TEST(FitAnomaly, GivesTheSameBitsForTheSameSeed) {
  const Table table = TwoClouds(200, 1);
  for (const Kind kind : kKinds) {
    const auto first = FitAnomaly(table, {.kind = kind, .seed = 5});
    const auto second = FitAnomaly(table, {.kind = kind, .seed = 5});
    EXPECT_EQ(first->centres, second->centres);
    EXPECT_EQ(first->scales, second->scales);
    EXPECT_EQ(first->threshold, second->threshold);
  }
}

TEST(FitAnomaly, TakesTheThresholdFromRecordingsThatItHeldOut) {
  // A sensor that drifts: each recording lies a little further. A detector's own rows say nothing about the next ones.
  Random random(6);
  Table table;
  table.feature_count = 1;
  for (int row = 0; row < 200; ++row) {
    table.features.push_back(static_cast<float>(row / 10) + 0.1f * random.Normal());
    table.groups.push_back(row / 10);
  }
  const auto detector = FitAnomaly(table, {.kind = Kind::kDiagonalGaussians, .components = 4, .accepted_share = 0.9});
  const std::vector<float> own = Score(*detector, table);
  EXPECT_GT(detector->threshold, *std::max_element(own.begin(), own.end()));
  const auto& held_out = detector->held_out_scores;
  const auto strange =
      std::count_if(held_out.begin(), held_out.end(), [&](float s) { return s > detector->threshold; });
  EXPECT_EQ(strange, 20);
}

TEST(FitAnomaly, MakesDoWithFewDifferentRows) {
  Table table;
  table.feature_count = 1;
  for (int row = 0; row < 40; ++row) table.features.push_back(static_cast<float>(row % 2));
  for (const Kind kind : kKinds) {
    const auto detector = FitAnomaly(table, {.kind = kind, .components = 32});
    ASSERT_TRUE(detector.ok());
    EXPECT_EQ(detector->offsets.size(), 2u);
    EXPECT_EQ(detector->notices, std::vector<std::string>{"the normal rows hold only 2 of 32 clusters"});
    EXPECT_LE(ScoreOf(*detector, {1}), detector->threshold);
    EXPECT_GT(ScoreOf(*detector, {5}), detector->threshold);
  }
}

TEST(FitAnomaly, WorksOnASingleRecording) {
  Table table = TwoClouds(100, 1);
  table.groups.assign(100, 0);
  EXPECT_TRUE(FitAnomaly(table).ok());
  table.groups.clear();
  EXPECT_TRUE(FitAnomaly(table).ok());
}

TEST(FitAnomaly, RefusesInSentences) {
  const Table good = TwoClouds(100, 1);
  const auto message = [](const Table& table, const AnomalyOptions& options) {
    const auto detector = FitAnomaly(table, options);
    return detector.ok() ? std::string() : detector.error().message;
  };
  const auto says = [&](const Table& table, const AnomalyOptions& options, const std::string& words) {
    const std::string text = message(table, options);
    EXPECT_NE(text.find(words), std::string::npos) << text;
  };
  Table broken = good;
  broken.features[4 * 3 + 1] = std::nanf("");
  says(broken, {}, "row 3: feature 1 is not a finite number");
  says(TwoClouds(9, 1), {}, "at least 10 rows of normal features, not 9");
  says({}, {}, "not 0");
  Table still = good;
  std::fill(still.features.begin(), still.features.end(), 1.0f);
  says(still, {}, "none of the features ever changes");
  says(good, {.features = {4}}, "feature 4 does not exist");
  says(good, {.features = {-1}}, "feature -1 does not exist");
  says(good, {.components = 0}, "at least 1 cluster");
  says(good, {.regularisation = 0}, "positive number");
  says(good, {.accepted_share = 0}, "at most 1");
  says(good, {.iterations = 0}, "at least 1 iteration");
  Table wide;
  wide.feature_count = kMostFullFeatures + 1;
  Random random(1);
  for (int i = 0; i < 20 * wide.feature_count; ++i) wide.features.push_back(random.Normal());
  says(wide, {.kind = Kind::kFullGaussians}, "choose 48 features or fewer, or diagonal");
}

// --- a real machine --------------------------------------------------------------------------------------------------

/// The recordings of data/ceiling-fan.tar.xz beside the checkout; nothing when it is not there.
std::optional<dataset::Dataset> ReadFan() {
  namespace fs = std::filesystem;
  const char* given = std::getenv("THIMBLE_SHARED");
  const fs::path archive =
      fs::path(given != nullptr ? given : THIMBLE_SOURCE_DIR "/../shared") / "data/ceiling-fan.tar.xz";
  if (!fs::exists(archive)) return std::nullopt;
  std::string folder = (fs::temp_directory_path() / "thimble_fan_XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return std::nullopt;
  const std::string unpack = "tar -xJf '" + archive.string() + "' -C '" + folder + "'";
  const bool unpacked = std::system(unpack.c_str()) == 0;
  auto dataset = dataset::ReadFolder(folder + "/ceiling-fan", {.rate_hz = 200});
  fs::remove_all(folder);
  EXPECT_TRUE(unpacked && dataset.ok());
  return dataset.ok() ? std::optional(*std::move(dataset)) : std::nullopt;
}

/// Rows of spectral features (FFT 128, which takes each window's mean off) of one label's recordings.
Table FanFeatures(const dataset::Dataset& dataset, const std::string& label) {
  dataset::Dataset part;
  for (const dataset::Recording& recording : dataset.recordings) {
    if (recording.label != label) continue;
    part.recordings.push_back(recording);
    part.recordings.back().category = dataset::Category::kTraining;
  }
  const auto index = dataset::CutWindows(part, dataset::Category::kTraining, {.window_ms = 1000, .stride_ms = 1000});
  EXPECT_TRUE(index.ok());
  const dsp::SpectralAnalysis::Params params = {.fft_length = 128};
  const dsp::Window window = {.axes = 3, .readings = static_cast<int>(index->readings), .rate_hz = 200};
  auto table = ExtractFeatures(part, *index, {label}, dsp::kBlock<dsp::SpectralAnalysis>, &params, window);
  EXPECT_TRUE(table.ok());
  return *std::move(table);
}

TEST(FitAnomaly, HearsAWeightOnACeilingFan) {
  const std::optional<dataset::Dataset> dataset = ReadFan();
  if (!dataset) GTEST_SKIP() << "no data/ceiling-fan.tar.xz in THIMBLE_SHARED or ../shared";
  for (const auto& [speed, least_area] : {std::pair{"low", 0.995}, std::pair{"high", 0.98}}) {
    const Table balanced = FanFeatures(*dataset, std::string("fan_0_") + speed + "_0_weight");
    const Table weighted = FanFeatures(*dataset, std::string("fan_0_") + speed + "_1_weight");
    std::vector<int> first, last;  // recordings are in the order in which they were made
    for (int row = 0; row < balanced.rows(); ++row) (10 * row < 7 * balanced.rows() ? first : last).push_back(row);
    const auto detector = FitAnomaly(balanced.Select(first));
    ASSERT_TRUE(detector.ok());
    const std::vector<float> normal = Score(*detector, balanced.Select(last));
    std::vector<float> scores = Score(*detector, weighted);
    std::vector<int> labels(scores.size(), 1);
    scores.insert(scores.end(), normal.begin(), normal.end());
    labels.resize(scores.size(), 0);
    const auto curve = MakeCurve(scores, labels);
    ASSERT_TRUE(curve.ok());
    const auto alarms = std::count_if(normal.begin(), normal.end(), [&](float s) { return s > detector->threshold; });
    const auto found = std::count_if(scores.begin(), scores.begin() + weighted.rows(),
                                     [&](float s) { return s > detector->threshold; });
    EXPECT_GE(curve->Area(), least_area) << speed;
    EXPECT_LE(static_cast<double>(alarms) / static_cast<double>(normal.size()), 0.05) << speed;
    GTEST_LOG_(INFO) << speed << ": AUC " << curve->Area() << ", false alarms " << alarms << " of " << normal.size()
                     << ", found " << found << " of " << weighted.rows() << ", " << detector->flash_bytes() << " B";
  }
}

}  // namespace
}  // namespace thimble::trainer
