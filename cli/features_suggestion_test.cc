#include "cli/features_suggestion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace thimble::cli {
namespace {

/// Recordings of two labels that differ by their frequency only; noise from a fixed sequence.
dataset::Dataset Rhythms(double slow_hz, double fast_hz, double rate_hz, size_t readings, int recordings) {
  dataset::Dataset set;
  uint32_t noise = 1;
  for (int i = 0; i < 2 * recordings; ++i) {
    dataset::Recording recording;
    recording.label = i % 2 == 0 ? "slow" : "fast";
    recording.name = recording.label + "." + std::to_string(i);
    recording.file = recording.name + ".csv";
    recording.axes = {{"x", "g"}};
    recording.interval_ms = 1000 / rate_hz;
    const double hz = i % 2 == 0 ? slow_hz : fast_hz;
    for (size_t j = 0; j < readings; ++j) {
      noise = noise * 1664525 + 1013904223;
      const double turns = hz * static_cast<double>(j) / rate_hz + 0.13 * i;
      recording.values.push_back(
          static_cast<float>(std::sin(2 * std::numbers::pi * turns) + 1e-10 * (noise >> 8) * 0.5));
    }
    set.recordings.push_back(std::move(recording));
  }
  return set;
}

struct Cut {
  dataset::WindowIndex index;
  dsp::Window window;
};

Cut CutInto(const dataset::Dataset& set, double window_ms) {
  Cut cut;
  const auto index = dataset::CutAllWindows(set, {.window_ms = window_ms, .stride_ms = window_ms / 2});
  EXPECT_TRUE(index.ok());
  cut.index = *index;
  cut.window = {.axes = 1,
                .readings = static_cast<int>(index->readings),
                .rate_hz = static_cast<float>(set.recordings.front().rate_hz())};
  return cut;
}

bool Says(const Suggestion& suggestion, const std::string& words) {
  return std::any_of(suggestion.reasons.begin(), suggestion.reasons.end(),
                     [&](const std::string& reason) { return reason.find(words) != std::string::npos; });
}

TEST(MeasureBand, FindsTheFrequenciesOfEachLabel) {
  const dataset::Dataset set = Rhythms(2, 5, 100, 1000, 4);
  const Cut cut = CutInto(set, 2000);
  const BandFacts facts = MeasureBand(set, cut.index, cut.window);
  ASSERT_EQ(facts.dominant_of_label.size(), 2u);
  EXPECT_EQ(facts.dominant_of_label[0].first, "fast");
  EXPECT_NEAR(facts.dominant_of_label[0].second, 5, facts.bin_hz);
  EXPECT_NEAR(facts.dominant_of_label[1].second, 2, facts.bin_hz);
  EXPECT_LE(facts.high_hz, 5 + 2 * facts.bin_hz);
  EXPECT_LE(facts.separating_hz, 6 + facts.bin_hz);
}

TEST(SuggestFeatures, TellsRhythmsApartAndSaysWhy) {
  const dataset::Dataset set = Rhythms(2, 3.2, 100, 1000, 6);
  const Cut cut = CutInto(set, 2000);
  const auto suggestion = SuggestFeatures(set, cut.index, cut.window, "");
  ASSERT_TRUE(suggestion.ok()) << suggestion.error().message;
  // Rhythms of one strength differ in the spectrum alone.
  EXPECT_EQ(suggestion->block, "spectral_analysis");
  EXPECT_GE(suggestion->tried.front().accuracy, 0.95);
  EXPECT_TRUE(Says(*suggestion, "slow 1.6 Hz") || Says(*suggestion, "slow 2.3 Hz")) << suggestion->reasons.front();
  EXPECT_TRUE(Says(*suggestion, "judged on recordings left out"));
  // What was chosen is among what was tried, and no other that is about as good is cheaper.
  const auto chosen = std::find_if(suggestion->tried.begin(), suggestion->tried.end(), [&](const auto& trial) {
    return trial.block == suggestion->block && trial.parameters == suggestion->parameters;
  });
  ASSERT_NE(chosen, suggestion->tried.end());
  for (const Suggestion::Trial& trial : suggestion->tried) {
    if (trial.accuracy >= suggestion->tried.front().accuracy) {
      EXPECT_LE(chosen->features, trial.features);
    }
  }
}

TEST(SuggestFeatures, TriesToDecimateOnlyWhatIsSlowAgainstItsRate) {
  const auto tries_decimation = [](const dataset::Dataset& set) {
    const Cut cut = CutInto(set, 4000);
    const auto suggestion = SuggestFeatures(set, cut.index, cut.window, "spectral_analysis");
    EXPECT_TRUE(suggestion.ok()) << suggestion.error().message;
    return std::any_of(suggestion->tried.begin(), suggestion->tried.end(), [](const auto& trial) {
      return trial.parameters.find("\"input-decimation-ratio\":\"10\"") != std::string::npos;
    });
  };
  EXPECT_TRUE(tries_decimation(Rhythms(1.0, 1.6, 1000, 12000, 5)));
  EXPECT_FALSE(tries_decimation(Rhythms(30, 45, 100, 1200, 5)));
}

TEST(SuggestFeatures, JudgesASingleRecordingByItsLastPartAndSaysSo) {
  const dataset::Dataset set = Rhythms(2, 8, 100, 4000, 1);
  const Cut cut = CutInto(set, 1000);
  const auto suggestion = SuggestFeatures(set, cut.index, cut.window, "");
  ASSERT_TRUE(suggestion.ok()) << suggestion.error().message;
  EXPECT_GE(suggestion->tried.front().accuracy, 0.9);
  EXPECT_TRUE(Says(*suggestion, "the last 40 %"));
}

TEST(SuggestFeatures, WithoutLabelsGoesByRulesAndSaysSo) {
  dataset::Dataset set = Rhythms(2, 8, 100, 1000, 2);
  for (dataset::Recording& recording : set.recordings) recording.label.clear();
  const Cut cut = CutInto(set, 1000);
  const auto suggestion = SuggestFeatures(set, cut.index, cut.window, "");
  ASSERT_TRUE(suggestion.ok()) << suggestion.error().message;
  EXPECT_TRUE(Says(*suggestion, "Nothing is labelled"));
  EXPECT_EQ(suggestion->tried.front().accuracy, -1);
}

TEST(SuggestFeatures, StopsWhenAsked) {
  const dataset::Dataset set = Rhythms(2, 8, 100, 1000, 2);
  const Cut cut = CutInto(set, 1000);
  const auto suggestion =
      SuggestFeatures(set, cut.index, cut.window, "", [](double, const std::string&) { return false; });
  ASSERT_FALSE(suggestion.ok());
  EXPECT_EQ(suggestion.error().status, Status::kCancelled);
}

TEST(SuggestFeatures, PassesOnWhyABlockRefuses) {
  const dataset::Dataset set = Rhythms(2, 8, 100, 1000, 2);
  const Cut cut = CutInto(set, 1000);
  const auto suggestion = SuggestFeatures(set, cut.index, cut.window, "image");
  ASSERT_FALSE(suggestion.ok());
  EXPECT_TRUE(suggestion.error().message.starts_with("image: ")) << suggestion.error().message;
}

}  // namespace
}  // namespace thimble::cli
