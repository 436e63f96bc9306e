#include "compiler/impulse_file.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "trainer/network.h"
#include "trainer/tflite_writer.h"

namespace thimble::compiler {
namespace {

ImpulseDescription Gestures() {
  dsp::SpectralAnalysis::Params params;
  params.filter_type = dsp::SpectralAnalysis::FilterType::kLow;
  params.filter_cutoff = 8.1F;
  params.fft_length = 32;
  params.do_log = false;
  return {.name = "gestures",
          .axes = {{"accX", "m/s2"}, {"accY", "m/s2"}},
          .rate_hz = 104,
          .window_readings = 208,
          .stride_readings = 8,
          .block = params,
          .labels = {"idle", "wave \"hi\" ü"},
          .data_hash = "00ff"};
}

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

TEST(ImpulseFile, ReadsBackWhatItWrote) {
  const std::string text = WriteImpulse(Gestures());
  const auto read = ParseImpulse("impulse.json", text);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(WriteImpulse(*read), text);
  EXPECT_EQ(read->labels, Gestures().labels);
  const auto& params = std::get<dsp::SpectralAnalysis::Params>(read->block);
  EXPECT_EQ(params.filter_cutoff, 8.1F);
  EXPECT_EQ(params.filter_type, dsp::SpectralAnalysis::FilterType::kLow);
  EXPECT_FALSE(params.do_log);
}

TEST(ImpulseFile, WritesFloatsAsShortAsTheyCanBe) {
  EXPECT_NE(WriteImpulse(Gestures()).find("\"filter-cutoff\": 8.1,"), std::string::npos) << WriteImpulse(Gestures());
}

TEST(ImpulseFile, KeepsDefaultsOfWhatIsLeftOutAndDropsWhatTheBlockIgnores) {
  const std::string text = Replaced(WriteImpulse(Gestures()), "\"do-log\": false,", "\"spectral-peaks-count\": 3,");
  const auto read = ParseImpulse("impulse.json", text);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_TRUE(std::get<dsp::SpectralAnalysis::Params>(read->block).do_log);
}

struct Mistake {
  const char* what;
  const char* by;
  const char* sentence;
};

TEST(ImpulseFile, NamesTheFileAndTheKeyOfAMistake) {
  const Mistake mistakes[] = {
      {"thimble-impulse", "other", "impulse.json: format must be \"thimble-impulse\"; is this the right file?"},
      {"\"version\": 1", "\"version\": 2", "impulse.json: version must be a number from 1 to 1"},
      {"\"rate_hz\": 104.0", "\"rate_hz\": \"fast\"", "impulse.json: input.rate_hz must be a number"},
      {"\"window_readings\": 208", "\"window_readings\": 2.5", "impulse.json: input.window_readings must be a whole"},
      {"\"stride_readings\": 8", "\"stride_readings\": 0",
       "impulse.json: input.stride_readings must be a number from 1"},
      {"\"spectral_analysis\"", "\"magic\"", "impulse.json: block.type must be one of: raw, spectral_analysis"},
      {"\"fft-length\": 32", "\"fft-length\": 31", "fft"},
      {"\"low\"", "\"lowish\"", "impulse.json: block.parameters.filter-type must be one of: low, high, none"},
      {"\"do-log\": false", "\"do-log\": 1", "impulse.json: block.parameters.do-log must be true or false"},
      {"\"do-log\"", "\"do-lag\"", "impulse.json: block.parameters.do-lag is not known here"},
      {"\"classifier\"", "\"oracle\"", "impulse.json: learn.type must be classifier or regressor"},
      {"\"name\": \"gestures\"", "\"nome\": \"gestures\"", "impulse.json: name is missing"},
  };
  for (const Mistake& mistake : mistakes) {
    const auto read = ParseImpulse("impulse.json", Replaced(WriteImpulse(Gestures()), mistake.what, mistake.by));
    ASSERT_FALSE(read.ok()) << mistake.by;
    std::string lower = read.error().message;
    EXPECT_TRUE(lower.find(mistake.sentence) != std::string::npos ||
                (std::string(mistake.sentence) == "fft" && lower.find("FFT") != std::string::npos))
        << lower;
    EXPECT_EQ(ExitCode(read.error().status), 5) << lower;
  }
}

TEST(ImpulseFile, RefusesEveryTruncation) {
  const std::string text = WriteImpulse(Gestures());
  for (size_t size = 0; size + 2 < text.size(); ++size) {
    EXPECT_FALSE(ParseImpulse("impulse.json", text.substr(0, size)).ok()) << size;
  }
}

TEST(ImpulseFile, RefusesNestingThatWouldFillTheStack) {
  EXPECT_FALSE(ParseImpulse("impulse.json", std::string(1'000'000, '[')).ok());
}

RC_GTEST_PROP(ImpulseFile, SurvivesAnyDamage, ()) {
  std::string text = WriteImpulse(Gestures());
  const int changes = *rc::gen::inRange(1, 6);
  for (int i = 0; i < changes; ++i) text[*rc::gen::inRange<size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
  const auto read = ParseImpulse("impulse.json", text);
  if (read.ok()) {
    RC_ASSERT(Check(*read).ok());
  } else {
    RC_ASSERT(read.error().message.starts_with("impulse.json: "));
  }
}

TEST(Check, RefusesLabelsThatRepeat) {
  ImpulseDescription impulse = Gestures();
  impulse.labels = {"a", "a"};
  EXPECT_FALSE(Check(impulse).ok());
}

trainer::Network Doubling() {
  return {.layers = {{.input_count = 1, .output_count = 1, .relu = false, .weights = {2}, .bias = {1}}},
          .softmax = false};
}

ImpulseDescription OneNumber() {
  return {.name = "double",
          .axes = {{"x", ""}},
          .rate_hz = 1,
          .window_readings = 1,
          .stride_readings = 1,
          .block = DefaultParams("raw"),
          .labels = {},
          .data_hash = ""};
}

TEST(BoundImpulse, RunsAndKnowsItsArena) {
  const auto model = trainer::WriteTflite(Doubling());
  auto bound = BoundImpulse::Bind(OneNumber(), model);
  ASSERT_TRUE(bound.ok()) << bound.error().message;
  const BoundImpulse moved = std::move(*bound);  // keeps what the session points at
  moved.session().window()[0] = 20;
  EXPECT_EQ(moved.session().Run().score, 41);
  EXPECT_EQ(moved.arena_bytes(), moved.session().arena_bytes());
}

TEST(BoundImpulse, RefusesAModelForOtherFeatures) {
  ImpulseDescription impulse = OneNumber();
  impulse.window_readings = 2;
  const auto bound = BoundImpulse::Bind(impulse, trainer::WriteTflite(Doubling()));
  ASSERT_FALSE(bound.ok());
  EXPECT_EQ(bound.error().status, Status::kVerificationFailed);
  EXPECT_TRUE(bound.error().message.starts_with("model.tflite: ")) << bound.error().message;
}

TEST(BoundImpulse, RefusesEveryTruncationOfAModelByName) {
  const auto model = trainer::WriteTflite(Doubling());
  for (size_t size = 0; size < model.size(); ++size) {
    const auto bound = BoundImpulse::Bind(OneNumber(), std::span(model).first(size));
    // The last bytes of a file may be padding that nothing points at.
    if (!bound.ok()) {
      EXPECT_TRUE(bound.error().message.starts_with("model.tflite: ")) << bound.error().message;
    } else {
      EXPECT_GE(size + 16, model.size());
    }
  }
}

}  // namespace
}  // namespace thimble::compiler
