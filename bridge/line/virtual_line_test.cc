#include "bridge/line/virtual_line.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "bridge/capture.h"
#include "bridge/recording_file.h"
#include "bridge/sample_source.h"
#include "simulator/hand.h"

namespace thimble::bridge {
namespace {

namespace fs = std::filesystem;

/// sensor_dump for the kit, or nothing when it is not built.
fs::path SensorDump() {
  const char* const device = std::getenv("THIMBLE_DEVICE_DIR");
  const fs::path beside =
      device != nullptr ? fs::path(device).parent_path() : fs::path(THIMBLE_BINARY_DIR).parent_path();
  const fs::path elf = beside / "device-az3166/sensor_dump.elf";
  return fs::exists(elf) ? elf : fs::path();
}

class VirtualKit : public testing::Test {
 protected:
  void SetUp() override {
    options_.firmware = SensorDump().string();
    if (options_.firmware.empty()) GTEST_SKIP() << "sensor_dump is not built for az3166: ./run build boards";
    options_.port = "virtual:hand:wave";
  }
  Captured Record(double length_ms) const {
    const auto source = OpenSampleSource(options_);
    EXPECT_TRUE(source.ok()) << source.error().message;
    if (!source) return {};
    CaptureRequest request;
    request.label = "wave";
    request.length_ms = length_ms;
    auto captured = Capture(**source, request);
    EXPECT_TRUE(captured.ok()) << captured.error().message;
    return captured.ok() ? *std::move(captured) : Captured{};
  }
  LineOptions options_;
};

TEST_F(VirtualKit, SendsFramesWhenItIsAsked) {
  const Captured captured = Record(2000);
  EXPECT_EQ(captured.format, "framed");
  EXPECT_FALSE(captured.device_id.empty());
  EXPECT_EQ(captured.recording.readings(), 208u);
  EXPECT_NEAR(captured.measured_rate_hz, 104, 0.3);
  EXPECT_EQ(captured.lost_readings, 0u);
  EXPECT_EQ(captured.damaged_lines, 0u);
}

TEST_F(VirtualKit, PrintsLinesWhenItIsNot) {
  options_.framed = false;
  const Captured captured = Record(2000);
  EXPECT_EQ(captured.format, "json lines");
  EXPECT_NEAR(captured.measured_rate_hz, 150, 0.5);
  EXPECT_EQ(captured.lost_readings, 0u);
}

TEST_F(VirtualKit, TakesTheRateThatIsWanted) {
  options_.rate_hz = 200;
  EXPECT_NEAR(Record(1000).measured_rate_hz, 208, 1);
}

// A recording at the sensor's own rate moves the board, and comes back as it was.
TEST_F(VirtualKit, GivesWhatTheSensorFeltReadingByReading) {
  simulator::HandOptions hand;
  hand.people = 1;
  hand.recordings_per_gesture = 1;
  hand.seconds = 4;
  const dataset::Dataset made = simulator::SimulateHand(hand);
  const dataset::Recording& truth = made.recordings.at(2);
  Captured played;
  played.recording = truth;
  char folder[] = "/tmp/thimble-motion-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const fs::path file = fs::path(folder) / "motion.json";
  std::ofstream(file) << RecordingJson(played, {});
  options_.port = "virtual:" + file.string();
  const Captured captured = Record(2000);
  fs::remove_all(folder);
  ASSERT_EQ(captured.recording.readings(), 208u);
  // The sensor's registers count 0.061 mg and 0.07 deg/s; the recording was made of the same.
  const auto differs = [&](size_t ours, size_t theirs) {
    double most = 0;
    for (size_t axis = 0; axis < 6; ++axis) {
      const double felt = captured.recording.Reading(ours)[axis];
      const double was = truth.Reading(theirs % truth.readings())[axis];
      most = std::max(most, axis < 3 ? std::abs(felt - was) / (0.061e-3 * 9.80665)
                                     : std::abs(felt - was * 180 / 3.14159265358979) / 0.07);
    }
    return most;
  };
  size_t offset = 0;
  while (offset < truth.readings() && differs(0, offset) > 1.01) ++offset;
  ASSERT_LT(offset, truth.readings()) << "the first reading is none of the recording's";
  for (size_t i = 0; i < 208; ++i) {
    ASSERT_LT(differs(i, offset + i), 1.01) << "reading " << i;
  }
}

TEST_F(VirtualKit, KeepsRealTimeWhenItIsTold) {
  const auto source = OpenSampleSource(options_);
  ASSERT_TRUE(source.ok()) << source.error().message;
  (*source)->KeepRealTime(true);
  std::vector<float> values;
  const auto began = std::chrono::steady_clock::now();
  for (size_t rows = 0; rows < 52;) rows += *(*source)->Read(values, 50);
  EXPECT_GT(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(), 0.4) << "half a second";
}

TEST_F(VirtualKit, SaysWhatIsWrongWithItsProgram) {
  options_.firmware = "/nowhere/sensor_dump.elf";
  EXPECT_EQ(OpenSampleSource(options_).error().status, Status::kNotFound);
}

TEST(VirtualLine, AsksForAProgram) {
  LineOptions options;
  options.port = "virtual:still";
  const auto source = OpenSampleSource(options);
  ASSERT_FALSE(source.ok());
  EXPECT_NE(source.error().message.find("--firmware"), std::string::npos);
}

}  // namespace
}  // namespace thimble::bridge
