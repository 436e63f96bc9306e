// The golden vectors of the reference, through the blocks in integers: how many features meet the tolerance made for
// floats, and that none is far off.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "dsp/fields.h"
#include "dsp/fixed/fixed_test_support.h"
#include "dsp/fixed/mfcc.h"
#include "dsp/fixed/mfe.h"
#include "dsp/fixed/spectral_analysis.h"

namespace thimble::dsp::fixed {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path GoldenFolder() {
  const char* shared = std::getenv("THIMBLE_SHARED");
  return fs::path(shared != nullptr ? shared : THIMBLE_SOURCE_DIR "/../shared") / "golden" / "dsp";
}

// False for a choice that does not exist.
template <typename B>
bool ReadParams(const json& given, typename B::Params& params) {
  bool good = true;
  B::Twin::Fields(
      [&](const Field& field, auto& member) {
        using Member = std::remove_reference_t<decltype(member)>;
        if (!given.contains(field.name)) return;
        const json& value = given[field.name];
        if constexpr (ChoiceMember<Member>) {
          const auto found = std::find(field.choices.begin(), field.choices.end(), value.get<std::string>());
          if (found == field.choices.end()) good = false;
          member = static_cast<Member>(found - field.choices.begin());
        } else {
          member = value.get<Member>();
        }
      },
      params);
  return good;
}

// As a converter would have given them: as they are, or with the largest one as large as it can be.
float Quantise(const std::vector<double>& samples, std::vector<int16_t>& quantised) {
  double largest = 0;
  bool whole = true;
  for (const double sample : samples) {
    largest = std::max(largest, std::fabs(sample));
    whole = whole && sample == std::nearbyint(sample);
  }
  const double unit = whole && largest <= 32767 ? 1 : largest / 32767;
  for (const double sample : samples) quantised.push_back(static_cast<int16_t>(std::lround(sample / unit)));
  return static_cast<float>(unit);
}

struct Tally {
  int cases = 0;
  int refused = 0;  ///< by the block in integers alone
  int features = 0;
  int met = 0;           ///< within the tolerance that is meant for floats
  double worst = 0;      ///< error over 1 + the size of what was expected
  std::string worst_at;  ///< its case
};

// A constant has bands that hold nothing at all, but for the one with 0 Hz: their logarithms say how small a number
// arithmetic can hold.
const std::set<std::string> kNothingButArithmetic = {"mfcc_constant_win0"};

template <typename B>
void RunCase(const std::string& name, const json& test, Tally& tally) {
  typename B::Params params;
  if (!ReadParams<B>(test["parameters"], params)) return;
  const std::vector<double> samples = test["input"];
  const Result<Window> window =
      WindowOf(samples.size(), static_cast<int>(test["axes"].size()), test["sampling_rate_hz"]);
  ASSERT_TRUE(window.ok()) << name;
  std::vector<int16_t> quantised;
  const float unit = Quantise(samples, quantised);
  const char* reason = B::Explain(params, *window, unit);
  EXPECT_EQ(ok(B::Check(params, *window, unit)), reason == nullptr) << name;
  if (reason != nullptr) {
    ++tally.refused;
    return;
  }
  const std::vector<int32_t> got = FixedFeatures(kFixedBlock<B>, &params, *window, unit, quantised);
  const json& expected = test["expected"]["features"];
  ASSERT_EQ(got.size(), expected.size()) << name;
  std::set<size_t> exempt;
  for (const char* key : {"ill_conditioned", "platform_dependent"}) {
    if (test.contains(key)) exempt.merge(test[key].get<std::set<size_t>>());
  }
  const double absolute = test["tolerance"]["abs"];
  const double relative = test["tolerance"]["rel"];
  ++tally.cases;
  for (size_t i = 0; i < got.size(); ++i) {
    if (exempt.contains(i)) continue;
    const double want = expected[i];
    const double error = std::fabs(static_cast<double>(got[i]) / kOne - want);
    ++tally.features;
    if (error <= absolute + relative * std::fabs(want)) ++tally.met;
    if (error / (1 + std::fabs(want)) > tally.worst) {
      tally.worst = error / (1 + std::fabs(want));
      tally.worst_at = name + " feature " + std::to_string(i);
    }
  }
}

template <typename B>
Tally RunAll() {
  Tally tally;
  const std::set<fs::path> paths(fs::directory_iterator(GoldenFolder()), fs::directory_iterator{});
  for (const fs::path& path : paths) {
    const std::string name = path.stem();
    if (path.extension() != ".json" || name.rfind(B::Twin::kName, 0) != 0) continue;
    if (kNothingButArithmetic.contains(name)) continue;
    const json test = json::parse(std::ifstream(path));
    if (test["expected"].contains("features")) RunCase<B>(name, test, tally);
  }
  std::printf(
      "%s: %d vectors, %d refused; %d of %d features within the tolerance for floats; worst %.4f of 1 + size (%s)\n",
      B::Twin::kName, tally.cases, tally.refused, tally.met, tally.features, tally.worst, tally.worst_at.c_str());
  return tally;
}

#define SKIP_WITHOUT_VECTORS() \
  if (!fs::exists(GoldenFolder())) GTEST_SKIP() << GoldenFolder() << " is not here; set THIMBLE_SHARED"

TEST(FixedGoldenVectors, OfSpectralAnalysisAreNearlyMet) {
  SKIP_WITHOUT_VECTORS();
  const Tally tally = RunAll<SpectralAnalysis>();
  EXPECT_GE(tally.cases, 60);
  EXPECT_GE(tally.met, 0.98 * tally.features);
  EXPECT_LE(tally.worst, 0.02);
}

TEST(FixedGoldenVectors, OfMfeAreMet) {
  SKIP_WITHOUT_VECTORS();
  const Tally tally = RunAll<Mfe>();
  EXPECT_GE(tally.cases, 27);
  EXPECT_EQ(tally.met, tally.features);
}

TEST(FixedGoldenVectors, OfMfccAreNearlyMet) {
  SKIP_WITHOUT_VECTORS();
  const Tally tally = RunAll<Mfcc>();
  EXPECT_GE(tally.cases, 35);
  EXPECT_EQ(tally.refused, 0);
  EXPECT_GE(tally.met, 0.94 * tally.features);
  // A band of 0 Hz alone, 90 dB below its frame, weighs in all coefficients.
  EXPECT_LE(tally.worst, 0.2);
}

}  // namespace
}  // namespace thimble::dsp::fixed
