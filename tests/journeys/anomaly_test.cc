// Recordings of a machine become a detector of what is strange, and folders called after numbers a network that gives
// them, as a person does it.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "tests/journeys/command.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// Two axes at 100 Hz, two seconds.
void Record(const fs::path& file, double hum_hz, double size, Random& random) {
  fs::create_directories(file.parent_path());
  std::ofstream stream(file);
  stream << "timestamp,accX,accZ\n";
  const double phase = random.Between(0, 6.28);
  for (int i = 0; i < 200; ++i) {
    const double hum = size * std::sin(phase + 6.2832 * hum_hz * i / 100);
    stream << i * 10 << ',' << hum + 0.1 * static_cast<double>(random.Normal()) << ','
           << 9.81 + 0.3 * hum + 0.1 * static_cast<double>(random.Normal()) << '\n';
  }
}

/// The object on the last line.
Json LastLine(const CommandResult& result) {
  std::string text = result.out;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return Json::parse(text.substr(text.rfind('\n') + 1), nullptr, false);
}

TEST(AnomalyJourney, RecordingsOfWhatIsNormalFindWhatIsNot) {
  const TemporaryFolder folder;
  Random random(1);
  for (int i = 0; i < 20; ++i) {
    Record(folder.path() / "machine" / ("hum." + std::to_string(i) + ".csv"), 10, 1, random);
  }
  for (int i = 0; i < 5; ++i) {
    Record(folder.path() / "machine" / ("rattle." + std::to_string(i) + ".csv"), 27, 1, random);
  }
  const std::vector<std::string> train = {"train", "--learn", "anomaly", "--data", "machine", "--out", "watch"};
  const auto with = [](std::vector<std::string> words, const std::vector<std::string>& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  for (const std::string model : {"gmm", "autoencoder"}) {
    SCOPED_TRACE(model);
    const CommandResult trained =
        RunThimble(with(train, {"--normal", "hum", "--model", model, "--json"}), folder.path());
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    const Json result = LastLine(trained);
    EXPECT_EQ(result["event"], "result");
    EXPECT_EQ(result["model"], "spectral_analysis + " + model);
    EXPECT_GT(result["auc"]["labels"]["rattle"], 0.99);
    EXPECT_EQ(result["found"]["rattle"], 1.0);
    EXPECT_LT(result["false_alarms"], 0.25);
    EXPECT_TRUE(fs::exists(folder.path() / "watch/impulse.json"));
    EXPECT_EQ(fs::exists(folder.path() / "watch/model.tflite"), model == "autoencoder");

    const CommandResult tested = RunThimble({"test", "--model", "watch", "--data", "machine", "--json"}, folder.path());
    ASSERT_EQ(tested.exit_code, 0) << tested.err;
    for (const char* figure : {"auc", "found", "false_alarms", "windows", "threshold", "parameters"}) {
      EXPECT_EQ(LastLine(tested)[figure], result[figure]) << figure;
    }
  }
  const CommandResult unnamed = RunThimble(train, folder.path());
  EXPECT_NE(unnamed.exit_code, 0);
  EXPECT_NE(unnamed.err.find("--normal"), std::string::npos) << unnamed.err;
  const CommandResult unknown = RunThimble(with(train, {"--normal", "hum", "--model", "dense"}), folder.path());
  EXPECT_NE(unknown.exit_code, 0);
  EXPECT_NE(unknown.err.find("there are gmm, gmm_full, kmeans, autoencoder"), std::string::npos) << unknown.err;
}

TEST(RegressionJourney, FoldersCalledAfterNumbersTeachThem) {
  const TemporaryFolder folder;
  Random random(2);
  for (int size = 1; size <= 8; ++size) {
    for (int i = 0; i < 4; ++i) {
      Record(folder.path() / "sizes" / ("size_" + std::to_string(size)) / (std::to_string(i) + ".csv"), 10, size,
             random);
    }
  }
  const CommandResult trained = RunThimble({"train", "--learn", "regression", "--data", "sizes", "--out", "size",
                                            "--window-ms", "500", "--model", "dense", "--json"},
                                           folder.path());
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const Json result = LastLine(trained);
  EXPECT_GT(result["r2"]["int8"], 0.9);
  EXPECT_LT(result["mae"]["int8"], 0.8);
  const CommandResult tested = RunThimble({"test", "--model", "size", "--data", "sizes", "--json"}, folder.path());
  ASSERT_EQ(tested.exit_code, 0) << tested.err;
  for (const char* figure : {"mae", "rmse", "r2", "windows"}) {
    EXPECT_EQ(LastLine(tested)[figure], result[figure]) << figure;
  }
}

}  // namespace
}  // namespace thimble::journeys
