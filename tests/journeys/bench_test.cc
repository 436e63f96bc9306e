// What well-known models take on a Cortex-M4, against the committed figures.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/journeys/command.h"
#include "tests/journeys/numbers.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class BenchTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const fs::path shared = SharedFolder();
    if (shared.empty()) GTEST_SKIP() << "no golden models: set THIMBLE_SHARED";
    model_ = (shared / "golden" / "models" / GetParam() / "model.tflite").string();
  }

  json Bench(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"bench", model_, "--json", "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CommandResult result = RunThimble(arguments, folder_.path());
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.exit_code == 0 ? json::parse(result.out) : json();
  }

  std::string model_;
  TemporaryFolder folder_;
};

/// What doctor says beforehand is within a tenth of what is counted: the run, and each layer that matters to it.
void CheckPrediction(const json& compiled, const json& counted) {
  const auto near = [](const json& predicted, double cycles, const json& what) {
    EXPECT_NEAR(predicted.get<double>(), cycles, cycles / 10) << what;
  };
  const auto cycles = counted["cycles"].get<double>();
  near(compiled["cycles"], cycles, "all of it");
  EXPECT_EQ(compiled["ram_bytes"], counted["ram_bytes"]);
  EXPECT_EQ(compiled["code_bytes"], counted["code_bytes"]);
  EXPECT_EQ(compiled["model_bytes"], counted["model_bytes"]);
  ASSERT_EQ(compiled["layers"].size(), counted["steps"].size());
  constexpr double kInvokeCycles = 80;  // steps are counted one by one, each with an Invoke of its own
  for (size_t i = 0; i < counted["steps"].size(); ++i) {
    const json& step = counted["steps"][i];
    const double alone = step["cycles"].get<double>() - kInvokeCycles;
    if (alone > cycles / 20) near(compiled["layers"][i]["cycles"], alone, step["layer"]);
  }
}

// The command fails by itself when the answer is not the interpreter's.
TEST_P(BenchTest, TakesWhatIsCommittedAndWhatDoctorPredicts) {
  const json report = Bench({});
  if (report.is_null()) return;
  uint64_t steps = 0;
  for (const json& step : report["steps"]) steps += step["cycles"].get<uint64_t>();
  EXPECT_NEAR(static_cast<double>(steps), report["cycles"].get<double>(), 100.0 * report["steps"].size());
  const CommandResult doctor = RunThimble({"doctor", model_, "--board", "mps2_an386", "--json"}, folder_.path());
  ASSERT_EQ(doctor.exit_code, 0) << doctor.err;
  CheckPrediction(json::parse(doctor.out)["compiled"], report);
  const std::string name = GetParam();
  CheckNumbers(name + ".mps2_an386", "build/thimble bench ../shared/golden/models/" + name + "/model.tflite --json",
               {{"cycles", report["cycles"].dump()},
                {"instructions", report["instructions"].dump()},
                {"ram_bytes", report["ram_bytes"].dump()},
                {"code_bytes", report["code_bytes"].dump()},
                {"model_bytes", report["model_bytes"].dump()},
                {"output_md5", report["output_md5"].get<std::string>()}});
}

INSTANTIATE_TEST_SUITE_P(GoldenModels, BenchTest,
                         testing::Values("hello_int8", "ad01_int8", "kws_dscnn_int8", "sww_int8", "micro_speech_int8",
                                         "ic_resnet8_int8", "vww_96_int8", "person_detect_int8", "mnist_lstm_int8",
                                         "keyword_scrambled_8bit", "hello_float", "ad01_fp32"),
                         [](const auto& one) { return one.param; });

class PackageBenchTest : public BenchTest {};

// A package may cost 3 % of time and 10 % of RAM more than the same network linked in.
TEST_P(PackageBenchTest, CostsLittleMoreThanCompiled) {
  const json compiled = Bench({}), packaged = Bench({"--package"});
  if (compiled.is_null() || packaged.is_null()) return;
  EXPECT_EQ(packaged["form"], "package");
  EXPECT_EQ(packaged["output_md5"], compiled["output_md5"]);
  EXPECT_LE(packaged["cycles"].get<double>(), 1.03 * compiled["cycles"].get<double>());
  EXPECT_LE(packaged["ram_bytes"].get<double>(), 1.10 * compiled["ram_bytes"].get<double>());
}

INSTANTIATE_TEST_SUITE_P(GoldenModels, PackageBenchTest,
                         testing::Values("kws_dscnn_int8", "vww_96_int8", "ic_resnet8_int8"),
                         [](const auto& one) { return one.param; });

TEST(Bench, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  EXPECT_EQ(RunThimble({"bench", "nothing.tflite"}, folder.path()).exit_code, 3);
  EXPECT_EQ(RunThimble({"bench", "nothing.tflite", "--board", "abacus"}, folder.path()).exit_code, 3);
  EXPECT_EQ(RunThimble({"bench"}, folder.path()).exit_code, 2);
  EXPECT_EQ(RunThimble({"bench", "x.tflite", "--prefer", "luck"}, folder.path()).exit_code, 2);
}

}  // namespace
}  // namespace thimble::journeys
