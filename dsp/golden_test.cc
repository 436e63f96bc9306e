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
  Layout layout;
  std::vector<FeatureName> names;
};

template <typename B>
Answer Run(const json& parameters, const Window& window, const std::vector<float>& samples) {
  typename B::Params params;
  if (const std::string reason = ReadParams<B>(parameters, params); !reason.empty()) {
    return {Status::kInvalidArgument, reason, {}, {}, {}};
  }
  Answer answer;
  answer.status = kBlock<B>.check(&params, window);
  if (const char* reason = kBlockWords<B>.explain(&params, window)) answer.reason = reason;
  EXPECT_EQ(ok(answer.status), answer.reason.empty());
  if (!ok(answer.status)) return answer;
  if (samples.size() != window.SampleCount()) {
    ADD_FAILURE() << B::kName << " takes a window of " << window.SampleCount() << " numbers, but there are "
                  << samples.size();
    return answer;
  }
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
  answer.layout = kBlockWords<B>.layout_of(&params, window);
  for (size_t i = 0; i < answer.features.size(); ++i) {
    answer.names.push_back(kBlockWords<B>.name_of(&params, window, i));
  }
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

// The window and the samples of a case: a picture's numbers begin with width and height, and its pixels may carry an
// opacity above the colours. kInvalidArgument where the numbers are no whole readings.
struct Input {
  Status status = Status::kOk;
  Window window;
  std::vector<float> samples;
};

Input InputOf(const json& test) {
  const bool is_picture = test["shape"].size() == 3;
  const std::vector<double> numbers = test["input"];
  Input input;
  for (size_t i = is_picture ? 2 : 0; i < numbers.size(); ++i) {
    input.samples.push_back(is_picture ? static_cast<float>(static_cast<uint32_t>(numbers[i]) & 0xFFFFFF)
                                       : static_cast<float>(numbers[i]));
  }
  const Result<Window> window =
      WindowOf(input.samples.size(), static_cast<int>(test["axes"].size()), test["sampling_rate_hz"]);
  input.status = window.status();
  if (!window.ok()) return input;
  input.window = *window;
  if (is_picture) {
    input.window.height = test["shape"][1];
    input.window.width = test["shape"][2];
  }
  return input;
}

// Asked for more coefficients than there are filters, the reference gives as many as there are, but says the shape that
// it was asked for.
const std::set<std::string> kWrongShape = {"mfcc_cepstral_more_than_filters"};

struct Worst {
  double share = 0;  // of the tolerance
  std::string name;
};

std::set<size_t> Indices(const json& test, const char* key) {
  return test.contains(key) ? test[key].get<std::set<size_t>>() : std::set<size_t>();
}

void Compare(const std::string& name, const json& test, const Answer& answer, Worst& worst) {
  const json& expected = test["expected"]["features"];
  ASSERT_EQ(answer.features.size(), expected.size()) << name;
  const std::set<size_t> ill = Indices(test, "ill_conditioned");
  const std::set<size_t> overflown = Indices(test, "platform_dependent");
  const double absolute = test["tolerance"]["abs"];
  const double relative = test["tolerance"]["rel"];
  for (size_t i = 0; i < expected.size(); ++i) {
    const double got = static_cast<double>(answer.features[i]);
    EXPECT_TRUE(std::isfinite(got)) << name << ": feature " << i;
    if (ill.contains(i)) continue;
    if (overflown.contains(i)) {
      EXPECT_TRUE(got == 0 || got == 255.0 / 256) << name << ": feature " << i << " is " << got;
      continue;
    }
    const double want = expected[i];
    const double share = std::fabs(got - want) / (absolute + relative * std::fabs(want));
    EXPECT_LE(share, 1) << name << ": feature " << i << " is " << got << ", not " << want;
    if (share > worst.share) worst = {share, name + " feature " + std::to_string(i)};
  }
}

void CompareLayout(const std::string& name, const json& expected, const Layout& layout) {
  constexpr const char* kKinds[] = {"flat", "spectrogram", "image"};
  EXPECT_EQ(kKinds[static_cast<size_t>(layout.kind)], expected["type"]) << name;
  json shape = {{"width", layout.width}};
  if (layout.kind != Layout::Kind::kFlat) shape["height"] = layout.height;
  if (layout.kind == Layout::Kind::kImage) {
    shape["channels"] = layout.channels;
    shape["frames"] = layout.frames;
  }
  EXPECT_EQ(shape, expected["shape"]) << name;
}

// The reference names the features of one axis; all axes have the same.
void CompareNames(const std::string& name, const json& labels, const Answer& answer) {
  json names = json::array();
  for (const FeatureName& own : answer.names) {
    if (own.axis == 0) names.push_back(own.text);
  }
  EXPECT_EQ(names, labels) << name;
}

TEST(GoldenVectors, AreMetOrRefusedAsTheReferenceDoes) {
  if (!fs::exists(GoldenFolder())) GTEST_SKIP() << GoldenFolder() << " is not here; set THIMBLE_SHARED";
  std::map<std::string, std::pair<int, Worst>> met;
  int refused = 0;
  const std::set<fs::path> paths(fs::directory_iterator(GoldenFolder()), fs::directory_iterator{});
  for (const fs::path& path : paths) {
    if (path.extension() != ".json") continue;
    const std::string name = path.stem();
    const json test = json::parse(std::ifstream(path));
    const bool to_refuse = test["expected"].contains("error");
    const Input input = InputOf(test);
    if (!ok(input.status)) {
      EXPECT_TRUE(to_refuse) << name;
      ++refused;
      continue;
    }
    const std::optional<Answer> answer = RunNamed(test["block"], test["parameters"], input.window, input.samples);
    ASSERT_TRUE(answer.has_value()) << name << ": there is no block " << test["block"];
    if (to_refuse) {
      EXPECT_FALSE(ok(answer->status)) << name << " should be refused: " << test["expected"]["error"];
      ++refused;
      continue;
    }
    EXPECT_TRUE(ok(answer->status)) << name << ": refused: " << answer->reason;
    if (!ok(answer->status)) continue;
    auto& [count, worst] = met[test["block"]];
    ++count;
    if (kRoundingNoise.contains(name)) {
      EXPECT_EQ(answer->features, (std::vector<float>{0, 0, -3, 0, -3, -10, -10, -10, -10, -10, -10, -10, -10}));
    } else {
      Compare(name, test, *answer, worst);
    }
    if (test["expected"].contains("output_config") && !kWrongShape.contains(name)) {
      CompareLayout(name, test["expected"]["output_config"], answer->layout);
    }
    if (test.contains("labels")) CompareNames(name, test["labels"], *answer);
  }
  for (const auto& [block, result] : met) {
    std::printf("%s: %d golden vectors met, worst error %.3f of the tolerance (%s)\n", block.c_str(), result.first,
                result.second.share, result.second.name.c_str());
  }
  std::printf("%d refused, as by the reference\n", refused);
  for (const char* block : {"flatten", "image", "mfcc", "mfe", "raw", "spectral_analysis", "spectrogram"}) {
    EXPECT_GE(met[block].first, 8) << block << " has hardly any golden vectors";
  }
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
    const Input input = InputOf(test);
    ASSERT_TRUE(ok(input.status)) << name;
    const std::optional<Answer> answer = RunNamed("spectral_analysis", test["parameters"], input.window, input.samples);
    EXPECT_EQ(answer->status, Status::kInvalidArgument) << name;
    EXPECT_NE(answer->reason.find(word), std::string::npos) << name << ": " << answer->reason;
  }
}

// A golden file of a block's own folder: lines of `param NAME JSON`, `window AXES READINGS RATE_HZ` (of pictures, WIDTH
// HEIGHT behind it), `in …`, and either `out …` or `refuse BEGINNING OF THE REASON`; '#' begins a comment.
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
      words >> window.axes >> window.readings >> window.rate_hz >> window.width >> window.height;
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
