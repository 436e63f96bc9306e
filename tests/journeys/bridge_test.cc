// `thimble bridge` between a board at a pseudo-terminal and a studio in this process, as a person runs it.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bridge/line/test_terminal.h"
#include "bridge/remote/envelope.h"
#include "bridge/remote/test_peer.h"
#include "tests/journeys/command.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using bridge::PeerPost;
using bridge::PeerReply;
using bridge::PeerSocket;
using bridge::TestPeer;
using bridge::TestTerminal;
using Json = nlohmann::json;

constexpr const char* kApiKey = "ei_1f2e3d4c5b6a79881f2e3d4c5b6a7988";
constexpr const char* kHmacKey = "a0b1c2d3e4f5a0b1c2d3e4f5a0b1c2d3";

/// Six numbers, none like the one before, and in the order of a count that a recording can be found by.
std::vector<int> Reading(int n) { return {n % 2000 - 1000, -24 - n % 7, n, 1820 + n % 50, -2800, -70}; }

std::string Line(int n) {
  const std::vector<int> r = Reading(n);
  char text[96];
  std::snprintf(text, sizeof text, "[%d,%d,%d,%d,%d,%d]\r\n", r[0], r[1], r[2], r[3], r[4], r[5]);
  return text;
}

Json FromCbor(const std::string& bytes) { return Json::from_cbor(bytes, true, false); }
std::string Cbor(const Json& json) {
  std::string bytes;
  Json::to_cbor(json, bytes);
  return bytes;
}

Json Sample(const std::string& label, double interval_ms = 10) {
  return {{"sample",
           {{"label", label},
            {"length", 600},
            {"interval", interval_ms},
            {"path", "/api/training/data"},
            {"hmacKey", "other-key-of-it"}}}};
}

class BridgeJourney : public ::testing::Test {
 protected:
  BridgeJourney() {
    for (const char* name : {"EI_APIKEY", "EI_HMACKEY", "EI_DEVICEID", "EI_DEVICETYPE", "SERIAL_PORT", "EI_HOST"}) {
      unsetenv(name);
    }
    std::ofstream(folder_.path() / ".env")
        << "# of the project\nEI_APIKEY='" << kApiKey << "'\nexport EI_HMACKEY=\"" << kHmacKey
        << "\"\nEI_DEVICEID=kit#1 # mine\nEI_DEVICETYPE=MXChip\nSERIAL_PORT=" << terminal_.path() << "\n";
  }

