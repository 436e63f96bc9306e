// A page that looks at a device: `thimble serve`, `thimble bridge` with a virtual kit, and what arrives at the page.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "http/client.h"
#include "http/test_socket.h"
#include "simulator/hand.h"
#include "tests/journeys/command.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr double kDegreesPerRadian = 180 / 3.14159265358979323846;

class LiveJourney : public ::testing::Test {
 protected:
  void SetUp() override {
    dump_ = fs::path(THIMBLE_DEVICE_DIR).parent_path() / "device-az3166" / "sensor_dump.elf";
    if (!fs::exists(dump_)) GTEST_SKIP() << dump_ << " is not built: ./run build boards";
    for (const char* name : {"EI_APIKEY", "EI_HMACKEY", "EI_DEVICEID", "EI_DEVICETYPE", "SERIAL_PORT", "EI_HOST"}) {
      unsetenv(name);
    }
    setenv("THIMBLE_DEVICE_DIR", THIMBLE_DEVICE_DIR, 0);
    server_ = std::make_unique<BackgroundThimble>(
        std::vector<std::string>{"serve", "--json", "--data-dir", "data", "--studio-port", "0", "--remote-port", "0",
                                 "--ingestion-port", "0"},
        folder_.path());
    for (int i = 0; i < 600 && server_->Out().find('\n') == std::string::npos; ++i) Rest();
    facts_ = Json::parse(server_->Out(), nullptr, false);
    ASSERT_TRUE(facts_.is_object()) << server_->Err();
    EXPECT_EQ(Post("", {{"name", "gestures"}})["id"], 1);
    const Json key = Post("/1/keys", {{"name", "kit"}, {"role", "ingestiononly"}});
    std::ofstream(folder_.path() / ".env") << "EI_APIKEY=" << key["key"].get<std::string>()
                                           << "\nEI_HMACKEY=0123456789abcdef\nEI_DEVICEID=kit\nEI_DEVICETYPE=MXChip\n"
                                              "SERIAL_PORT=virtual:hand:wave\n";
    key_ = key["key"];
  }

  static void Rest() { std::this_thread::sleep_for(std::chrono::milliseconds(50)); }

  http::HttpReply Ask(const char* method, const std::string& path, const std::string& body = {}) {
    http::HttpRequest request;
    request.server = {false, "127.0.0.1", facts_["studio_port"]};
    request.method = method;
    request.target = "/api/v1/projects" + path;
    request.body = body;
    request.most_reply_bytes = 8 << 20;
    const auto reply = http::Ask(request);
    EXPECT_TRUE(reply.ok()) << (reply.ok() ? "" : reply.error().message);
    return reply.ok() ? *reply : http::HttpReply{};
  }
  Json Post(const std::string& path, const Json& body) {
    const http::HttpReply reply = Ask("POST", path, body.dump());
    EXPECT_EQ(reply.status / 100, 2) << path << ": " << reply.body;
    return Json::parse(reply.body, nullptr, false);
  }

  /// A job, done; gives its result.
  Json Do(const Json& wish) {
    const std::string path = "/1/jobs/" + std::to_string(Post("/1/jobs", wish)["id"].get<int>());
    Json job;
    for (int i = 0; i < 1200; ++i, Rest()) {
      job = Json::parse(Ask("GET", path).body);
      if (job["state"] != "queued" && job["state"] != "running") break;
    }
    EXPECT_EQ(job["state"], "done") << job.dump();
    return job;
  }

  /// What the virtual kit's hand does, as the bridge would have recorded it.
  void AddRecordings() {
    const dataset::Dataset made = simulator::SimulateHand({.people = 2, .recordings_per_gesture = 3, .seconds = 6});
    for (const dataset::Recording& recording : made.recordings) {
      if (recording.label != "wave" && recording.label != "idle" && recording.label != "circle") continue;
      Json sensors = Json::array(), values = Json::array();
      for (const dataset::Axis& axis : recording.axes) {
        const bool turns = axis.name.starts_with("gyr");
        sensors.push_back({{"name", axis.name}, {"units", turns ? "deg/s" : axis.units}});
      }
      for (size_t i = 0; i < recording.readings(); ++i) {
        Json row = Json::array();
        for (size_t axis = 0; axis < recording.axes.size(); ++axis) {
          const double scale = recording.axes[axis].units == "rad/s" ? kDegreesPerRadian : 1;
          row.push_back(static_cast<double>(recording.Reading(i)[axis]) * scale);
        }
        values.push_back(std::move(row));
      }
      http::HttpRequest request;
      request.server = {false, "127.0.0.1", facts_["ingestion_port"]};
      request.target = "/api/training/data";
      request.headers = {{"x-api-key", key_},
                         {"x-label", recording.label},
                         {"x-file-name", recording.name + ".json"},
                         {"Content-Type", "application/json"}};
      request.body = Json{{"protected", {{"ver", "v1"}, {"alg", "none"}}},
                          {"signature", ""},
                          {"payload",
                           {{"device_name", "hand"},
                            {"device_type", "hand"},
                            {"interval_ms", recording.interval_ms},
                            {"sensors", std::move(sensors)},
                            {"values", std::move(values)}}}}
                         .dump();
      const auto reply = http::Ask(request);
      ASSERT_TRUE(reply.ok() && reply->status == 200) << (reply.ok() ? reply->body : reply.error().message);
    }
  }

