// Impulses with an anomaly detector: in their file, bound, and as C++.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "compiler/emit.h"
#include "compiler/impulse_file.h"
#include "trainer/model_quantise.h"
#include "trainer/model_tflite.h"

namespace thimble::compiler {
namespace {

using Kind = runtime::Anomaly::Kind;

/// Two clusters in a plane; a window is one reading.
ImpulseDescription Clusters() {
  ImpulseDescription impulse;
  impulse.name = "clusters";
  impulse.axes = {{"x", ""}, {"y", ""}};
  impulse.rate_hz = 1;
  impulse.window_readings = 1;
  impulse.stride_readings = 1;
  impulse.block = DefaultParams("raw");
  impulse.model_file.clear();
  impulse.anomaly = {.kind = Kind::kKMeans,
                     .features = {1, 0},
                     .centres = {10, 0, -10, 0},
                     .scales = {0.5F, 0.1F},
                     .offsets = {1, 2},
                     .threshold = 0.25F,
                     .normal = {"idle", "wave"}};
  return impulse;
}

/// Repeats one number, scaled, twice too large.
ImpulseDescription Repeats() {
  ImpulseDescription impulse = Clusters();
  impulse.axes = {{"x", ""}};
  impulse.model_file = "model.tflite";
  impulse.feature_offsets = {10};
  impulse.feature_scales = {0.5F};
  impulse.anomaly = {.kind = Kind::kReconstruction,
                     .features = {},
                     .centres = {},
                     .scales = {},
                     .offsets = {},
                     .threshold = 4,
                     .normal = {"idle"}};
  return impulse;
}

std::vector<std::byte> DoublingModel() {
  trainer::ModelSpec spec;
  spec.layers.push_back({.kind = trainer::LayerKind::kDense, .units = 1});
  trainer::Model model = *trainer::Initialise(spec, 1);
  model.weights.front().weights = {2};
  model.weights.front().bias = {0};
  return *trainer::WriteTflite(model);
}

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

TEST(AnomalyImpulse, IsReadBackAsItWasWritten) {
  for (const ImpulseDescription& impulse : {Clusters(), Repeats()}) {
    const std::string text = WriteImpulse(impulse);
    const auto read = ParseImpulse("impulse.json", text);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(WriteImpulse(*read), text);
    EXPECT_EQ(read->has_network(), impulse.has_network());
    EXPECT_FALSE(read->is_regressor());
    EXPECT_EQ(read->anomaly->normal, impulse.anomaly->normal);
    EXPECT_EQ(read->anomaly->scales, impulse.anomaly->scales);
    EXPECT_EQ(read->anomaly->threshold, impulse.anomaly->threshold);
  }
  EXPECT_NE(WriteImpulse(Clusters()).find("\"type\": \"anomaly\""), std::string::npos);
}

TEST(AnomalyImpulse, MayHaveAClassifierBesideIt) {
  ImpulseDescription impulse = Clusters();
  impulse.labels = {"idle", "wave"};
  impulse.model_file = "model.tflite";
  const auto read = ParseImpulse("impulse.json", WriteImpulse(impulse));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->labels, impulse.labels);
  EXPECT_EQ(read->anomaly->centres, impulse.anomaly->centres);
  EXPECT_EQ(ApplicationOf(*read), "detecting_impulse_application");
  EXPECT_EQ(ApplicationOf(Clusters()), "detector_impulse_application");
}

TEST(AnomalyImpulse, NamesTheKeyOfAMistake) {
  const std::string clusters = WriteImpulse(Clusters()), repeats = WriteImpulse(Repeats());
  const std::pair<std::string, std::string> mistakes[] = {
      {Replaced(clusters, "kmeans", "magic"), "learn.anomaly.kind must be one of: kmeans, gmm, gmm_full, autoencoder"},
      {Replaced(clusters, "\"threshold\": 0.25,", ""), "learn.anomaly.threshold is missing"},
      {Replaced(clusters, "0.25", "1e300"), "learn.anomaly.threshold must be a number from"},
      {Replaced(clusters, "\"normal\"", "\"usual\""), "learn.anomaly.normal is missing"},
      {Replaced(clusters, "-10.0,", ""), "the anomaly detector has arrays that do not fit together"},
      {Replaced(clusters, "-10.0,", "1e300,"), "the anomaly detector has a number that is too large"},
      {Replaced(clusters, "\"features\": [\n        1", "\"features\": [\n        2"), "has arrays that do not fit"},
      {Replaced(clusters, "\"features\": [\n        1", "\"features\": [\n        0.5"), "must be whole numbers"},
      {Replaced(clusters, "\"type\": \"anomaly\"", "\"type\": \"anomaly\", \"model\": \"a.tflite\""),
       "learn.model belongs to no detector but an autoencoder"},
      {Replaced(clusters, "\"type\": \"anomaly\"", "\"type\": \"anomaly\", \"model\": \"\""),
       "learn.model must be the name of a .tflite file"},
      {Replaced(clusters, "\"type\": \"anomaly\"", "\"type\": \"anomaly\", \"labels\": [\"a\"]"),
       "learn.labels does not belong to"},
      {Replaced(repeats, "\"model\": \"model.tflite\",", ""), "learn.model is missing: an autoencoder is a network"}};
  for (const auto& [broken, sentence] : mistakes) {
    const auto read = ParseImpulse("impulse.json", broken);
    ASSERT_FALSE(read.ok()) << sentence;
    EXPECT_TRUE(read.error().message.starts_with("impulse.json: ")) << read.error().message;
    EXPECT_NE(read.error().message.find(sentence), std::string::npos) << read.error().message;
  }
  ImpulseDescription nothing = Clusters();
  nothing.anomaly.reset();
  EXPECT_FALSE(Check(nothing).ok());
}

RC_GTEST_PROP(AnomalyImpulse, SurvivesAnyDamage, (bool repeats)) {
  std::string text = WriteImpulse(repeats ? Repeats() : Clusters());
  const int changes = *rc::gen::inRange(1, 6);
  for (int i = 0; i < changes; ++i) text[*rc::gen::inRange<size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
  const auto read = ParseImpulse("impulse.json", text);
  if (!read.ok()) {
    RC_ASSERT(read.error().message.starts_with("impulse.json: "));
    return;
  }
  RC_ASSERT(Check(*read).ok());
  RC_ASSERT(ParseImpulse("impulse.json", WriteImpulse(*read)).ok());
}

TEST(AnomalyImpulse, JudgesWithoutANetwork) {
  auto bound = BoundImpulse::Bind(Clusters(), {});
  ASSERT_TRUE(bound.ok()) << bound.error().message;
  const BoundImpulse moved = std::move(*bound);
  const auto score = [&](float x, float y) {
    moved.window()[0] = x;
    moved.window()[1] = y;
    EXPECT_EQ(moved.Run().label, -1);
    return moved.Detect();
  };
  // Feature 1 first, in halves; then feature 0, in tenths.
  EXPECT_EQ(score(0, 10).score, -1);
  EXPECT_FALSE(score(0, 10).strange);
  EXPECT_EQ(score(0, 13).score, 0.5F);
  EXPECT_TRUE(score(0, 13).strange);
  EXPECT_EQ(score(20, -10).score, 0);
  EXPECT_EQ(moved.arena_bytes(), moved.feature_session().arena_bytes());
}

TEST(AnomalyImpulse, IsTheErrorOfANetworkThatRepeats) {
  const auto bound = BoundImpulse::Bind(Repeats(), DoublingModel());
  ASSERT_TRUE(bound.ok()) << bound.error().message;
  bound->window()[0] = 14;  // scaled 2, repeated as 4
  bound->Run();
  EXPECT_EQ(bound->Detect().score, 4);
  EXPECT_FALSE(bound->Detect().strange);
  bound->window()[0] = 16;
  bound->Run();
  EXPECT_EQ(bound->Detect().score, 9);
  EXPECT_TRUE(bound->Detect().strange);
}

TEST(AnomalyImpulse, RefusesANetworkThatDoesNotRepeatEveryFeature) {
  ImpulseDescription impulse = Repeats();
  impulse.axes = {{"x", ""}, {"y", ""}};
  impulse.feature_offsets = impulse.feature_scales = {1, 1};
  trainer::ModelSpec spec;
  spec.input.channels = 2;
  spec.layers.push_back({.kind = trainer::LayerKind::kDense, .units = 1});
  const auto bound = BoundImpulse::Bind(impulse, *trainer::WriteTflite(*trainer::Initialise(spec, 1)));
  ASSERT_FALSE(bound.ok());
  EXPECT_EQ(bound.error().message,
            "model.tflite: gives 1 numbers for 2 features; an autoencoder repeats every feature");
}

TEST(EmitImpulse, WritesADetectorAsConstants) {
  const auto bound = BoundImpulse::Bind(Clusters(), {});
  ASSERT_TRUE(bound.ok());
  const std::string text = EmitImpulseSource(*bound, "model_tflite", "model.h");
  EXPECT_NE(text.find("-> raw -> 2 features -> how strange they are."), std::string::npos) << text;
  EXPECT_NE(text.find("constexpr uint16_t kAnomalyFeatures[] = {\n    1, 0,\n};\n"), std::string::npos) << text;
  EXPECT_NE(text.find("constexpr float kAnomalyCentres[] = {\n    10.0f, 0.0f, -10.0f, 0.0f,\n};\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("    .kind = Anomaly::Kind::kKMeans,\n"), std::string::npos);
  EXPECT_NE(text.find("    .threshold = 0.25f,\n"), std::string::npos);
  EXPECT_EQ(text.find("model"), std::string::npos) << text;
  const auto repeats = BoundImpulse::Bind(Repeats(), DoublingModel());
  ASSERT_TRUE(repeats.ok());
  const std::string shared = EmitImpulseSource(*repeats, "model_tflite", "model.h");
  EXPECT_NE(shared.find("    .centres = kFeatureOffsets,\n    .scales = kFeatureScales,\n"), std::string::npos)
      << shared;
}

}  // namespace
}  // namespace thimble::compiler
