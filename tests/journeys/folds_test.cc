// Honest figures as a person asks for them: `thimble train --folds` and `--each`, `--split …=`, and what real gestures
// reach.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/journeys/command.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Folds : public testing::Test {
 protected:
  /// Two rhythms of three people, four recordings each, as {rhythm}.{who}.{index}.csv in the folder "data".
  void WriteRecordings() const {
    fs::create_directories(folder_.path() / "data");
    int count = 0;
    for (const std::string who : {"anna", "ben", "chris"}) {
      for (int i = 0; i < 8; ++i) {
        std::ostringstream text;
        text << "time_ms,accX (m/s2),accY (m/s2),accZ (m/s2)\n";
        for (int j = 0; j < 150; ++j) {
          const double turns = 6.283 * (i % 2 == 0 ? 2 : 7) * j / 100 + 1.7 * ++count;
          text << 10 * j << ',' << std::sin(turns) << ',' << std::cos(turns) << ',' << 9.81 + 0.1 * std::sin(3 * turns)
               << '\n';
        }
        std::ofstream(folder_.path() / "data" /
                      ((i % 2 == 0 ? "slow." : "fast.") + who + "." + std::to_string(i / 2) + ".csv"))
            << text.str();
      }
    }
  }
  CommandResult Train(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"train", "--data", "data", "--out", "out", "--epochs", "12", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunThimble(arguments, folder_.path());
  }
  static json LastLine(const CommandResult& result) {
    std::istringstream lines(result.out);
    std::string line, last;
    while (std::getline(lines, line)) last = line;
    return json::parse(last, nullptr, false);
  }

  TemporaryFolder folder_;
};

TEST_F(Folds, JudgeEachRecordingByWhatOthersTaught) {
  WriteRecordings();
  const CommandResult result = Train({"--folds", "3"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json last = LastLine(result);
  ASSERT_EQ(last["folds"].size(), 3u);
  EXPECT_EQ(last["recordings"]["count"], 24);
  int windows = 0;
  for (const json& fold : last["folds"]) windows += fold["windows"].get<int>();
  int judged = 0;
  for (const json& row : last["confusion"]) {
    for (const json& cell : row) judged += cell.get<int>();
  }
  EXPECT_EQ(windows, judged);
  EXPECT_GT(last["accuracy"]["int8"], 0.8);
  EXPECT_TRUE(fs::exists(folder_.path() / "out" / "model.tflite"));

  // It has learnt from everything, so the same recordings are no test.
  const CommandResult test = RunThimble({"test", "--model", "out", "--data", "data"}, folder_.path());
  EXPECT_NE(test.exit_code, 0);
  EXPECT_NE(test.err.find("has learnt from all of these recordings"), std::string::npos) << test.err;
}

TEST_F(Folds, LeaveEachPersonOut) {
  WriteRecordings();
  const CommandResult result = Train({"--each", "who:{rhythm}.{who}.{index}"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json last = LastLine(result);
  ASSERT_EQ(last["folds"].size(), 3u);
  EXPECT_EQ(last["folds"][0]["name"], "anna");
}

TEST_F(Folds, ASplitSaysWhatTests) {
  WriteRecordings();
  const CommandResult result = Train({"--split", "who:{rhythm}.{who}.{index}=ben"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(LastLine(result)["recordings"]["count"], 8);
  const CommandResult test = RunThimble({"test", "--model", "out", "--data", "data", "--json"}, folder_.path());
  ASSERT_EQ(test.exit_code, 0) << test.err;
  EXPECT_EQ(LastLine(test)["recordings"]["count"], 8);  // the split is remembered
  EXPECT_EQ(LastLine(test)["confusion"], LastLine(result)["confusion"]);
}

TEST_F(Folds, RefuseWhatContradictsThem) {
  WriteRecordings();
  const auto says = [&](const std::vector<std::string>& more, const std::string& words) {
    const CommandResult result = Train(more);
    EXPECT_NE(result.exit_code, 0);
    EXPECT_NE(result.err.find(words), std::string::npos) << result.err;
    EXPECT_FALSE(fs::exists(folder_.path() / "out"));
  };
  says({"--folds", "3", "--each", "folder"}, "take either it or --folds");
  says({"--folds", "3", "--split", "recording=30%"}, "every part tests once");
  says({"--folds", "1"}, "at least two");
  says({"--each", "time"}, "say folder, or how names tell the group");
  says({"--folds", "3", "--split", "time"}, "no groups to leave out");
}

/// A bound and no exact figure: processors differ in how they sum.
TEST(Accuracy, RealGesturesReachTheirBound) {
  if (SharedFolder().empty()) GTEST_SKIP() << "no real recordings here; set THIMBLE_SHARED";
  const TemporaryFolder folder;
  const fs::path data = UnpackRecordings("xiao-gestures", folder.path());
  const CommandResult result = RunThimble({"train", "--data", data.string(), "--out", "out", "--json"}, folder.path());
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json last = json::parse(result.out.substr(result.out.rfind('\n', result.out.size() - 2) + 1));
  EXPECT_GE(last["accuracy"]["int8"], 0.99);
  EXPECT_EQ(last["recordings"]["correct"], 24);
  EXPECT_LE(last["parameters"], 4000);
}

}  // namespace
}  // namespace thimble::journeys
