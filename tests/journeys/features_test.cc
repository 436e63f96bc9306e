// `thimble features` as a person uses it: golden cases, tables, drawings, suggestions, with right and with wrong files.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/journeys/command.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Features : public testing::Test {
 protected:
  CommandResult Thimble(std::vector<std::string> arguments, int interrupt_after_ms = 0) const {
    arguments.insert(arguments.begin(), "features");
    return RunThimble(arguments, folder_.path(), interrupt_after_ms);
  }
  void Write(const std::string& name, const std::string& bytes) const {
    fs::create_directories((folder_.path() / name).parent_path());
    std::ofstream(folder_.path() / name, std::ios::binary) << bytes;
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(folder_.path() / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Slow and fast rhythms on three axes, five recordings each of two seconds at 100 Hz, in the folder "data".
  void WriteRecordings() const {
    for (int i = 0; i < 10; ++i) {
      std::ostringstream text;
      text << "time_ms,accX (m/s2),accY (m/s2),accZ (m/s2)\n";
      const double hz = i % 2 == 0 ? 2 : 7;
      for (int j = 0; j < 200; ++j) {
        const double turns = 6.283 * hz * j / 100 + i;
        text << 10 * j << ',' << std::sin(turns) << ',' << std::cos(turns) << ',' << 9.81 + 0.1 * std::sin(3 * turns)
             << '\n';
      }
      Write(std::string("data/") + (i % 2 == 0 ? "slow." : "fast.") + std::to_string(i) + ".csv", text.str());
    }
  }
  void Refused(const std::vector<std::string>& arguments, int exit_code, const std::string& sentence) const {
    const CommandResult result = Thimble(arguments);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_NE(result.err.find(sentence), std::string::npos) << result.err;
    std::vector<std::string> with_json = arguments;
    with_json.push_back("--json");
    const CommandResult again = Thimble(with_json);
    EXPECT_EQ(again.exit_code, exit_code);
    EXPECT_TRUE(json::parse(again.out, nullptr, false).contains("error")) << again.out;
  }

  TemporaryFolder folder_;
};

TEST_F(Features, OfEveryGoldenCaseAreThoseOfTheReference) {
  const fs::path golden = SharedFolder() / "golden" / "dsp";
  if (SharedFolder().empty() || !fs::exists(golden)) GTEST_SKIP() << "no golden vectors: set THIMBLE_SHARED";
  // The reference's own rounding of nothing, as dsp/golden_test.cc says.
  const std::string noise = "spectral_analysis_constant_deci3_1ax";
  int met = 0, refused = 0;
  for (const auto& entry : fs::directory_iterator(golden)) {
    if (entry.path().extension() != ".json" || entry.path().stem() == noise) continue;
    const json test = json::parse(std::ifstream(entry.path()));
    const CommandResult result = Thimble({"--case", entry.path().string()});
    if (test["expected"].contains("error")) {
      EXPECT_EQ(result.exit_code, 5) << entry.path();
      EXPECT_NE(result.err, "") << entry.path();
      EXPECT_EQ(result.out, "") << entry.path();
      ++refused;
      continue;
    }
    ASSERT_EQ(result.exit_code, 0) << entry.path() << result.err;
    const std::vector<double> got = json::parse(result.out)["features"];
    const std::vector<double> want = test["expected"]["features"];
    ASSERT_EQ(got.size(), want.size()) << entry.path();
    std::set<size_t> loose;
    for (const char* key : {"ill_conditioned", "platform_dependent"}) {
      if (test.contains(key)) loose.merge(test[key].get<std::set<size_t>>());
    }
    const double absolute = test["tolerance"]["abs"];
    const double relative = test["tolerance"]["rel"];
    for (size_t i = 0; i < want.size(); ++i) {
      if (loose.contains(i)) continue;
      EXPECT_LE(std::fabs(got[i] - want[i]), absolute + relative * std::fabs(want[i])) << entry.path() << " " << i;
    }
    ++met;
  }
  EXPECT_GE(met, 260);
  EXPECT_GE(refused, 39);
}

TEST_F(Features, OfACaseReadBackExactly) {
  Write("case.json", R"({"block":"raw","parameters":{"scale-axes":0.1},"sampling_rate_hz":100,"axes":["x"],
                         "shape":[3,1],"input":[1,3,-16777217]})");
  const CommandResult result = Thimble({"--case", "case.json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "{\"features\":[0.1,0.3,-1677721.6]}\n");
  const std::vector<float> values = json::parse(result.out)["features"];
  EXPECT_EQ(values[1], 3 * 0.1f);
}

TEST_F(Features, OfADamagedCaseAreRefusedWithASentence) {
  Write("half.json", R"({"block":"raw","input":[1,2)");
  Write("list.json", "[1,2,3]");
  Write("words.json", R"({"block":"raw","axes":["x"],"sampling_rate_hz":1,"input":["a"]})");
  Write("other.json", R"({"block":"sorcery","axes":["x"],"sampling_rate_hz":1,"input":[1]})");
  Write("odd.json", R"({"block":"raw","axes":["x","y"],"sampling_rate_hz":1,"input":[1]})");
  Write("name.json", R"({"block":"raw","parameters":{"sclae":1},"axes":["x"],"sampling_rate_hz":1,"input":[1]})");
  Write("deep.json", std::string(1'000'000, '['));
  Refused({"--case", "deep.json"}, 2, "deep.json: is not a whole JSON document");
  Refused({"--case", "half.json"}, 2, "half.json: is not a whole JSON document");
  Refused({"--case", "list.json"}, 2, "list.json: block is missing");
  Refused({"--case", "words.json"}, 2, "words.json: input must be a list of numbers");
  Refused({"--case", "other.json"}, 3, "sorcery: there is no such block; there are ");
  Refused({"--case", "odd.json"}, 5, "input has 1 number, which make no whole readings of 2 axes");
  Refused({"--case", "name.json"}, 5, "sclae is not known here");
  Refused({"--case", "none.json"}, 3, "none.json: no such file");
  Refused({"--case", "."}, 2, "is a folder");
  Refused({"--case", "-"}, 2, "standard input: is not a whole JSON document");
}

TEST_F(Features, BecomeATableWithLabelsAndNames) {
  WriteRecordings();
  const std::vector<std::string> how = {"--block",       "spectral_analysis", "--data", "data",        "--param",
                                        "fft-length=32", "--window-ms",       "1000",   "--stride-ms", "500"};
  std::vector<std::string> csv = how;
  csv.insert(csv.end(), {"--out", "table.csv", "--json"});
  const CommandResult result = Thimble(csv);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_EQ(report["rows"], 30);
  EXPECT_EQ(report["features"], 3 * (5 + 16));
  EXPECT_EQ(report["parameters"]["fft-length"], 32);
  EXPECT_EQ(report["windows_of_label"]["slow"], 15);
  EXPECT_EQ(report["files"], json({"table.csv"}));

  std::istringstream lines(Read("table.csv"));
  std::string heading, row;
  std::getline(lines, heading);
  EXPECT_TRUE(heading.starts_with("label,recording,start_ms,category,accX RMS,accX Skewness,")) << heading;
  std::getline(lines, row);
  EXPECT_TRUE(row.starts_with("fast,fast.1,0,unassigned,")) << row;
  EXPECT_EQ(std::count(row.begin(), row.end(), ','), 3 + 3 * 21);

  std::vector<std::string> npy = how;
  npy.insert(npy.end(), {"--out", "table.npy"});
  ASSERT_EQ(Thimble(npy).exit_code, 0);
  const std::string bytes = Read("table.npy");
  EXPECT_NE(bytes.find("'descr': '<f4', 'fortran_order': False, 'shape': (30, 63)"), std::string::npos);
  const size_t header = bytes.size() - 30 * 63 * sizeof(float);
  float first = 0;
  std::memcpy(&first, bytes.data() + header, sizeof first);
  // The same number to the last bit in both files.
  EXPECT_EQ(std::strtof(row.c_str() + std::string("fast,fast.1,0,unassigned,").size(), nullptr), first);
  const std::string rows = Read("table.rows.csv");
  const std::string names = Read("table.names.txt");
  EXPECT_EQ(std::count(rows.begin(), rows.end(), '\n'), 31);
  EXPECT_EQ(std::count(names.begin(), names.end(), '\n'), 63);
}

TEST_F(Features, AreDrawnOfTheWindowThatWasNamed) {
  WriteRecordings();
  const CommandResult result = Thimble({"--block", "flatten", "--data", "data", "--window-ms", "1000", "--plot",
                                        "window.svg", "--recording", "slow.4", "--at", "500"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::string svg = Read("window.svg");
  EXPECT_TRUE(svg.starts_with("<svg ")) << svg.substr(0, 60);
  EXPECT_NE(svg.find("flatten of slow.4"), std::string::npos);
  EXPECT_NE(svg.find("from 0.5 s, 1 s at 100 Hz"), std::string::npos);
}

TEST_F(Features, AreSuggestedWithACommandThatWorks) {
  WriteRecordings();
  const CommandResult result = Thimble({"--auto", "--data", "data", "--window-ms", "1000", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_GE(report["reasons"].size(), 3u);
  EXPECT_GE(report["tried"].size(), 4u);
  EXPECT_GE(report["tried"][0]["accuracy"], 0.95);
  std::istringstream words(report["command"].get<std::string>());
  std::vector<std::string> command;
  for (std::string word; words >> word;) command.push_back(word);
  ASSERT_GT(command.size(), 4u);
  const CommandResult used = RunThimble({command.begin() + 1, command.end()}, folder_.path());
  EXPECT_EQ(used.exit_code, 0) << report["command"] << used.err;
  EXPECT_TRUE(fs::exists(folder_.path() / "features.csv"));
  const CommandResult text = Thimble({"--auto", "--data", "data", "--window-ms", "1000"});
  EXPECT_NE(text.out.find("nearest to their own label's mean"), std::string::npos) << text.out;
}

TEST_F(Features, OfASingleRecordingAreATableAsWell) {
  Write("one/wave.1.csv", "time_ms,x\n0,1\n10,2\n20,-1\n30,0\n40,5\n");
  const CommandResult result = Thimble({"--block", "flatten", "--data", "one", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(json::parse(result.out)["rows"], 1);
  EXPECT_EQ(Thimble({"--auto", "--data", "one"}).exit_code, 0);
}

TEST_F(Features, SayWhatIsThere) {
  const CommandResult text = Thimble({"--list"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  for (const char* word : {"spectral_analysis", "mfcc", "fft-length = 16", "filter-cutoff = 3 Hz", "low, high, none"}) {
    EXPECT_NE(text.out.find(word), std::string::npos) << word;
  }
  const json blocks = json::parse(Thimble({"--list", "--json"}).out)["blocks"];
  EXPECT_GE(blocks.size(), 7u);
  for (const json& block : blocks) {
    for (const json& parameter : block["parameters"]) {
      EXPECT_TRUE(parameter["sentence"].get<std::string>().ends_with(".")) << parameter;
      EXPECT_TRUE(parameter.contains("default")) << parameter;
    }
  }
  EXPECT_EQ(json::parse(Thimble({"--list", "--block", "raw", "--json"}).out)["blocks"].size(), 1u);
  Refused({"--list", "--block", "sorcery"}, 3, "there is no such block");
}

TEST_F(Features, OfWrongRequestsAreRefusedAndLeaveNothingBehind) {
  WriteRecordings();
  Write("bad/wave.1.csv", "time_ms,x\n0,1\n10,zwei\n");
  fs::create_directories(folder_.path() / "empty");
  Refused({}, 2, "name what to work on");
  Refused({"--data", "data"}, 2, "name the block with --block");
  Refused({"--block", "raw", "--data", "nowhere"}, 3, "there is no such folder");
  Refused({"--block", "raw", "--data", "empty"}, 2, "the folder is empty");
  Refused({"--block", "raw", "--data", "bad", "--out", "t.csv"}, 5, "'zwei' is not a number");
  Refused({"--block", "sorcery", "--data", "data"}, 3, "there is no such block");
  Refused({"--block", "raw", "--data", "data", "--out", "t.xls"}, 2, "name it .csv or .npy");
  Refused({"--block", "raw", "--data", "data", "--out", "no/such/t.csv"}, 3, "there is no such folder");
  Refused({"--block", "raw", "--data", "data", "--window-ms", "5000"}, 2, "longer than every recording");
  Refused({"--block", "mfcc", "--data", "data"}, 2, "mfcc: ");
  Refused({"--block", "raw", "--data", "data", "--param", "scale-axes"}, 2, "write name=value");
  Refused({"--block", "raw", "--data", "data", "--param", "scale=2"}, 2,
          "raw has no such parameter; it has scale-axes");
  Refused({"--block", "raw", "--data", "data", "--param", "scale-axes=much"}, 2, "scale-axes must be a number");
  Refused({"--block", "spectral_analysis", "--data", "data", "--param", "filter-type=wide"}, 2, "low, high, none");
  Refused({"--block", "raw", "--data", "data", "--plot", "p.svg", "--recording", "jump"}, 3, "no such recording");
  Refused({"--block", "raw", "--data", "data", "--plot", "p.svg", "--at", "99999"}, 2, "no whole window from there on");
  EXPECT_EQ(Thimble({"--case", "x", "--list"}).exit_code, 2);
  EXPECT_EQ(Thimble({"--block", "raw", "--data", "data", "--window-ms", "-1"}).exit_code, 2);
  for (const char* file : {"t.csv", "t.xls", "p.svg"}) EXPECT_FALSE(fs::exists(folder_.path() / file)) << file;
}

TEST_F(Features, LeaveNothingBehindWhenInterrupted) {
  // Enough work to be in the middle of: a window from every reading.
  std::ostringstream text;
  text << "time_ms,x\n";
  for (int j = 0; j < 60000; ++j) text << j << ',' << std::sin(0.01 * j) << '\n';
  Write("long/wave.1.csv", text.str());
  const CommandResult result = Thimble({"--block", "spectral_analysis", "--data", "long", "--window-ms", "2000",
                                        "--stride-ms", "1", "--param", "fft-length=512", "--out", "t.csv"},
                                       150);
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_NE(result.err.find("stopped"), std::string::npos) << result.err;
  EXPECT_FALSE(fs::exists(folder_.path() / "t.csv"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
}

TEST_F(Features, OfSoundAndPicturesComeFromTheirFiles) {
  if (SharedFolder().empty()) GTEST_SKIP() << "no recordings: set THIMBLE_SHARED";
  const fs::path words = UnpackRecordings("speech-commands-300", folder_.path());
  const CommandResult sound =
      Thimble({"--block", "mfcc", "--data", words.string(), "--pad", "--out", "s.npy", "--plot", "s.svg", "--json"});
  ASSERT_EQ(sound.exit_code, 0) << sound.err;
  const json report = json::parse(sound.out);
  EXPECT_EQ(report["rows"], 300);
  EXPECT_EQ(report["windows_of_label"].size(), 30u);
  EXPECT_EQ(report["layout"]["type"], "spectrogram");
  EXPECT_NE(Read("s.svg").find("data:image/png"), std::string::npos);
  const fs::path parts = UnpackRecordings("components", folder_.path()) / "electronic-components-png";
  const CommandResult pictures =
      Thimble({"--block", "image", "--param", "channels=Grayscale", "--data", parts.string(), "--json"});
  ASSERT_EQ(pictures.exit_code, 0) << pictures.err;
  EXPECT_EQ(json::parse(pictures.out)["features"], 96 * 96);
  const CommandResult small = Thimble({"--block", "image", "--data", parts.string(), "--size", "32x24", "--json"});
  ASSERT_EQ(small.exit_code, 0) << small.err;
  EXPECT_EQ(json::parse(small.out)["features"], 32 * 24 * 3);
  EXPECT_EQ(json::parse(small.out)["layout"]["height"], 24);
  Refused({"--block", "image", "--data", parts.string(), "--size", "32"}, 2, "write width x height");
  Refused({"--block", "mfcc", "--data", words.string(), "--size", "32x32"}, 2, "--size is for pictures");
}

}  // namespace
}  // namespace thimble::journeys
