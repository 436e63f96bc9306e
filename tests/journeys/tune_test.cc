// `thimble tune` as a person uses it: a search, the same search again, one that is stopped, and ones that cannot be.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "tests/journeys/command.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Tune : public testing::Test {
 protected:
  CommandResult Thimble(std::vector<std::string> arguments, int interrupt_after_ms = 0) const {
    return RunThimble(arguments, folder_.path(), interrupt_after_ms);
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(folder_.path() / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static json LastLine(const std::string& lines) {
    const size_t end = lines.find_last_not_of('\n');
    const size_t begin = lines.rfind('\n', end) + 1;
    return json::parse(lines.substr(begin, end - begin + 1), nullptr, false);
  }
  /// Two gestures at 50 Hz, six recordings each of three seconds, in the folder "data".
  void WriteGestures() const {
    fs::create_directories(folder_.path() / "data");
    Random random(1);
    for (int i = 0; i < 12; ++i) {
      const bool is_wave = i % 2 == 0;
      std::ofstream file(folder_.path() / "data" / ((is_wave ? "wave." : "nod.") + std::to_string(i) + ".csv"));
      file << "timestamp,accX,accY,accZ\n";
      const double phase = random.Between(0, 6.28);
      for (int j = 0; j < 150; ++j) {
        const double swing = 4 * std::sin(phase + 6.2832 * (is_wave ? 2 : 1) * j / 50);
        file << j * 20 << ',' << (is_wave ? swing : 0) + 0.3 * static_cast<double>(random.Normal()) << ','
             << (is_wave ? 0 : swing) + 0.3 * static_cast<double>(random.Normal()) << ",9.81\n";
      }
    }
  }
  void Refused(const std::vector<std::string>& arguments, const std::string& sentence) const {
    const CommandResult result = Thimble(arguments);
    EXPECT_NE(result.exit_code, 0);
    EXPECT_NE(result.err.find(sentence), std::string::npos) << result.err;
  }

  TemporaryFolder folder_;
};

TEST_F(Tune, LeavesATrainedImpulseAndAllThatItTried) {
  WriteGestures();
  const std::vector<std::string> command = {"tune", "--data",  "data",  "--out",        "out",  "--trials",
                                            "4",    "--model", "dense", "--parameters", "1000", "--json"};
  const CommandResult result = Thimble(command);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json last = LastLine(result.out);
  ASSERT_TRUE(last.is_object()) << result.out;
  EXPECT_EQ(last["event"], "result");
  EXPECT_LE(last["parameters"].get<int>(), 1000);
  EXPECT_EQ(last["tuned"]["tried"], 4);
  for (const char* name : {"impulse.json", "model.tflite", "model.float.tflite", "report.json", "tune.json",
                           "tune.journal", "pareto.svg"}) {
    EXPECT_FALSE(Read(std::string("out/") + name).empty()) << name;
  }
  const json all = json::parse(Read("out/tune.json"));
  EXPECT_EQ(all["trials"].size(), 4u);
  EXPECT_EQ(all["chosen"]["rung"], 2);
  EXPECT_NE(Read("out/pareto.svg").find("RAM (bytes)"), std::string::npos);

  // What the search says about the winner is what a test says.
  const CommandResult test = Thimble({"test", "--model", "out", "--data", "data", "--json"});
  ASSERT_EQ(test.exit_code, 0) << test.err;
  EXPECT_EQ(LastLine(test.out)["accuracy"]["int8"], last["accuracy"]["int8"]);

  // The same command again trains what it knows, to the bit.
  const std::string model = Read("out/model.tflite"), journal = Read("out/tune.journal");
  ASSERT_EQ(Thimble(command).exit_code, 0);
  EXPECT_EQ(Read("out/model.tflite"), model);
  EXPECT_EQ(Read("out/tune.journal"), journal);
  Refused({"tune", "--data", "data", "--out", "out", "--trials", "4", "--seed", "2"}, "take another --out");
}

TEST_F(Tune, KeepsTheBestSoFarWhenItIsStopped) {
  WriteGestures();
  const CommandResult result =
      Thimble({"tune", "--data", "data", "--out", "out", "--seconds", "600", "--model", "dense"}, 10'000);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(json::parse(Read("out/tune.json"))["stopped"], true);
  EXPECT_FALSE(Read("out/model.tflite").empty());
}

TEST_F(Tune, SaysWhatCannotBe) {
  WriteGestures();
  Refused({"tune", "--data", "data", "--out", "out", "--board", "abacus"}, "no such board");
  Refused({"tune", "--data", "data", "--out", "out", "--board", "microbit", "--latency-ms", "5"}, "Cortex-M4");
  Refused({"tune", "--data", "data", "--out", "out", "--ram-bytes", "300", "--trials", "3"},
          "nothing that was looked at fits");
  Refused({"tune", "--data", "data", "--out", "out", "--model", "crystal"}, "no such network");
  Refused({"tune", "--data", "nowhere", "--out", "out"}, "nowhere");
}

// The goal of the whole: nobody says what to do, and the author's testing part is looked at once.
TEST_F(Tune, FindsByItselfWhatNamesEveryGesture) {
  if (SharedFolder().empty()) GTEST_SKIP() << "no real recordings: set THIMBLE_SHARED";
  const fs::path data = UnpackRecordings("xiao-gestures", folder_.path());
  const CommandResult result =
      Thimble({"tune", "--data", data.string(), "--out", "out", "--trials", "24", "--parameters", "4000", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json last = LastLine(result.out);
  EXPECT_GE(last["accuracy"]["int8"].get<double>(), 0.99);
  EXPECT_EQ(last["recordings"]["correct"], 24);
  EXPECT_LE(last["parameters"].get<int>(), 4000);
}

}  // namespace
}  // namespace thimble::journeys
