// What well-known models take on a Cortex-M4 and a Cortex-M55, against the committed figures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
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

/// Compares a report's totals with the committed ones of this name; `options` are what bench was given.
void CheckTotals(const std::string& name, const std::string& model, const std::string& options, const json& report) {
  Numbers numbers;
  for (const char* key : {"cycles", "instructions", "ram_bytes", "code_bytes", "model_bytes"}) {
    if (report.contains(key)) numbers.emplace_back(key, report[key].dump());
  }
  numbers.emplace_back("output_md5", report["output_md5"].get<std::string>());
  CheckNumbers(name, "build/thimble bench ../shared/golden/models/" + model + "/model.tflite" + options + " --json",
               numbers);
}

/// What doctor says beforehand is within a tenth of what is counted: the run, and each layer that matters to it.
void CheckPrediction(const std::string& model, const json& compiled, const json& counted) {
  const auto near = [](const json& predicted, double cycles, const json& what) {
    EXPECT_NEAR(predicted.get<double>(), cycles, cycles / 10) << what;
    return 100 * std::abs(predicted.get<double>() / cycles - 1);
  };
  const auto cycles = counted["cycles"].get<double>();
  near(compiled["cycles"], cycles, "all of it");
  EXPECT_EQ(compiled["ram_bytes"], counted["ram_bytes"]);
  EXPECT_EQ(compiled["code_bytes"], counted["code_bytes"]);
  EXPECT_EQ(compiled["model_bytes"], counted["model_bytes"]);
  ASSERT_EQ(compiled["layers"].size(), counted["steps"].size());
  constexpr double kInvokeCycles = 80;  // steps are counted one by one, each with an Invoke of its own
  double worst_percent = 0;
  for (size_t i = 0; i < counted["steps"].size(); ++i) {
    const json& step = counted["steps"][i];
    const double alone = step["cycles"].get<double>() - kInvokeCycles;
    if (alone <= cycles / 20) continue;
    worst_percent = std::max(worst_percent, near(compiled["layers"][i]["cycles"], alone, step["layer"]));
  }
  char worst[16];
  std::snprintf(worst, sizeof worst, "%.1f", worst_percent);
  CheckNumbers(model + ".doctor.mps2_an386",
               "build/thimble doctor ../shared/golden/models/" + model +
                   "/model.tflite --board mps2_an386 --json, against bench",
               {{"cycles", compiled["cycles"].dump()}, {"worst_layer_percent", worst}});
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
  const std::string name = GetParam();
  CheckPrediction(name, json::parse(doctor.out)["compiled"], report);
  CheckTotals(name + ".mps2_an386", name, "", report);
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
  const std::string name = GetParam();
  CheckTotals(name + ".package.mps2_an386", name, " --package", packaged);
}

INSTANTIATE_TEST_SUITE_P(GoldenModels, PackageBenchTest,
                         testing::Values("kws_dscnn_int8", "vww_96_int8", "ic_resnet8_int8"),
                         [](const auto& one) { return one.param; });

class HeliumBenchTest : public BenchTest {};

// Nobody counts cycles there, but instructions.
TEST_P(HeliumBenchTest, TakesWhatIsCommitted) {
  const json report = Bench({"--board", "mps3_an547"});
  if (report.is_null()) return;
  EXPECT_FALSE(report.contains("cycles"));
  const std::string name = GetParam();
  CheckTotals(name + ".mps3_an547", name, " --board mps3_an547", report);
}

INSTANTIATE_TEST_SUITE_P(GoldenModels, HeliumBenchTest, testing::Values("kws_dscnn_int8", "ic_resnet8_int8"),
                         [](const auto& one) { return one.param; });

class LittleRamBenchTest : public BenchTest {};

TEST_P(LittleRamBenchTest, StaysBelowTheGivenRam) {
  const json report = Bench({"--ram", "36000"});
  if (report.is_null()) return;
  EXPECT_LE(report["ram_bytes"], 36000);
  const std::string name = GetParam();
  CheckTotals(name + ".ram_36000.mps2_an386", name, " --ram 36000", report);
}

INSTANTIATE_TEST_SUITE_P(GoldenModels, LittleRamBenchTest, testing::Values("ic_resnet8_int8"),
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
