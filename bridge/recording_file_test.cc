#include "bridge/recording_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "dataset/reader.h"

namespace thimble::bridge {
namespace {

namespace fs = std::filesystem;

Captured Example() {
  Captured captured;
  captured.recording.axes = {{"accX", "m/s2"}, {"gyrX", ""}};
  captured.recording.values = {0.1f, -2.5e-7f, 9.80665f, 3};
  captured.recording.interval_ms = captured.interval_ms = 6.6733512;
  captured.measured_rate_hz = 149.85;
  captured.lost_readings = 2;
  captured.gaps = {{120.5, 2}};
  return captured;
}

class RecordingFile : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/thimble-recording-XXXXXX";
    folder_ = mkdtemp(folder);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST(RecordingJson, IsReadBackBitForBit) {
  const Captured captured = Example();
  std::vector<std::string> notices;
  const auto read =
      dataset::ReadBytes("wave.json", RecordingJson(captured, {.device_name = "0042", .issued_s = 5}), {}, notices);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->values, captured.recording.values);
  EXPECT_EQ(read->axes, captured.recording.axes);
  EXPECT_EQ(read->interval_ms, captured.recording.interval_ms);
  EXPECT_TRUE(notices.empty());
}

TEST(RecordingJson, HasTheShapeOfTheAcquisitionFormat) {
  const auto json = nlohmann::ordered_json::parse(RecordingJson(Example(), {.device_name = "0042", .issued_s = 5}));
  EXPECT_EQ(json["protected"].dump(), R"({"ver":"v1","alg":"none","iat":5})");
  EXPECT_EQ(json["signature"], std::string(64, '0'));
  EXPECT_EQ(json["payload"]["device_name"], "0042");
  EXPECT_EQ(json["payload"]["sensors"][1]["units"], "N/A");
  EXPECT_EQ(json["payload"]["values"].size(), 2u);
  EXPECT_EQ(json["capture"]["lost_readings"], 2);
  EXPECT_EQ(json["capture"]["gaps"][0]["readings"], 2);
}

TEST(RecordingJson, OfOneAxisIsAFlatList) {
  Captured captured = Example();
  captured.recording.axes.resize(1);
  const auto json = nlohmann::json::parse(RecordingJson(captured, {}));
  EXPECT_EQ(json["payload"]["values"].size(), 4u);
  EXPECT_TRUE(json["payload"]["values"][0].is_number());
}

TEST(RecordingFileName, IsAFileInTheFolder) {
  EXPECT_EQ(RecordingFileName("wave", 17), "wave.17.json");
  EXPECT_EQ(RecordingFileName("../a/b c", 17), "___a_b c.17.json");
  EXPECT_EQ(RecordingFileName("", 17), "recording.17.json");
}

TEST_F(RecordingFile, ReplacesNobody) {
  EXPECT_EQ(WriteRecording(folder_ / "new", "a.1.json", "one")->filename(), "a.1.json");
  EXPECT_EQ(WriteRecording(folder_ / "new", "a.1.json", "two")->filename(), "a.1-2.json");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "new"), {}), 2);
}

TEST_F(RecordingFile, IsNotThereAtAllWhenTheDiskIsFull) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {1000, 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto written = WriteRecording(folder_, "a.1.json", std::string(5000, 'x'));
    _exit(!written.ok() && written.error().message.find("make room on the disk") != std::string::npos ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(RecordingFile, SaysWhenThereCanBeNoFolder) {
  std::ofstream(folder_ / "file") << "x";
  EXPECT_EQ(WriteRecording(folder_ / "file", "a.1.json", "x").error().status, Status::kFailed);
}

}  // namespace
}  // namespace thimble::bridge
