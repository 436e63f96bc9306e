// Every golden vector of the reference whose block exists here, and the small ones in the blocks' own folders.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/arena.h"
#include "dsp/block.h"
#include "dsp/blocks_headers.inc"
#include "dsp/fields.h"

namespace thimble::dsp {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Fills Params from a golden case as a reader of impulse files does; a text out of no choice, or an unknown name, is
// the reason returned.
template <typename B>
std::string ReadParams(const json& given, typename B::Params& params) {
  std::string reason;
  std::set<std::string> known(B::kIgnored.begin(), B::kIgnored.end());
  B::Fields(
      [&](const Field& field, auto& member) {
        using Member = std::remove_reference_t<decltype(member)>;
        known.insert(field.name);
        if (!given.contains(field.name)) return;
        const json& value = given[field.name];
        if constexpr (ChoiceMember<Member>) {
          const auto found = std::find(field.choices.begin(), field.choices.end(), value.get<std::string>());
          if (found == field.choices.end()) reason = std::string(field.name) + " has no choice " + value.dump();
          member = static_cast<Member>(found - field.choices.begin());
        } else {
          member = value.get<Member>();
        }
      },
      params);
  for (const auto& [name, value] : given.items()) {
    if (!known.contains(name)) reason = "unknown parameter " + name;
  }
  return reason;
}

struct Answer {
  Status status = Status::kOk;
  std::string reason;
  std::vector<float> features;
};

template <typename B>
Answer Run(const json& parameters, const Window& window, const std::vector<float>& samples) {
  typename B::Params params;
  if (const std::string reason = ReadParams<B>(parameters, params); !reason.empty()) {
    return {Status::kInvalidArgument, reason, {}};
  }
  Answer answer;
  answer.status = kBlock<B>.check(&params, window);
  if (const char* reason = kBlockWords<B>.explain(&params, window)) answer.reason = reason;
  EXPECT_EQ(ok(answer.status), answer.reason.empty());
  if (!ok(answer.status)) return answer;
  struct alignas(kArenaAlignment) Line {
    std::byte bytes[kArenaAlignment];
  };
  // No more bytes than asked for (in whole lines), so that the address sanitizer sees one too many.
  std::vector<Line> prepared(AlignUp(kBlock<B>.prepared_bytes(&params, window)) / kArenaAlignment);
  std::vector<Line> scratch(AlignUp(kBlock<B>.scratch_bytes(&params, window)) / kArenaAlignment);
  answer.features.assign(kBlock<B>.feature_count(&params, window), NAN);
  const auto prepared_bytes = std::as_writable_bytes(std::span(prepared));
  kBlock<B>.prepare(&params, window, prepared_bytes);
  kBlock<B>.extract(&params, window, prepared_bytes, samples, answer.features,
                    std::as_writable_bytes(std::span(scratch)));
  return answer;
}

std::optional<Answer> RunNamed(const std::string& block, const json& parameters, const Window& window,
                               const std::vector<float>& samples) {
#define BLOCK(type) \
  if (block == type::kName) return Run<type>(parameters, window, samples);
#include "dsp/blocks.inc"
#undef BLOCK
  return std::nullopt;
}

fs::path GoldenFolder() {
  const char* shared = std::getenv("THIMBLE_SHARED");
  return fs::path(shared != nullptr ? shared : THIMBLE_SOURCE_DIR "/../shared") / "golden" / "dsp";
}

// Cases whose expected numbers are nothing but the reference's own rounding (an RMS of 3e-15). The exact answer is a
// constant's, and it is what this block gives.
const std::set<std::string> kRoundingNoise = {"spectral_analysis_constant_deci3_1ax"};

struct Worst {
  double share = 0;  // of the tolerance
  std::string name;
};

void Compare(const std::string& name, const json& test, const Answer& answer, Worst& worst) {
  const json& expected = test["expected"]["features"];
  ASSERT_TRUE(ok(answer.status)) << name << ": refused: " << answer.reason;
  ASSERT_EQ(answer.features.size(), expected.size()) << name;
  std::set<size_t> ill;
  if (test.contains("ill_conditioned")) ill = test["ill_conditioned"].get<std::set<size_t>>();
  const double absolute = test["tolerance"]["abs"];
  const double relative = test["tolerance"]["rel"];
  for (size_t i = 0; i < expected.size(); ++i) {
    const double got = static_cast<double>(answer.features[i]);
    EXPECT_TRUE(std::isfinite(got)) << name << ": feature " << i;
    if (ill.contains(i)) continue;
    const double want = expected[i];
    const double share = std::fabs(got - want) / (absolute + relative * std::fabs(want));
    EXPECT_LE(share, 1) << name << ": feature " << i << " is " << got << ", not " << want;
    if (share > worst.share) worst = {share, name + " feature " + std::to_string(i)};
  }
}

// The analysis type that this version of spectral analysis refuses. A wavelet of an unknown name is no such case: the
// reader of the parameters refuses it already.
bool NeedsWavelets(const json& test) {
  const json& parameters = test["parameters"];
  return parameters.value("analysis-type", "") == "Wavelet" && parameters["wavelet"] != "db77";
}

TEST(GoldenVectors, AreMetOrRefusedAsTheReferenceDoes) {
  if (!fs::exists(GoldenFolder())) GTEST_SKIP() << GoldenFolder() << " is not here; set THIMBLE_SHARED";
  std::map<std::string, int> met;
  int refused = 0;
  Worst worst;
  const std::set<fs::path> paths(fs::directory_iterator(GoldenFolder()), fs::directory_iterator{});
  for (const fs::path& path : paths) {
    if (path.extension() != ".json") continue;
    const std::string name = path.stem();
    const json test = json::parse(std::ifstream(path));
    const std::vector<float> samples = test["input"];
    const Result<Window> window =
        WindowOf(samples.size(), static_cast<int>(test["axes"].size()), test["sampling_rate_hz"]);
    if (!window.ok()) {
      EXPECT_TRUE(test["expected"].contains("error")) << name;
      ++refused;
      continue;
    }
    const std::optional<Answer> answer = RunNamed(test["block"], test["parameters"], *window, samples);
    if (!answer.has_value()) continue;  // a block that is not here
    if (NeedsWavelets(test)) {
      EXPECT_EQ(answer->status, Status::kUnsupported) << name;
      EXPECT_NE(answer->reason.find("Wavelet"), std::string::npos) << name;
    } else if (test["expected"].contains("error")) {
      EXPECT_FALSE(ok(answer->status)) << name << " should be refused: " << test["expected"]["error"];
      ++refused;
    } else if (kRoundingNoise.contains(name)) {
      EXPECT_EQ(answer->features, (std::vector<float>{0, 0, -3, 0, -3, -10, -10, -10, -10, -10, -10, -10, -10}));
    } else {
      Compare(name, test, *answer, worst);
      ++met[test["block"]];
    }
  }
  for (const auto& [block, count] : met) std::printf("%s: %d golden vectors met\n", block.c_str(), count);
  std::printf("%d refused, as by the reference; worst error %.3f of the tolerance (%s)\n", refused, worst.share,
              worst.name.c_str());
  EXPECT_EQ(met["raw"], 8);
  EXPECT_GE(met["spectral_analysis"], 86);
}

TEST(GoldenVectors, OfWavelets) {
  if (!fs::exists(GoldenFolder())) GTEST_SKIP() << GoldenFolder() << " is not here; set THIMBLE_SHARED";
  int count = 0;
  for (const fs::path& path : fs::directory_iterator(GoldenFolder())) {
    if (path.extension() == ".json" && NeedsWavelets(json::parse(std::ifstream(path)))) ++count;
  }
  if (count > 0) GTEST_SKIP() << count << " vectors need the wavelet analysis, which is not here";
}

// The causes that the reference names, against the words of ours.
TEST(GoldenVectors, AreRefusedForTheReferencesReason) {
  if (!fs::exists(GoldenFolder())) GTEST_SKIP() << GoldenFolder() << " is not here; set THIMBLE_SHARED";
  const std::map<std::string, std::string> words = {{"cutoff_masks_all", "no bin"},
                                                    {"cutoff_nyquist", "half the sampling rate"},
                                                    {"deci_ratio_5", "input-decimation-ratio"},
                                                    {"deci_too_high_for_cutoff", "decimation"},
                                                    {"empty", "empty"},
                                                    {"fft_not_power_of_2", "power of two"},
                                                    {"filter_unstable", "not be stable"},
                                                    {"lf_low_masks_all_104hz", "no bin"},
                                                    {"lf_too_short", "too short for the low frequencies"},
                                                    {"order_10", "filter order"},
                                                    {"order_odd", "filter order"}};
  for (const auto& [name, word] : words) {
    const json test = json::parse(std::ifstream(GoldenFolder() / ("spectral_analysis_error_" + name + ".json")));
    const std::vector<float> samples = test["input"];
    const Result<Window> window =
        WindowOf(samples.size(), static_cast<int>(test["axes"].size()), test["sampling_rate_hz"]);
    ASSERT_TRUE(window.ok()) << name;
    const std::optional<Answer> answer = RunNamed("spectral_analysis", test["parameters"], *window, samples);
    EXPECT_EQ(answer->status, Status::kInvalidArgument) << name;
    EXPECT_NE(answer->reason.find(word), std::string::npos) << name << ": " << answer->reason;
  }
}

// A golden file of a block's own folder: lines of `param NAME JSON`, `window AXES READINGS RATE_HZ`, `in …`, and
// either `out …` or `refuse BEGINNING OF THE REASON`; '#' begins a comment.
void RunSmallGolden(const std::string& block, const fs::path& path) {
  SCOPED_TRACE(path.string());
  json parameters = json::object();
  Window window;
  std::vector<float> samples;
  std::vector<float> expected;
  std::string refusal;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key;
    words >> key;
    const auto read_numbers = [&words](std::vector<float>& numbers) {
      for (float number; words >> number;) numbers.push_back(number);
    };
    if (key == "param") {
      std::string name;
      std::string value;
      words >> name >> value;
      parameters[name] = json::parse(value);
    } else if (key == "window") {
      words >> window.axes >> window.readings >> window.rate_hz;
    } else if (key == "in") {
      read_numbers(samples);
    } else if (key == "out") {
      read_numbers(expected);
    } else if (key == "refuse") {
      std::getline(words >> std::ws, refusal);
    } else {
      ASSERT_TRUE(key.empty() || key[0] == '#') << "unknown line: " << line;
    }
  }
  const std::optional<Answer> answer = RunNamed(block, parameters, window, samples);
  ASSERT_TRUE(answer.has_value()) << "there is no block " << block;
  if (!refusal.empty()) {
    EXPECT_FALSE(ok(answer->status));
    EXPECT_EQ(answer->reason.substr(0, refusal.size()), refusal);
    return;
  }
  ASSERT_TRUE(ok(answer->status)) << answer->reason;
  ASSERT_EQ(samples.size(), window.SampleCount());
  ASSERT_EQ(answer->features.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(answer->features[i], expected[i], 2e-6) << "feature " << i;
}

TEST(SmallGoldens, AreMetByTheirBlocks) {
#define BLOCK(type)                                                                        \
  {                                                                                        \
    int count = 0;                                                                         \
    const fs::path folder = fs::path(THIMBLE_SOURCE_DIR) / "dsp" / type::kName / "golden"; \
    for (const fs::path& path : fs::directory_iterator(folder)) {                          \
      RunSmallGolden(type::kName, path);                                                   \
      ++count;                                                                             \
    }                                                                                      \
    EXPECT_GE(count, 2) << type::kName << " needs golden files, one of them a refusal";    \
  }
#include "dsp/blocks.inc"
#undef BLOCK
}

}  // namespace
}  // namespace thimble::dsp
