// Anomaly detectors on boards in QEMU: every score has the laptop's bits, with a network and without.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/random.h"
#include "compiler/emit.h"
#include "compiler/firmware_build.h"
#include "compiler/impulse_file.h"
#include "compiler/temporary_folder.h"
#include "simulator/board_client.h"
#include "simulator/start_board.h"
#include "trainer/anomaly.h"
#include "trainer/feature_scaling.h"
#include "trainer/model.h"
#include "trainer/model_quantise.h"
#include "trainer/model_tflite.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using Kind = runtime::Anomaly::Kind;

constexpr int kAxes = 2;
constexpr int kReadings = 32;
constexpr int kStride = 16;
const std::string kUsual = compiler::kUsualBoard;

fs::path DeviceDirectory(const std::string& board) {
  const fs::path usual = THIMBLE_DEVICE_DIR;
  return board == kUsual ? usual : usual.parent_path() / (usual.filename().string() + "-" + board);
}

bool IsBuilt(const std::string& board) {
  return fs::exists(DeviceDirectory(board) / "lib/libdetector_impulse_application.a");
}

/// A machine that hums, and now and then does something else.
std::vector<float> Record(int readings, uint64_t seed) {
  Random random(seed);
  std::vector<float> samples;
  for (int i = 0; i < readings; ++i) {
    const float hum = (i / 4) % 2 == 0 ? 1.0f : -1.0f;
    const float size = (i / 64) % 3 == 2 ? 4.0f : 1.0f;
    samples.push_back(size * hum + 0.2f * random.Normal());
    samples.push_back(0.5f * hum + 0.2f * size * random.Normal());
  }
  return samples;
}

compiler::ImpulseDescription Describe() {
  compiler::ImpulseDescription impulse;
  impulse.name = "hum";
  impulse.axes = {{"accX", "g"}, {"accY", "g"}};
  impulse.rate_hz = 100;
  impulse.window_readings = kReadings;
  impulse.stride_readings = kStride;
  impulse.block = dsp::SpectralAnalysis::Params{.fft_length = 16};
  impulse.model_file.clear();
  return impulse;
}

trainer::Table NormalRows(const compiler::ImpulseDescription& impulse) {
  trainer::Table table;
  compiler::ImpulseDescription probe = impulse;
  probe.anomaly = {.kind = Kind::kKMeans,
                   .features = {0},
                   .centres = {0},
                   .scales = {1},
                   .offsets = {0},
                   .threshold = 0,
                   .normal = {"hum"}};
  const auto bound = compiler::BoundImpulse::Bind(probe, {});
  EXPECT_TRUE(bound.ok());
  Random random(7);
  for (int row = 0; row < 60; ++row) {
    const std::vector<float> samples = Record(kReadings, 100 + static_cast<uint64_t>(row));
    std::copy(samples.begin(), samples.end(), bound->window().begin());
    bound->Run();
    table.features.insert(table.features.end(), bound->features().begin(), bound->features().end());
  }
  table.feature_count = static_cast<int>(bound->features().size());
  return table;
}

/// A dense network with random weights, of as many outputs.
std::vector<std::byte> DenseModel(const trainer::Table& table, std::span<const float> scaled, int outputs,
                                  bool softmax) {
  trainer::ModelSpec spec;
  spec.input.channels = table.feature_count;
  spec.layers.push_back({.kind = trainer::LayerKind::kDense, .units = outputs});
  if (softmax) {
    spec.layers.push_back({.kind = trainer::LayerKind::kActivation, .activation = trainer::Activation::kSoftmax});
  }
  const auto model = trainer::Initialise(spec, 3);
  EXPECT_TRUE(model.ok());
  const auto quantised = trainer::Quantise(*model, scaled);
  EXPECT_TRUE(quantised.ok());
  return trainer::WriteTflite(*quantised);
}

void ExpectTheLaptopsBits(const compiler::ImpulseDescription& description, const std::vector<std::byte>& model,
                          const std::string& board) {
  SCOPED_TRACE(board + ", " + compiler::NameOf(description.anomaly->kind));
  const auto bound = compiler::BoundImpulse::Bind(description, model);
  ASSERT_TRUE(bound.ok()) << bound.error().message;
  const auto folder = compiler::TemporaryFolder::Make();
  ASSERT_TRUE(folder.ok());
  const auto write = [&](const char* file, const std::string& text) {
    std::ofstream(folder->path() / file, std::ios::binary) << text;
  };
  compiler::FirmwareOptions build{.folder = folder->path(),
                                  .sources = {"impulse"},
                                  .application = compiler::ApplicationOf(description),
                                  .device_directory = DeviceDirectory(board),
                                  .board = board};
  if (description.has_network()) {
    write("model.h", compiler::EmitModelHeader("model_tflite", "hum", model.size()));
    write("model.cc", compiler::EmitModelSource("model_tflite", "model.h", model));
    build.sources = {"model", "impulse"};
  }
  write("impulse.cc", compiler::EmitImpulseSource(*bound, "model_tflite", "model.h"));
  const auto firmware = compiler::BuildFirmware(build);
  ASSERT_TRUE(firmware.ok()) << firmware.error().message;
  const auto started = simulator::StartBoard({.elf = firmware->elf, .board = board});
  ASSERT_TRUE(started.ok()) << started.error().message;
  simulator::BoardClient client(**started);
  const auto about = client.Introduce();
  ASSERT_TRUE(about.ok()) << about.error().message;
  EXPECT_EQ(about->arena_bytes, bound->arena_bytes());

  const std::vector<float> samples = Record(400, 5);
  const auto verdicts = client.Judge(samples);
  ASSERT_TRUE(verdicts.ok()) << verdicts.error().message;
  ASSERT_EQ(verdicts->size(), (400u - kReadings) / kStride + 1);
  int strange = 0;
  for (const simulator::BoardVerdict& verdict : *verdicts) {
    const auto* first = samples.data() + static_cast<size_t>(verdict.window * kStride * kAxes);
    std::copy(first, first + static_cast<ptrdiff_t>(kReadings * kAxes), bound->window().begin());
    const int label = bound->Run().label;
    const runtime::Detection detection = bound->Detect();
    EXPECT_EQ(verdict.label, label);
    EXPECT_EQ(verdict.features_hash, Fnv1a(std::as_bytes(bound->features())));
    ASSERT_TRUE(verdict.anomaly_score.has_value());
    EXPECT_EQ(std::bit_cast<uint32_t>(*verdict.anomaly_score), std::bit_cast<uint32_t>(detection.score));
    EXPECT_EQ(verdict.strange, detection.strange);
    strange += detection.strange ? 1 : 0;
  }
  // The threshold of the test lies in the middle: both answers occur.
  EXPECT_GT(strange, 0);
  EXPECT_LT(strange, static_cast<int>(verdicts->size()));
}