  std::unique_ptr<BackgroundThimble> Bridge(const fs::path& firmware) {
    auto bridge = std::make_unique<BackgroundThimble>(
        std::vector<std::string>{"bridge", "--json", "--firmware", firmware.string(), "--spool", "spool",
                                 "--management", "ws://127.0.0.1:" + std::to_string(facts_["remote_port"].get<int>()),
                                 "--ingestion",
                                 "http://127.0.0.1:" + std::to_string(facts_["ingestion_port"].get<int>())},
        folder_.path());
    for (int i = 0; i < 600 && bridge->Out().find("\"connected\"") == std::string::npos; ++i) Rest();
    EXPECT_NE(bridge->Out().find("\"connected\""), std::string::npos) << bridge->Out() << bridge->Err();
    return bridge;
  }

  /// What a page hears until it has so many events of that name: by their names.
  std::map<std::string, std::vector<Json>> Look(const std::string& query, const std::string& name, size_t count) {
    http::TestSocket page(facts_["studio_port"]);
    page.Send("GET /api/v1/projects/1/live-devices/kit/live" + query + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::map<std::string, std::vector<Json>> heard;
    while (heard[name].size() < count) {
      const std::string text = page.ReadUntil("\n\n", 20'000);
      const size_t event = text.find("event: "), data = text.find("\ndata: ");
      if (!text.ends_with("\n\n")) {
        ADD_FAILURE() << "nothing more comes behind " << text;
        break;
      }
      if (event != std::string::npos) {
        heard[text.substr(event + 7, data - event - 7)].push_back(Json::parse(text.substr(data + 7)));
      }
    }
    return heard;
  }

  static size_t Count(const std::vector<Json>& events, const std::string& label) {
    return static_cast<size_t>(
        std::ranges::count_if(events, [&](const Json& one) { return one.value("label", "") == label; }));
  }

  TemporaryFolder folder_;
  fs::path dump_;
  std::unique_ptr<BackgroundThimble> server_;
  Json facts_;
  std::string key_;
};

TEST_F(LiveJourney, APageSeesReadingsScoresAndTheDevicesOwnVerdicts) {
  AddRecordings();
  Do({{"kind", "train"},
      {"parameters",
       {{"design",
         {{"window_ms", 1000},
          {"stride_ms", 200},
          {"block", {{"name", "spectral_analysis"}}},
          {"network", {{"architecture", "dense"}}},
          {"training", {{"epochs", 30}}}}}}}});
  {
    const auto bridge = Bridge(dump_);
    auto heard = Look("?training=0", "scores", 10);
    EXPECT_EQ(heard["state"].at(0)["state"], "streaming");
    EXPECT_GE(Count(heard["scores"], "wave"), 8U) << Json(heard["scores"]).dump();
    int64_t next = heard["readings"].at(0)["first"];
    for (const Json& readings : heard["readings"]) {
      EXPECT_EQ(readings["lost"], 0);
      EXPECT_EQ(readings["first"], next);
      EXPECT_EQ(readings["axes"].size(), 6U);
      EXPECT_EQ(readings["axes"][0]["units"], "m/s2");
      next += static_cast<int64_t>(readings["axes"][0]["values"].size());
    }
    EXPECT_EQ(bridge->Interrupt().exit_code, 0);
  }
  // The same hand, felt by a kit that judges by itself.
  Do({{"kind", "build"}, {"parameters", {{"kind", "firmware"}, {"board", "az3166"}}}});
  const Json artefacts = Json::parse(Ask("GET", "/1/artefacts?kind=elf").body)["artefacts"];
  ASSERT_EQ(artefacts.size(), 1U);
  const http::HttpReply elf = Ask("GET", "/1/artefacts/" + std::to_string(artefacts[0]["id"].get<int>()) + "/file");
  std::ofstream(folder_.path() / "impulse.elf", std::ios::binary) << elf.body;
  const auto bridge = Bridge("impulse.elf");
  auto heard = Look("?training=0", "verdict", 15);
  EXPECT_GE(Count(heard["scores"], "wave"), 5U);
  EXPECT_GE(Count(heard["verdict"], "wave"), 8U) << Json(heard["verdict"]).dump();
  EXPECT_GT(heard["verdict"][0]["network_cycles"], 1000);
  EXPECT_EQ(heard["verdict"][0]["labels"], heard["scores"].at(0)["labels"]);
}

}  // namespace
}  // namespace thimble::journeys