  CommandResult Run(const TestPeer& peer, std::vector<std::string> more, int interrupt_after_ms = 0) {
    std::vector<std::string> arguments = {"bridge",
                                          "--management",
                                          "ws://127.0.0.1:" + std::to_string(peer.management_port()),
                                          "--ingestion",
                                          "http://127.0.0.1:" + std::to_string(peer.ingestion_port()),
                                          "--spool",
                                          (folder_.path() / "spool").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    CommandResult result = RunThimble(arguments, folder_.path(), interrupt_after_ms);
    for (const char* secret : {kApiKey, kHmacKey, "other-key-of-it"}) {
      EXPECT_EQ((result.out + result.err).find(secret), std::string::npos) << "a key was printed";
    }
    return result;
  }

  /// A studio's side of a session: hello, then one sample after the other; each begins when the one before is settled.
  static void Ask(PeerSocket& socket, const std::vector<std::string>& labels) {
    std::string bytes;
    bool binary = false;
    if (!socket.read(bytes, binary)) return;
    // As the menu's first entry: the board's own rate.
    const double rate_hz = FromCbor(bytes)["hello"]["sensors"][0]["frequencies"][0].get<double>();
    socket.write(Cbor({{"hello", true}}), true);
    for (const std::string& label : labels) {
      socket.write(Cbor(Sample(label, 1000 / rate_hz)), true);
      Json json;
      do {
        if (!socket.read(bytes, binary)) return;
        json = FromCbor(bytes);
      } while (!json.contains("sampleFinished") && !json.contains("error"));
    }
    while (socket.read(bytes, binary)) {
    }
  }

  TemporaryFolder folder_;
  TestTerminal terminal_;
};

TEST_F(BridgeJourney, FourGesturesByRemoteTriggerAreWhatTheSensorProduced) {
  std::vector<PeerPost> posts;
  Json hello;
  TestPeer peer(
      [&](PeerSocket& socket) {
        Ask(socket, {"idle", "wave", "updown", "snake"});
      },
      [&](const PeerPost& post) {
        posts.push_back(post);
        return PeerReply{200, post.headers.at("x-label") + ".1.cbor"};
      });
  terminal_.RunBoard(100, Line);
  const CommandResult result = Run(peer, {"--count", "4", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  ASSERT_EQ(posts.size(), 4u);
  const std::vector<std::string> labels = {"idle", "wave", "updown", "snake"};
  int last = -1;
  for (size_t i = 0; i < posts.size(); ++i) {
    EXPECT_EQ(posts[i].headers["x-label"], labels[i]);
    EXPECT_EQ(posts[i].headers["x-api-key"], kApiKey);
    EXPECT_EQ(posts[i].target, "/api/training/data");
    std::string zeroed = posts[i].body;
    const Json json = FromCbor(posts[i].body);
    const auto signature = json["signature"].get<std::string>();
    zeroed.replace(zeroed.find(signature), 64, std::string(64, '0'));
    EXPECT_EQ(bridge::HmacSha256(kHmacKey, zeroed), signature);
    const Json& payload = json["payload"];
    EXPECT_EQ(payload["device_name"], "kit#1");
    EXPECT_EQ(payload["sensors"].dump(),
              R"([{"name":"accX","units":"m/s2"},{"name":"accY","units":"m/s2"},{"name":"accZ","units":"m/s2"},)"
              R"({"name":"gyrX","units":"deg/s"},{"name":"gyrY","units":"deg/s"},{"name":"gyrZ","units":"deg/s"}])");
    const Json& values = payload["values"];
    EXPECT_NEAR(static_cast<double>(values.size()), 60, 4) << "600 ms at 100 Hz";
    // Every reading is one that the sensor sent, the next is the one it sent next.
    const int first = static_cast<int>(std::lround(values[0][2].get<double>() / 0.00980665));
    EXPECT_GT(first, last);
    for (size_t row = 0; row < values.size(); ++row) {
      const std::vector<int> sent = Reading(first + static_cast<int>(row));
      for (size_t axis = 0; axis < 6; ++axis) {
        const double scale = axis < 3 ? 0.00980665 : 0.001;
        ASSERT_NEAR(values[row][axis].get<double>(), sent[axis] * scale, 1e-4) << row << ", " << axis;
      }
    }
    last = first + static_cast<int>(values.size()) - 1;
  }
  EXPECT_NE(result.out.find("\"event\":\"stored\""), std::string::npos);
}

/// What the virtual kit's sensor feels, in counts of its registers (0.061 mg, 0.07 deg/s); accX tells which reading it
/// is.
std::vector<int> Counts(int n) { return {8 * (n % 2000 - 1000), -24 - n % 7, 16393 - n % 11, n % 50, -40, n % 3 * 9}; }
constexpr double kPerCount[] = {0.061e-3 * 9.80665, 0.061e-3 * 9.80665, 0.061e-3 * 9.80665, 0.07, 0.07, 0.07};

TEST_F(BridgeJourney, FourRecordingsOfAVirtualKitAreWhatItsSensorFeltReadingByReading) {
  const fs::path program = fs::path(THIMBLE_DEVICE_DIR).parent_path() / "device-az3166" / "sensor_dump.elf";
  if (!fs::exists(program)) GTEST_SKIP() << program << " is not built: ./run build boards";
  Json motion = Json::array();
  for (int n = 0; n < 2000; ++n) {
    Json& row = motion.emplace_back(Json::array());
    for (size_t axis = 0; axis < 6; ++axis) row.push_back(Counts(n)[axis] * kPerCount[axis]);
  }
  Json sensors = Json::array();
  for (const char* name : {"accX", "accY", "accZ", "gyrX", "gyrY", "gyrZ"}) {
    sensors.push_back({{"name", name}, {"units", name[0] == 'a' ? "m/s2" : "deg/s"}});
  }
  const fs::path file = folder_.path() / "felt.json";
  std::ofstream(file) << Json{{"payload", {{"interval_ms", 1000.0 / 104}, {"sensors", sensors}, {"values", motion}}}};

  std::vector<PeerPost> posts;
  TestPeer peer(
      [&](PeerSocket& socket) {
        Ask(socket, {"idle", "wave", "updown", "snake"});
      },
      [&](const PeerPost& post) {
        posts.push_back(post);
        return PeerReply{200, "stored"};
      });
  const CommandResult result =
      Run(peer, {"--count", "4", "--json", "--port", "virtual:" + file.string(), "--firmware", program.string()});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  ASSERT_EQ(posts.size(), 4u);
  for (const PeerPost& post : posts) {
    EXPECT_EQ(post.headers.count("x-metadata"), 0u) << "nothing is lost, nothing resampled";
    const Json payload = FromCbor(post.body)["payload"];
    const Json& values = payload["values"];
    EXPECT_NEAR(static_cast<double>(values.size()) * payload["interval_ms"].get<double>(), 600, 20);
    const int first = static_cast<int>(std::lround(values[0][0].get<double>() / kPerCount[0] / 8)) + 1000;
    for (size_t row = 0; row < values.size(); ++row) {
      const std::vector<int> felt = Counts(first + static_cast<int>(row));
      for (size_t axis = 0; axis < 6; ++axis) {
        ASSERT_NEAR(values[row][axis].get<double>() / kPerCount[axis], felt[axis], 1.01)
            << "reading " << row << ", axis " << axis;
      }
    }
  }
}

TEST_F(BridgeJourney, WithTheStudioAwayRecordingsWaitForTheNextSession) {
  terminal_.RunBoard(100, Line);
  std::atomic<bool> away = true;
  std::vector<PeerPost> posts;
  TestPeer peer([&](PeerSocket& socket) { Ask(socket, {away ? "early" : "late"}); },
                [&](const PeerPost& post) {
                  if (away) return PeerReply{503, "down for the night, " + post.headers.at("x-api-key")};
                  posts.push_back(post);
                  return PeerReply{200, "stored"};
                });
  const CommandResult first = Run(peer, {}, 14'000);
  EXPECT_EQ(first.exit_code, 0) << "Ctrl-C is how a bridge ends\n" << first.err;
  EXPECT_NE(first.err.find("1 recording waits in"), std::string::npos) << first.err;
  EXPECT_NE(first.err.find("down for the night, [key]"), std::string::npos) << first.err;
  away = false;
  const CommandResult second = Run(peer, {"--count", "1"});
  ASSERT_EQ(second.exit_code, 0) << second.err;
  ASSERT_EQ(posts.size(), 2u);
  EXPECT_EQ(posts[0].headers["x-label"], "early");
  EXPECT_EQ(posts[0].headers["x-disallow-duplicates"], "1");
  EXPECT_EQ(posts[1].headers["x-label"], "late");
}

TEST_F(BridgeJourney, ARefusedKeyIsASentenceWithWhatToDo) {
  terminal_.RunBoard(100, Line);
  int connections = 0;
  TestPeer peer(
      [&](PeerSocket& socket) {
        ++connections;
        std::string bytes;
        bool binary = false;
        if (!socket.read(bytes, binary)) return;
        socket.write(Cbor({{"hello", false}, {"err", std::string("no project has ") + kApiKey}}), true);
        socket.read(bytes, binary);
      },
      [](const PeerPost&) { return PeerReply(); });
  const CommandResult result = Run(peer, {});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_NE(result.err.find("refuses this device: no project has [key]; check EI_APIKEY"), std::string::npos)
      << result.err;
  EXPECT_EQ(connections, 1);
}

TEST_F(BridgeJourney, MissingVariablesAreNamed) {
  std::ofstream(folder_.path() / ".env") << "EI_APIKEY=" << kApiKey << "\n";
  const CommandResult result = RunThimble({"bridge"}, folder_.path());
  EXPECT_EQ(result.exit_code, 2);
  for (const char* name : {"EI_HMACKEY", "EI_DEVICEID", "EI_DEVICETYPE", "SERIAL_PORT"}) {
    EXPECT_NE(result.err.find(name), std::string::npos) << result.err;
  }
  EXPECT_EQ(result.err.find("EI_APIKEY"), std::string::npos) << result.err;
}

TEST_F(BridgeJourney, CtrlCInARecordingEndsItAtOnce) {
  terminal_.RunBoard(100, Line);
  TestPeer peer(
      [&](PeerSocket& socket) {
        std::string bytes;
        bool binary = false;
        if (!socket.read(bytes, binary)) return;
        socket.write(Cbor({{"hello", true}}), true);
        Json sample = Sample("long");
        sample["sample"]["length"] = 300'000;
        socket.write(Cbor(sample), true);
        while (socket.read(bytes, binary)) {
        }
      },
      [](const PeerPost&) { return PeerReply(); });
  const double began = bridge::TestSeconds();
  const CommandResult result = Run(peer, {"--quiet"}, 8'000);
  EXPECT_LT(bridge::TestSeconds() - began, 14);
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

}  // namespace
}  // namespace thimble::journeys
