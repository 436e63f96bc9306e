#include "simulator/az3166/motion_source.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "simulator/az3166/lsm6dsl.h"
#include "simulator/az3166/register_bus.h"

namespace thimble::simulator {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;
constexpr double kGravity = 9.80665;

/// 10 Hz; x counts.
dataset::Recording Counting(const char* units, double unit, size_t readings = 10) {
  dataset::Recording recording;
  recording.name = "count.csv";
  recording.axes = {{"accX", units}, {"accY", units}, {"accZ", units}};
  recording.interval_ms = 100;
  for (size_t i = 0; i < readings; ++i) {
    for (const double value : {static_cast<double>(i) * unit, 0.0, unit}) {
      recording.values.push_back(static_cast<float>(value));
    }
  }
  return recording;
}

double X(MotionSource& source, uint64_t ns) { return source.At(ns).acceleration_g[0]; }

TEST(Recorded, GoesStraightFromReadingToReadingAndBeginsAnew) {
  auto source = Replay(Counting("g", 1));
  ASSERT_TRUE(source.ok());
  EXPECT_NEAR(X(**source, 0), 0, 1e-6);
  EXPECT_NEAR(X(**source, 250 * kMillisecond), 2.5, 1e-6);
  EXPECT_NEAR(X(**source, 900 * kMillisecond), 9, 1e-6);
  EXPECT_NEAR(X(**source, 950 * kMillisecond), 4.5, 1e-6);
  EXPECT_NEAR(X(**source, 1'250 * kMillisecond), 2.5, 1e-6);
  EXPECT_NEAR((*source)->ReadingAt(299 * kMillisecond).acceleration_g[0], 2, 1e-6);
}

TEST(Recorded, HoldsReadingsAndTheLastOneWhenAsked) {
  auto source = Replay(Counting("g", 1), {.hold = true, .once = true});
  ASSERT_TRUE(source.ok());
  EXPECT_NEAR(X(**source, 250 * kMillisecond), 2, 1e-6);
  EXPECT_NEAR(X(**source, 300 * kMillisecond), 3, 1e-6);
  EXPECT_NEAR(X(**source, 100'000 * kMillisecond), 9, 1e-6);
}

TEST(Recorded, TakesUnitsFromTheRecording) {
  const auto at_first = [](const char* units, double unit) {
    auto source = Replay(Counting(units, unit));
    return source.ok() ? X(**source, 100 * kMillisecond) : -1;
  };
  EXPECT_NEAR(at_first("m/s2", kGravity), 1, 1e-6);
  EXPECT_NEAR(at_first("g", 1), 1, 1e-6);
  EXPECT_NEAR(at_first("mg", 1000), 1, 1e-6);
  const auto wrong = Replay(Counting("furlongs", 1));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().message, "count.csv: accX is in \"furlongs\"; a motion's units are m/s2, g or mg");
}

TEST(Recorded, GuessesUnitsFromGravityAndSaysSo) {
  for (const double unit : {1.0, kGravity, 1000.0, 16393.4}) {
    dataset::Recording recording = Counting("", unit);
    for (size_t i = 0; i < recording.values.size(); i += 3) recording.values[i] *= 0.01f;
    auto source = Replay(recording);
    ASSERT_TRUE(source.ok());
    EXPECT_NEAR((*source)->At(0).acceleration_g[2], 1, 1e-3) << unit;
    ASSERT_EQ((*source)->Notices().size(), 2u);
    EXPECT_NE((*source)->Notices()[0].find("by its gravity"), std::string::npos);
  }
}

TEST(Recorded, FindsAxesByNameInAnyOrder) {
  dataset::Recording recording;
  recording.axes = {{"gyrZ", "rad/s"}, {"gyrY", "rad/s"}, {"gyrX", "rad/s"}, {"temp", "C"},
                    {"aZ", "g"},       {"aY", "g"},       {"aX", "g"}};
  recording.interval_ms = 10;
  recording.values = {3, 2, 1, 99, 30, 20, 10};
  auto source = Replay(recording);
  ASSERT_TRUE(source.ok());
  const auto motion = (*source)->At(5);
  EXPECT_NEAR(motion.acceleration_g[0], 10, 1e-6);
  EXPECT_NEAR(motion.acceleration_g[2], 30, 1e-6);
  EXPECT_NEAR(motion.turn_rate_dps[0], 180 / 3.14159265, 1e-3);
  recording.axes[6].name = "loudness";
  const auto wrong = Replay(recording);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().status, Status::kInvalidArgument);
  EXPECT_FALSE(Replay(dataset::Recording{}).ok());
}

TEST(Recorded, ComesOutOfTheSensorBitForBit) {
  // What the hand model recorded at 104 Hz, from units of people back to the registers it came from.
  const dataset::Dataset dataset = SimulateHand({.people = 1, .recordings_per_gesture = 1, .seconds = 4});
  HandMotion hand(1, 0, Gesture::kWave, 0);
  auto source = Replay(dataset.recordings[static_cast<size_t>(Gesture::kWave)]);
  ASSERT_TRUE(source.ok());
  const Environment environment;
  uint64_t now = 0;
  Lsm6dsl sensor(**source, environment, [&now] { return now; });
  now = 3 * kMillisecond;  // the program starts somewhere between two readings
  WriteRegisters(sensor, 0x10, {0x40, 0x4c});
  WriteRegisters(sensor, 0x08, {0x09, 0});
  WriteRegisters(sensor, 0x0a, {0x26});
  now += 3'000 * kMillisecond;
  const std::vector<int16_t> words = ReadWords(sensor, 0x3e, 6 * 300);
  hand.Next();
  for (size_t i = 0; i < 300; ++i) {
    const MotionSample sample = hand.Next();
    for (size_t axis = 0; axis < 3; ++axis) {
      if (i > 8) {  // the gyroscope has started
        ASSERT_EQ(words[i * 6 + axis], sample.turn_rate[axis]) << i;
      }
      ASSERT_EQ(words[i * 6 + 3 + axis], sample.acceleration[axis]) << i;
    }
  }
}

TEST(Hand, IsTheSameWhateverTheOrderOfTheQuestions) {
  const auto one = Gesturing(Gesture::kCircle, 2, 0, 1);
  const auto other = Gesturing(Gesture::kCircle, 2, 0, 1);
  const double late = X(*one, 5'000 * kMillisecond);
  for (uint64_t ms = 0; ms < 5'000; ms += 37) {
    ASSERT_EQ(X(*one, ms * kMillisecond), X(*other, ms * kMillisecond));
  }
  EXPECT_EQ(X(*other, 5'000 * kMillisecond), late);
  EXPECT_NE(X(*Gesturing(Gesture::kCircle, 3, 0, 1), 5'000 * kMillisecond), late);
}

TEST(ParseMotion, KnowsEverySource) {
  auto still = ParseMotion("still");
  ASSERT_TRUE(still.ok());
  EXPECT_EQ((*still)->Description(), "lying still");
  auto hand = ParseMotion("hand:wave:3:2");
  ASSERT_TRUE(hand.ok());
  EXPECT_EQ((*hand)->Description(), "a simulated hand: wave, person 3, take 2");
  EXPECT_EQ(X(**hand, 1'000 * kMillisecond), X(*Gesturing(Gesture::kWave, 2, 1, 1), 1'000 * kMillisecond));

  const auto path = std::filesystem::temp_directory_path() / ("motion_" + std::to_string(getpid()) + ".csv");
  std::ofstream(path) << "timestamp,accX,accY,accZ\n0,0,0,9.8\n10,1,0,9.8\n20,2,0,9.8\n";
  auto file = ParseMotion(path.string() + ",once,hold");
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_NEAR(X(**file, 3'000 * kMillisecond), 2 / kGravity, 1e-6);
  EXPECT_NE((*file)->Description().find("at 100 Hz, once"), std::string::npos) << (*file)->Description();
  std::filesystem::remove(path);
}

TEST(ParseMotion, SaysWhatIsWrong) {
  const auto message = [](const std::string& spec) {
    const auto source = ParseMotion(spec);
    return source.ok() ? "" : source.error().message;
  };
  EXPECT_EQ(message("hand:jump"),
            "\"hand:jump\": the gesture is one of idle, updown, wave, snake or circle; write hand:wave, or "
            "hand:wave:2:1 for person 2, take 1");
  EXPECT_NE(message("hand:wave:0").find("person is a number from 1"), std::string::npos);
  EXPECT_NE(message("hand:wave:1:1:1:1").find("that is more"), std::string::npos);
  EXPECT_NE(message("tcp:99999").find("a port is a number from 0 to 65535"), std::string::npos);
  EXPECT_NE(message("/no/such.csv").find("no such file"), std::string::npos);
  EXPECT_NE(message("/").find("cannot be read"), std::string::npos);
}

class LiveTest : public testing::Test {
 protected:
  void SetUp() override {
    auto source = ListenForMotion(0);
    ASSERT_TRUE(source.ok()) << source.error().message;
    source_ = std::move(*source);
    const std::string words = source_->Description();
    port_ = static_cast<uint16_t>(std::atoi(words.c_str() + words.rfind(' ')));
  }

  int Connect() const {
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return client;
  }

  static void Send(int client, const std::string& text) {
    EXPECT_EQ(write(client, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  template <typename Condition>
  static bool Comes(const Condition& condition) {
    for (int tries = 0; tries < 500 && !condition(); ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return condition();
  }

  std::unique_ptr<MotionSource> source_;
  uint16_t port_ = 0;
};

TEST_F(LiveTest, TellsTheNewestLine) {
  EXPECT_EQ(source_->At(0).acceleration_g[2], 1);
  const int client = Connect();
  Send(client, "100,200,300,4000,5000,6000\n-500, 20 ,1000,");
  EXPECT_TRUE(Comes([this] { return source_->At(0).turn_rate_dps[2] == 6; }));
  Send(client, "1,2,3\r\n");
  EXPECT_TRUE(Comes([this] { return source_->At(0).acceleration_g[0] == -0.5; }));
  EXPECT_TRUE(source_->Notices().empty());
  // Somebody else takes over; three numbers are acceleration alone.
  const int other = Connect();
  Send(other, "7,8,9\n");
  EXPECT_TRUE(Comes([this] { return source_->At(0).acceleration_g[2] < 0.01; }));
  close(client);
  close(other);
}

TEST_F(LiveTest, CountsLinesThatAreSomethingElse) {
  const int client = Connect();
  Send(client, "hello\x01\n1,2\n1,2,3,4,5,6,7\nnan,0,0\n1,,2\n" + std::string(100'000, '1') + "\n1,2,3,4,5,6\n");
  EXPECT_TRUE(Comes([this] { return source_->At(0).turn_rate_dps[2] == 0.006; }));
  const auto notices = source_->Notices();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("6 lines could not be read"), std::string::npos) << notices[0];
  EXPECT_NE(notices[0].find("\"hello?\""), std::string::npos) << notices[0];
  close(client);
}

TEST_F(LiveTest, SaysWhenThePortIsTaken) {
  const auto second = ListenForMotion(port_);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("tcp:" + std::to_string(port_)), std::string::npos);
}

}  // namespace
}  // namespace thimble::simulator
