#include "compiler/impulse_file.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "trainer/model_tflite.h"
#include "trainer/test_models.h"

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

TEST(ImpulseFile, KeepsTheSizeOfPictures) {
  const ImpulseDescription pictures = {.name = "pictures",
                                       .axes = {{"pixel", ""}},
                                       .rate_hz = 1,
                                       .window_readings = 48,
                                       .stride_readings = 48,
                                       .block = DefaultParams("image"),
                                       .labels = {"cat", "dog"},
                                       .data_hash = {},
                                       .width = 8,
                                       .height = 6};
  const std::string text = WriteImpulse(pictures);
  const auto read = ParseImpulse("impulse.json", text);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->Window().width, 8);
  EXPECT_EQ(read->Window().height, 6);
  EXPECT_EQ(ParseImpulse("impulse.json", Replaced(text, "\"height\": 6", "\"height\": 5")).error().status,
            Status::kVerificationFailed);
  const auto half = ParseImpulse("impulse.json", Replaced(text, "\"width\": 8,", ""));
  ASSERT_FALSE(half.ok());
  EXPECT_NE(half.error().message.find("input.width is missing"), std::string::npos) << half.error().message;
}

TEST(ImpulseFile, KeepsTheScalingOfFeatures) {
  ImpulseDescription impulse = Gestures();
  EXPECT_EQ(WriteImpulse(impulse).find("standardise"), std::string::npos);
  impulse.feature_offsets = {0.1F, -3e20F, 0};
  impulse.feature_scales = {1.0F / 3, 1e-20F, 0};
  const std::string text = WriteImpulse(impulse);
  const auto read = ParseImpulse("impulse.json", text);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->feature_offsets, impulse.feature_offsets);
  EXPECT_EQ(read->feature_scales, impulse.feature_scales);
  const std::pair<std::string, std::string> mistakes[] = {
      {Replaced(text, "-3e+20,", ""), "impulse.json: features have 2 offsets but 3 scales; give one of each"},
      {Replaced(text, "-3e+20,", "-3e+200,"),
       "impulse.json: an offset or a scale of a feature is too large for float32"},
      {Replaced(text, "-3e+20,", "true,"), "impulse.json: learn.standardise.offset must be a list of numbers"},
      {Replaced(text, "\"offset\"", "\"offsets\""), "impulse.json: learn.standardise.offset is missing"}};
  for (const auto& [broken, sentence] : mistakes) {
    const auto refused = ParseImpulse("impulse.json", broken);
    ASSERT_FALSE(refused.ok()) << sentence;
    EXPECT_TRUE(refused.error().message.starts_with(sentence)) << refused.error().message;
  }
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
      {"\"spectral_analysis\"", "\"magic\"", "impulse.json: block.type must be one of: "},
      {"\"fft-length\": 32", "\"fft-length\": 31", "fft"},
      {"\"low\"", "\"lowish\"", "impulse.json: block.parameters.filter-type must be one of: low, high, none"},
      {"\"do-log\": false", "\"do-log\": 1", "impulse.json: block.parameters.do-log must be true or false"},
      {"\"do-log\"", "\"do-lag\"", "impulse.json: block.parameters.do-lag is not known here"},
      {"\"classifier\"", "\"oracle\"", "impulse.json: learn.type must be classifier, regressor or anomaly"},
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

std::vector<std::byte> Doubling() {
  return *trainer::WriteTflite(trainer::DenseModel(1, {trainer::Weights({2}, {1})}, false));
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
  const auto model = Doubling();
  auto bound = BoundImpulse::Bind(OneNumber(), model);
  ASSERT_TRUE(bound.ok()) << bound.error().message;
  const BoundImpulse moved = std::move(*bound);  // keeps what the session points at
  moved.session().window()[0] = 20;
  EXPECT_EQ(moved.session().Run().score, 41);
  EXPECT_EQ(moved.arena_bytes(), moved.session().arena_bytes());
}

TEST(BoundImpulse, ScalesFeatures) {
  ImpulseDescription impulse = OneNumber();
  impulse.feature_offsets = {10};
  impulse.feature_scales = {0.5F};
  const auto bound = BoundImpulse::Bind(impulse, Doubling());
  ASSERT_TRUE(bound.ok()) << bound.error().message;
  bound->session().window()[0] = 20;
  EXPECT_EQ(bound->session().Run().score, 11);
  impulse.feature_offsets = impulse.feature_scales = {1, 1};
  const auto refused = BoundImpulse::Bind(impulse, Doubling());
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("one offset and one scale for each feature"), std::string::npos)
      << refused.error().message;
}

TEST(BoundImpulse, RefusesAModelForOtherFeatures) {
  ImpulseDescription impulse = OneNumber();
  impulse.window_readings = 2;
  const auto bound = BoundImpulse::Bind(impulse, Doubling());
  ASSERT_FALSE(bound.ok());
  EXPECT_EQ(bound.error().status, Status::kVerificationFailed);
  EXPECT_TRUE(bound.error().message.starts_with("model.tflite: ")) << bound.error().message;
}

TEST(BoundImpulse, RefusesEveryTruncationOfAModelByName) {
  const auto model = Doubling();
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

TEST(Parameters, AreReadBackAsTheyWereWritten) {
  BlockParams params = DefaultParams("spectral_analysis");
  const Outcome read = ReadParameters(
      "case.json", R"({"fft-length":64,"filter-type":"low","filter-cutoff":0.1,"do-log":false})", params);
  ASSERT_TRUE(read.ok()) << read.error().message;
  BlockParams again = DefaultParams("spectral_analysis");
  ASSERT_TRUE(ReadParameters("", WriteParameters(params), again).ok());
  EXPECT_EQ(WriteParameters(again), WriteParameters(params));
  std::map<std::string, std::string> values;
  for (const BlockParameter& parameter : ParametersOf(again)) values[parameter.field.name] = parameter.value;
  EXPECT_EQ(values["fft-length"], "64");
  EXPECT_EQ(values["filter-type"], "low");
  EXPECT_EQ(values["filter-cutoff"], "0.1");
  EXPECT_EQ(values["do-log"], "false");
  EXPECT_EQ(values["scale-axes"], "1");
}

TEST(Parameters, AreRefusedWithTheirPlaceAndName) {
  const auto error = [](std::string_view json) {
    BlockParams params = DefaultParams("spectral_analysis");
    const Outcome read = ReadParameters("case.json", json, params);
    return read.ok() ? "(no error)" : read.error().message;
  };
  EXPECT_EQ(error(R"({"fft-length":"64"})"), "case.json: fft-length must be a number from 8 to 4096");
  EXPECT_EQ(error(R"({"fft-lenght":64})"), "case.json: fft-lenght is not known here; remove it or correct its name");
  EXPECT_EQ(error("[1]"), "case.json: must be an object in braces");
  EXPECT_EQ(error("{"), "case.json: is not a whole JSON object");
  EXPECT_EQ(error(std::string(100000, '[')), "case.json: is not a whole JSON object");
}

}  // namespace
}  // namespace thimble::compiler