/// The median of the scores, so that there are windows on both sides.
void SetThreshold(compiler::ImpulseDescription& description, const std::vector<std::byte>& model) {
  const auto bound = compiler::BoundImpulse::Bind(description, model);
  ASSERT_TRUE(bound.ok()) << bound.error().message;
  const std::vector<float> samples = Record(400, 5);
  std::vector<float> scores;
  for (int at = 0; at + kReadings <= 400; at += kStride) {
    const auto* first = samples.data() + static_cast<size_t>(at * kAxes);
    std::copy(first, first + static_cast<ptrdiff_t>(kReadings * kAxes), bound->window().begin());
    bound->Run();
    scores.push_back(bound->Detect().score);
  }
  std::sort(scores.begin(), scores.end());
  description.anomaly->threshold = scores[scores.size() / 2];
}

void AddDetector(Kind kind, const trainer::Table& table, compiler::ImpulseDescription& impulse) {
  trainer::AnomalyOptions options{.kind = kind, .components = 3};
  if (kind == Kind::kFullGaussians) options.features = {0, 3, 5, 7, 11};
  const auto detector = trainer::FitAnomaly(table, options);
  ASSERT_TRUE(detector.ok()) << detector.error().message;
  impulse.anomaly = {.kind = kind,
                     .features = detector->features,
                     .centres = detector->centres,
                     .scales = detector->scales,
                     .offsets = detector->offsets,
                     .threshold = 0,
                     .normal = {"hum"}};
}

TEST(AnomalyOnBoards, ScoresHaveTheLaptopsBits) {
  for (const std::string& board : {kUsual, std::string("mps2_an385"), std::string("microbit")}) {
    if (!IsBuilt(board)) {
      if (board == kUsual) GTEST_SKIP() << "no device build: ./run build";
      continue;
    }
    compiler::ImpulseDescription impulse = Describe();
    const trainer::Table table = NormalRows(impulse);
    for (const Kind kind : {Kind::kKMeans, Kind::kDiagonalGaussians, Kind::kFullGaussians}) {
      AddDetector(kind, table, impulse);
      SetThreshold(impulse, {});
      ExpectTheLaptopsBits(impulse, {}, board);
    }
  }
}

TEST(AnomalyOnBoards, AnAutoencodersErrorHasTheLaptopsBits) {
  if (!IsBuilt(kUsual)) GTEST_SKIP() << "no device build: ./run build";
  compiler::ImpulseDescription impulse = Describe();
  const trainer::Table table = NormalRows(impulse);
  const auto scaling = trainer::FitFeatureScaling(table.features, table.feature_count);
  ASSERT_TRUE(scaling.ok());
  std::vector<float> scaled = table.features;
  trainer::Apply(*scaling, scaled);
  const std::vector<std::byte> model = DenseModel(table, scaled, table.feature_count, false);
  impulse.model_file = "model.tflite";
  impulse.feature_offsets = scaling->offset;
  impulse.feature_scales = scaling->scale;
  impulse.anomaly = {.kind = Kind::kReconstruction,
                     .features = {},
                     .centres = {},
                     .scales = {},
                     .offsets = {},
                     .threshold = 0,
                     .normal = {"hum"}};
  SetThreshold(impulse, model);
  ExpectTheLaptopsBits(impulse, model, kUsual);
}

TEST(AnomalyOnBoards, ADetectorStandsBesideAClassifier) {
  if (!IsBuilt(kUsual)) GTEST_SKIP() << "no device build: ./run build";
  compiler::ImpulseDescription impulse = Describe();
  const trainer::Table table = NormalRows(impulse);
  AddDetector(Kind::kDiagonalGaussians, table, impulse);
  impulse.labels = {"hum", "rattle", "off"};
  impulse.model_file = "model.tflite";
  const std::vector<std::byte> model = DenseModel(table, table.features, 3, true);
  SetThreshold(impulse, model);
  ExpectTheLaptopsBits(impulse, model, kUsual);
}

}  // namespace
}  // namespace thimble
