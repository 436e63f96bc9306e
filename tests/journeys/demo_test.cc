// The main job as a person runs it: recordings in, a microcontroller that names the gesture out.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/journeys/command.h"
#include "tests/journeys/numbers.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string Text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", number);
  return text;
}

std::string Text(const json& number) { return number.dump(); }

std::string Read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

size_t EntryCount(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// Runs `thimble demo --json` on recordings of the shared folder and gives its report.
json DemoOn(const std::string& recordings, const fs::path& folder, std::vector<std::string> options = {}) {
  std::vector<std::string> arguments = {
      "demo", "--json", "--out", (folder / "out").string(), "--data", UnpackRecordings(recordings, folder).string()};
  arguments.insert(arguments.end(), options.begin(), options.end());
  const CommandResult result = RunThimble(arguments, folder);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return json::parse(result.out, nullptr, false);
}

void CheckDeviceNumbers(const std::string& name, const std::string& command, const json& report) {
  // Sums of training are in another order on other processors, which makes another network (trainer/fit.h).
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return;
  CheckNumbers(name, command,
               {{"windows", Text(report["windows"])},
                {"identical", Text(report["identical"])},
                {"accuracy.float", Text(report["accuracy"]["float"].get<double>())},
                {"accuracy.int8", Text(report["accuracy"]["int8"].get<double>())},
                {"accuracy.recordings", Text(report["accuracy"]["recordings"]["correct"])},
                {"arena_bytes", Text(report["arena_bytes"])},
                {"flash_bytes.code", Text(report["flash_bytes"]["code"])},
                {"flash_bytes.model", Text(report["flash_bytes"]["model"])},
                {"instructions.dsp", Text(report["instructions"]["dsp"])},
                {"instructions.network", Text(report["instructions"]["network"])},
                {"cycles.dsp", Text(report["cycles"]["dsp"])},
                {"cycles.network", Text(report["cycles"]["network"])}});
}

#define REQUIRE_SHARED()                                                                               \
  if (SharedFolder().empty()) {                                                                        \
    GTEST_SKIP() << "no recordings here: set THIMBLE_SHARED to a folder that holds data/ and golden/"; \
  }

TEST(Demo, NamesTheGesturesOfRealRecordings) {
  REQUIRE_SHARED();
  const TemporaryFolder folder;
  const json report = DemoOn("xiao-gestures", folder.path());
  ASSERT_TRUE(report.is_object());
  EXPECT_GE(report["accuracy"]["int8"], 0.99);
  EXPECT_EQ(report["accuracy"]["recordings"]["correct"], 24);
  EXPECT_EQ(report["accuracy"]["recordings"]["total"], 24);
  EXPECT_GE(report["training"]["tried"].size(), 2u) << "validation chooses between networks";
  EXPECT_FALSE(report["impulse"]["layers"].empty());
  EXPECT_NEAR(report["accuracy"]["int8"], report["accuracy"]["float"], 0.01);
  EXPECT_EQ(report["accuracy"]["device"], report["accuracy"]["int8"]);
  EXPECT_GT(report["windows"], 1000);
  EXPECT_EQ(report["identical"], report["windows"]);
  EXPECT_FALSE(report["simulated"]);
  CheckDeviceNumbers("demo_xiao_gestures.az3166", "./run demo --data xiao-gestures --json", report);
}

TEST(Demo, FindsThatTheMagicWandFilesRepeatTheSplit) {
  REQUIRE_SHARED();
  const TemporaryFolder folder;
  const json report = DemoOn("magic-wand", folder.path(),
                             {"--rate-hz", "119", "--readings-per-recording", "119", "--window-ms", "1000"});
  ASSERT_TRUE(report.is_object());
  EXPECT_EQ(report["identical"], report["windows"]);
  EXPECT_FALSE(report["duplicates"].empty());
  CheckDeviceNumbers("demo_magic_wand.az3166",
                     "./run demo --data magic-wand --rate-hz 119 --readings-per-recording 119 --window-ms 1000 --json",
                     report);
}

TEST(Demo, RunsThroughOnTheMagicWandFilesWithoutAnyOption) {
  REQUIRE_SHARED();
  const TemporaryFolder folder;
  const json report = DemoOn("magic-wand", folder.path(), {"--epochs", "5"});
  ASSERT_TRUE(report.is_object());
  EXPECT_EQ(report["identical"], report["windows"]);
  EXPECT_FALSE(report["notices"].empty()) << "an assumed rate must be said";
}

TEST(Demo, FitsTheWindowToRecordingsOfOneSecond) {
  REQUIRE_SHARED();
  const TemporaryFolder folder;
  const json report = DemoOn("esp-fall-shake", folder.path());
  ASSERT_TRUE(report.is_object());
  EXPECT_EQ(report["identical"], report["windows"]);
  EXPECT_FALSE(report["duplicates"].empty());
  EXPECT_GT(report["accuracy"]["int8"], 0.97);
  EXPECT_LE(report["data"]["window_ms"], 1000);
  CheckDeviceNumbers("demo_esp_fall_shake.az3166", "./run demo --data esp-fall-shake --json", report);
}

TEST(Demo, WorksWithoutRecordingsAndSaysThatTheyAreSimulated) {
  const TemporaryFolder folder;
  const CommandResult first = RunThimble({"demo", "--json"}, folder.path());
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const json report = json::parse(first.out);
  EXPECT_TRUE(report["simulated"]);
  EXPECT_EQ(report["identical"], report["windows"]);
  for (const char* name : {"impulse.json", "model.tflite", "model.h", "model.cc", "firmware.elf", "report.html",
                           "report.txt", "report.json"}) {
    EXPECT_TRUE(fs::is_regular_file(folder.path() / "thimble-demo" / name)) << name;
  }
  EXPECT_EQ(Read(folder.path() / "thimble-demo" / "report.json"), first.out);

  // The same seed gives the same model; people read of the simulation, too.
  const std::string model = Read(folder.path() / "thimble-demo" / "model.tflite");
  const CommandResult second = RunThimble({"demo", "--out", "again"}, folder.path());
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(Read(folder.path() / "again" / "model.tflite"), model);
  EXPECT_NE(second.out.find("simulated"), std::string::npos) << second.out;
  EXPECT_NE(second.err.find("record"), std::string::npos) << second.err;
}

// --- bad input --------------------------------------------------------------------------------------------------

/// A recording of `readings` readings in Edge Impulse's JSON, at `interval_ms`.
std::string Recording(int readings, double interval_ms, int seed) {
  json values = json::array();
  for (int i = 0; i < readings; ++i) values.push_back({(i * seed) % 17, (i * 3 + seed) % 11, 10});
  return json{{"protected", {{"ver", "v1"}, {"alg", "none"}}},
              {"signature", ""},
              {"payload",
               {{"device_type", "test"},
                {"interval_ms", interval_ms},
                {"sensors",
                 {{{"name", "x"}, {"units", "g"}}, {{"name", "y"}, {"units", "g"}}, {{"name", "z"}, {"units", "g"}}}},
                {"values", values}}}}
      .dump();
}

class BadInput : public testing::Test {
 protected:
  BadInput() {
    fs::create_directories(data_);
    for (int i = 0; i < 4; ++i) {
      Write("idle." + std::to_string(i) + ".json", Recording(300, 10, i + 1));
      Write("wave." + std::to_string(i) + ".json", Recording(300, 10, i + 6));
    }
  }

  void Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(data_ / name, std::ios::binary) << bytes;
  }

  /// The demo must end with `exit_code`, one sentence that has all of `words`, and no results.
  void ExpectRefusal(int exit_code, const std::vector<std::string>& words,
                     std::vector<std::string> options = {}) const {
    std::vector<std::string> arguments = {"demo", "--quiet", "--out", "out", "--data", data_.string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const CommandResult result = RunThimble(arguments, folder_.path());
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_EQ(result.out, "");
    for (const std::string& word : words) EXPECT_NE(result.err.find(word), std::string::npos) << result.err;
    EXPECT_EQ(EntryCount(folder_.path()), 1u) << "only the recordings may be there, nothing half-written";
  }

  TemporaryFolder folder_;
  const fs::path data_ = folder_.path() / "data";
};

TEST_F(BadInput, AMissingFolderIsNotFound) {
  fs::remove_all(data_);
  fs::create_directories(folder_.path() / "other");
  ExpectRefusal(3, {"data"});
}

TEST_F(BadInput, AnEmptyFolderHoldsNoRecordings) {
  fs::remove_all(data_);
  fs::create_directories(data_);
  ExpectRefusal(2, {"data"});
}

TEST_F(BadInput, ATruncatedJsonFileIsNamed) {
  const std::string whole = Recording(300, 10, 3);
  Write("wave.9.json", whole.substr(0, whole.size() / 2));
  ExpectRefusal(5, {"wave.9.json"});
}

TEST_F(BadInput, ATruncatedCborFileIsNamed) {
  const std::vector<uint8_t> whole = json::to_cbor(json::parse(Recording(300, 10, 3)));
  Write("wave.9.cbor", std::string(whole.begin(), whole.begin() + static_cast<long>(whole.size() / 2)));
  ExpectRefusal(5, {"wave.9.cbor"});
}

TEST_F(BadInput, AMissingValueIsNamedWithItsPlace) {
  std::string text = Recording(300, 10, 3);
  const size_t at = text.find("[[") + 2;
  text.replace(at, text.find(',', at) - at, "null");
  Write("wave.9.json", text);
  ExpectRefusal(5, {"wave.9.json"});
}

TEST_F(BadInput, ANotANumberInACsvIsNamedWithItsPlace) {
  for (const fs::directory_entry& entry : fs::directory_iterator(data_)) fs::remove(entry.path());
  Write("idle_1.csv", "timestamp,x\n0,1\n10,nan\n20,3\n");
  ExpectRefusal(5, {"idle_1.csv", "3"});
}

TEST_F(BadInput, ALabelWithOneRecordingIsNamed) {
  Write("circle.1.json", Recording(300, 10, 23));
  ExpectRefusal(2, {"circle"});
}

TEST_F(BadInput, RatesThatDifferAreNamed) {
  Write("wave.9.json", Recording(300, 20, 3));
  ExpectRefusal(2, {"wave.9.json", "Hz"});
}

TEST_F(BadInput, AWindowLongerThanEveryRecordingIsRefusedWhenAskedFor) {
  ExpectRefusal(2, {"window"}, {"--window-ms", "60000"});
}

TEST_F(BadInput, AnUnknownOptionIsUsage) { ExpectRefusal(2, {"--colour"}, {"--colour"}); }

TEST_F(BadInput, ANegativeSeedIsUsage) { ExpectRefusal(2, {"--seed"}, {"--seed", "-1"}); }

TEST_F(BadInput, AResultPathThatIsAFileIsRefused) {
  std::ofstream(data_ / "LICENSE") << "text";
  const CommandResult result =
      RunThimble({"demo", "--quiet", "--out", (data_ / "LICENSE").string(), "--data", data_.string()}, folder_.path());
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_NE(result.err.find("LICENSE"), std::string::npos);
}

TEST_F(BadInput, ErrorsAreAJsonObjectForScripts) {
  const CommandResult result =
      RunThimble({"demo", "--json", "--quiet", "--data", (data_ / "nowhere").string()}, folder_.path());
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_NE(json::parse(result.out)["error"]["message"].get<std::string>().find("nowhere"), std::string::npos);
}

TEST_F(BadInput, CtrlCStopsItCleanly) {
  const CommandResult result =
      RunThimble({"demo", "--quiet", "--out", "out", "--epochs", "100000"}, folder_.path(), 1500);
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_NE(result.err.find("stopped"), std::string::npos) << result.err;
  EXPECT_EQ(EntryCount(folder_.path()), 1u);
}

TEST(Usage, NoCommandAndUnknownCommandsAreUsage) {
  const TemporaryFolder folder;
  EXPECT_EQ(RunThimble({}, folder.path()).exit_code, 2);
  EXPECT_EQ(RunThimble({"dance"}, folder.path()).exit_code, 2);
  EXPECT_EQ(RunThimble({"--help"}, folder.path()).exit_code, 0);
  EXPECT_EQ(RunThimble({"--version"}, folder.path()).exit_code, 0);
}

}  // namespace
}  // namespace thimble::journeys
