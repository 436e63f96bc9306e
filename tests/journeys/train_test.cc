// A network from a folder of recordings, what is said of it, and what it learns afterwards: `thimble train` and `test`.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/random.h"
#include "tests/journeys/command.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Train : public testing::Test {
 protected:
  /// `count` recordings of two seconds at 50 Hz of a swing along one axis, as {folder}/{label}.{index}.csv.
  void Record(const std::string& folder, const std::string& label, double swings_a_second, int axis, int count) {
    fs::create_directories(folder_.path() / folder);
    for (int i = 0; i < count; ++i) {
      std::ofstream file(folder_.path() / folder / (label + "." + std::to_string(i) + ".csv"));
      file << "timestamp,accX,accY,accZ\n";
      const double phase = random_.Between(0, 6.28), size = random_.Between(3, 5);
      for (int reading = 0; reading < 100; ++reading) {
        file << reading * 20;
        for (int k = 0; k < 3; ++k) {
          const double swing = k == axis ? size * std::sin(phase + 6.2832 * swings_a_second * reading / 50) : 0;
          file << ',' << swing + static_cast<double>(0.3f * random_.Normal());
        }
        file << '\n';
      }
    }
  }
  CommandResult Run(std::vector<std::string> arguments) const { return RunThimble(arguments, folder_.path()); }
  std::string File(const std::string& name) const {
    std::ifstream stream(folder_.path() / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static json LastLine(const CommandResult& result) {
    std::istringstream lines(result.out);
    std::string line, last;
    while (std::getline(lines, line)) last = line;
    return json::parse(last, nullptr, false);
  }

  TemporaryFolder folder_;
  Random random_{1};
};

TEST_F(Train, LeavesANetworkAPageAndFiguresThatTestRepeats) {
  Record("data", "wave", 2, 0, 10);
  Record("data", "nod", 1, 1, 10);
  const CommandResult trained = Run({"train", "--data", "data", "--block", "spectral_analysis", "--param",
                                     "fft-length=32", "--epochs", "20", "--out", "out", "--json"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const json figures = LastLine(trained);
  EXPECT_GT(figures["accuracy"]["int8"], 0.9);
  EXPECT_GT(figures["scores"]["auc"]["wave"], 0.9);
  EXPECT_LT(figures["scores"]["calibration_error"], 0.5);
  EXPECT_NE(File("out/impulse.json").find("\"fft-length\": 32"), std::string::npos);
  const std::string page = File("out/report.html");
  for (const char* part : {"How far to trust it", ">AUC</th>", "Layers", "Signals", "</html>"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }

  const CommandResult tested = Run({"test", "--model", "out", "--data", "data", "--json"});
  ASSERT_EQ(tested.exit_code, 0) << tested.err;
  const json again = LastLine(tested);
  EXPECT_EQ(again["accuracy"], figures["accuracy"]);
  EXPECT_EQ(again["scores"], figures["scores"]);
}

TEST_F(Train, GoesOnFromANetwork) {
  Record("data", "wave", 2, 0, 10);
  Record("data", "nod", 1, 1, 10);
  const CommandResult known = Run({"train", "--data", "data", "--block", "waveform", "--model", "conv1d", "--epochs",
                                   "20", "--out", "known", "--json"});
  ASSERT_EQ(known.exit_code, 0) << known.err;
  Record("more", "wave", 2, 0, 3);
  Record("more", "nod", 1, 1, 3);
  Record("more", "pump", 1.5, 2, 3);
  const CommandResult more = Run({"train", "--data", "more", "--from", "known", "--out", "mine", "--json"});
  ASSERT_EQ(more.exit_code, 0) << more.err;
  const json figures = LastLine(more);
  EXPECT_EQ(figures["classes"].size(), 3u);
  EXPECT_GT(figures["accuracy"]["int8"], 0.6);
  const CommandResult int8 = Run({"train", "--data", "more", "--from", "known/model.tflite", "--out", "x"});
  EXPECT_NE(int8.exit_code, 0);
  EXPECT_NE(int8.err.find("model.float.tflite"), std::string::npos) << int8.err;
}

TEST_F(Train, SaysEarlyWhatCannotWork) {
  Record("data", "wave", 2, 0, 6);
  const auto refusal = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"train", "--data", "data", "--out", "out", "--epochs", "5"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CommandResult result = Run(arguments);
    EXPECT_NE(result.exit_code, 0);
    EXPECT_FALSE(fs::exists(folder_.path() / "out" / "model.tflite"));
    return result.err;
  };
  EXPECT_NE(refusal({}).find("at least two"), std::string::npos) << refusal({});
  Record("data", "nod", 1, 1, 6);
  const std::string diverges = refusal({"--block", "waveform", "--model", "conv1d", "--learning-rate", "1e30"});
  EXPECT_NE(diverges.find("below 1e+30"), std::string::npos) << diverges;
  const std::string freeze = refusal({"--freeze", "2"});
  EXPECT_NE(freeze.find("--from"), std::string::npos) << freeze;
  const std::string parameter = refusal({"--param", "fft-length=64"});
  EXPECT_NE(parameter.find("--block"), std::string::npos) << parameter;
}

TEST_F(Train, ALopsidedDataSetIsNotPraised) {
  Record("data", "idle", 0.2, 0, 60);
  Record("data", "wave", 2, 1, 4);
  const CommandResult result =
      Run({"train", "--data", "data", "--block", "spectral_analysis", "--epochs", "10", "--out", "out"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("testing windows are 'idle'"), std::string::npos) << result.out;
}

}  // namespace
}  // namespace thimble::journeys
