// The reference's vectors for signal processing, on boards: every one that fits gives the laptop's bits.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/hash.h"
#include "compiler/emit.h"
#include "compiler/firmware_build.h"
#include "compiler/impulse_file.h"
#include "compiler/temporary_folder.h"
#include "simulator/board_client.h"
#include "simulator/start_board.h"
#include "trainer/model_tflite.h"
#include "trainer/test_models.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path GoldenFolder() {
  const char* shared = std::getenv("THIMBLE_SHARED");
  return fs::path(shared != nullptr ? shared : THIMBLE_SOURCE_DIR "/../shared") / "golden" / "dsp";
}

/// The impulse whose block is the case's, before a network that takes its features.
compiler::ImpulseDescription ImpulseOf(const json& test, size_t samples) {
  const size_t axes = test["axes"].size();
  compiler::ImpulseDescription impulse;
  impulse.name = "golden";
  for (const json& axis : test["axes"]) impulse.axes.push_back({axis.get<std::string>(), ""});
  impulse.rate_hz = std::max(test["sampling_rate_hz"].get<double>(), 1.0);  // 0 for pictures, which have none
  impulse.window_readings = impulse.stride_readings = static_cast<int>(samples / axes);
  impulse.block = compiler::DefaultParams(test["block"].get<std::string>());
  impulse.labels = {"this", "that"};
  if (test["shape"].size() == 3) {
    impulse.height = test["shape"][1];
    impulse.width = test["shape"][2];
  }
  return impulse;
}

/// As the block gets them: pictures begin with their size, and the top byte of a pixel is no colour.
std::vector<float> SamplesOf(const json& test) {
  const bool is_picture = test["shape"].size() == 3;
  std::vector<float> samples;
  for (size_t i = is_picture ? 2 : 0; i < test["input"].size(); ++i) {
    const double value = test["input"][i];
    samples.push_back(is_picture ? static_cast<float>(static_cast<uint32_t>(value) & 0xffffff)
                                 : static_cast<float>(value));
  }
  return samples;
}

class DspGolden : public testing::TestWithParam<const char*> {};

// All of them with THIMBLE_GOLDEN_FULL=1 (`./run test full`), else one in twelve: each is a program of its own.
TEST_P(DspGolden, GivesTheLaptopsBitsWhereverItFits) {
  const std::string board = GetParam();
  if (!fs::exists(GoldenFolder())) GTEST_SKIP() << GoldenFolder() << " is not here; set THIMBLE_SHARED";
  const fs::path usual = THIMBLE_DEVICE_DIR;
  const fs::path device = board == compiler::kUsualBoard ? usual : usual.parent_path() / ("device-" + board);
  if (!fs::exists(device / "lib")) GTEST_SKIP() << device << " is not built: ./run build boards";
  const char* full = std::getenv("THIMBLE_GOLDEN_FULL");
  const size_t step = full != nullptr && *full == '1' ? 1 : 12;

  const std::set<fs::path> paths(fs::directory_iterator(GoldenFolder()), fs::directory_iterator{});
  size_t seen = 0, same = 0, too_large = 0;
  for (const fs::path& path : paths) {
    if (path.extension() != ".json") continue;
    const json test = json::parse(std::ifstream(path));
    if (!test["expected"].contains("features") || test["expected"]["features"].empty()) continue;
    if (seen++ % step != 0) continue;
    SCOPED_TRACE(path.stem().string());
    const std::vector<float> samples = SamplesOf(test);
    compiler::ImpulseDescription impulse = ImpulseOf(test, samples.size());
    const Outcome read = compiler::ReadParameters("parameters", test["parameters"].dump(), impulse.block);
    ASSERT_TRUE(read.ok()) << read.error().message;
    const auto features = static_cast<int>(test["expected"]["features"].size());
    const std::vector<float> weights(static_cast<size_t>(features) * 2, 0.5f);
    const auto written =
        trainer::WriteTflite(trainer::DenseModel(features, {trainer::Weights(weights, {0, 0})}, false));
    ASSERT_TRUE(written.ok()) << written.error().message;
    const std::vector<std::byte>& model = *written;
    const auto bound = compiler::BoundImpulse::Bind(impulse, model);
    ASSERT_TRUE(bound.ok()) << bound.error().message;
    std::ranges::copy(samples, bound->session().window().begin());
    bound->session().Run();
    const uint64_t expected = Fnv1a(std::as_bytes(bound->session().features()));

    const auto folder = compiler::TemporaryFolder::Make();
    ASSERT_TRUE(folder.ok()) << folder.error().message;
    std::ofstream(folder->path() / "model.h") << compiler::EmitModelHeader("model_tflite", "golden", model.size());
    std::ofstream(folder->path() / "model.cc") << compiler::EmitModelSource("model_tflite", "model.h", model);
    std::ofstream(folder->path() / "impulse.cc") << compiler::EmitImpulseSource(*bound, "model_tflite", "model.h");
    const auto firmware =
        compiler::BuildFirmware({.folder = folder->path(), .device_directory = device, .board = board});
    if (!firmware.ok()) {
      ASSERT_NE(firmware.error().message.find("does not fit the board"), std::string::npos) << firmware.error().message;
      ++too_large;
      continue;
    }
    const auto link = simulator::StartBoard({.elf = firmware->elf, .board = board});
    ASSERT_TRUE(link.ok()) << link.error().message;
    simulator::BoardClient client(**link, {.timeout_ms = 120'000});
    const auto verdicts = client.Judge(samples);
    ASSERT_TRUE(verdicts.ok()) << verdicts.error().message;
    ASSERT_EQ(verdicts->size(), 1u);
    EXPECT_EQ(verdicts->front().features_hash, expected);
    same += verdicts->front().features_hash == expected ? 1 : 0;
  }
  std::printf("%s: %zu of %zu vectors with the laptop's bits, %zu too large for the board\n", board.c_str(), same,
              same + too_large, too_large);
  EXPECT_GT(same, 0u);
}

INSTANTIATE_TEST_SUITE_P(Boards, DspGolden, testing::Values("mps2_an386", "microbit", "az3166"),
                         [](const auto& board) { return std::string(board.param); });

}  // namespace
}  // namespace thimble
