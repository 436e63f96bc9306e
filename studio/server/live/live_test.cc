// Live signals through the whole server: a device on its WebSocket, pages on server-sent events, codes for phones.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "http/client.h"
#include "http/test_socket.h"
#include "http/websocket_client.h"
#include "studio/server/live/live_page.h"
#include "studio/server/people/gate.h"
#include "studio/server/server.h"
#include "studio/store/test_database.h"

namespace thimble::studio {
namespace {

using nlohmann::json;

/// A device that speaks JSON, as a browser does.
class Device {
 public:
  explicit Device(int port, const std::string& path = "/") {
    http::WebSocketOptions options;
    options.server = {false, "127.0.0.1", port, path};
    socket_ = http::OpenWebSocket(options);
    EXPECT_EQ(Next().kind, http::SocketEvent::Kind::kOpened);
  }
  void Say(const json& message) { socket_->Send(message.dump(), false); }
  json Hear(int timeout_ms = 5000) {
    const http::SocketEvent event = Next(timeout_ms);
    return event.kind == http::SocketEvent::Kind::kMessage ? json::parse(event.bytes) : json();
  }
  json Greet(const std::string& key, const std::string& name, bool live = true) {
    Say({{"hello",
          {{"version", 4},
           {"apiKey", key},
           {"deviceId", name},
           {"deviceType", "T"},
           {"connection", "ip"},
           {"mode", "ingestion"},
           {"liveStream", live},
           {"sensors", {{{"name", "Motion"}, {"maxSampleLengthS", 60}, {"frequencies", {50}}}}}}}});
    return Hear();
  }
  /// Readings n, n + 1, … of two axes.
  void Send(int first, int count, int lost = 0) {
    json values = json::array();
    for (int n = first; n < first + count; ++n) values.push_back({n, 0.5});
    Say({{"liveData",
          {{"first", first},
           {"interval", 20},
           {"axes", {{{"name", "accX"}, {"units", "m/s2"}}, {{"name", "accY"}, {"units", "m/s2"}}}},
           {"values", std::move(values)},
           {"lost", lost}}}});
  }

 private:
  http::SocketEvent Next(int timeout_ms = 5000) { return socket_->Next(timeout_ms); }

  std::unique_ptr<http::MessageSocket> socket_;
};

/// A page that listens.
class Page {
 public:
  Page(int port, const std::string& target) : socket_(port) {
    socket_.Send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  /// The next event of that name; null after five seconds.
  json Next(const std::string& name) {
    while (true) {
      const std::string text = socket_.ReadUntil("\n\n");
      if (!text.ends_with("\n\n")) return nullptr;
      const size_t event = text.find("event: " + name + "\n"), data = text.find("\ndata: ");
      if (event != std::string::npos) return json::parse(text.substr(data + 7));
    }
  }

 private:
  http::TestSocket socket_;
};

class LiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ServeOptions options;
    options.folder = folder_.path() / "data";
    options.studio_port = options.remote_port = options.ingestion_port = 0;
    options.fault = [](const std::string& words) { ADD_FAILURE() << words; };
    auto started = StartServer(options);
    ASSERT_TRUE(started.ok()) << started.error().message;
    server_ = *std::move(started);
    project_ = *Here().store.AddProject({.name = "gestures"});
    key_ = Here().gate.MakeApiKey(project_, "k", Role::kAdmin)->key;
  }

  Application& Here() { return server_->application(); }
  std::string Path(const std::string& rest) const { return "/api/v1/projects/" + std::to_string(project_) + rest; }
  std::string LivePath(const std::string& rest = "") const { return Path("/live-devices/kit/live" + rest); }

  http::HttpReply Ask(const std::string& method, const std::string& target, const std::string& body = {},
                      const std::string& key = {}, int port = 0) {
    http::HttpRequest request;
    request.server = {false, "127.0.0.1", port == 0 ? Here().studio_port : port};
    request.method = method;
    request.target = target;
    request.body = body;
    if (!key.empty()) request.headers = {{"x-api-key", key}, {"x-file-name", "wave.1"}};
    const auto reply = http::Ask(request);
    EXPECT_TRUE(reply.ok()) << (reply.ok() ? "" : reply.error().message);
    return reply.ok() ? *reply : http::HttpReply{};
  }

  TestFolder folder_;
  std::unique_ptr<StudioServer> server_;
  int64_t project_ = 0;
  std::string key_;
};

const json kOn = {{"live", {{"on", true}}}}, kOff = {{"live", {{"on", false}}}};

TEST_F(LiveTest, ADeviceSendsWhilePagesLook) {
  Device device(Here().remote_port);
  ASSERT_EQ(device.Greet(key_, "kit")["hello"], true);
  EXPECT_EQ(json::parse(Ask("GET", Path("/live-devices")).body)["devices"][0]["live"], true);
  auto first = std::make_unique<Page>(Here().studio_port, LivePath());
  EXPECT_EQ(device.Hear(), kOn);
  device.Say({{"liveStarted", true}});
  EXPECT_EQ(first->Next("state")["state"], "streaming");
  device.Send(7, 2, 3);
  json readings = first->Next("readings");
  EXPECT_EQ(readings["first"], 7);
  EXPECT_EQ(readings["lost"], 3);
  EXPECT_EQ(readings["interval_ms"], 20);
  EXPECT_EQ(readings["axes"][0], json({{"name", "accX"}, {"units", "m/s2"}, {"values", {7, 8}}}));
  EXPECT_EQ(readings["axes"][1]["values"], json({0.5, 0.5}));

  Page second(Here().studio_port, LivePath());
  EXPECT_EQ(second.Next("state")["state"], "streaming") << "it does so already";
  first.reset();
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  device.Send(9, 1);
  EXPECT_EQ(second.Next("readings")["first"], 9);
  EXPECT_EQ(device.Hear(100), json()) << "somebody still looks";
}

TEST_F(LiveTest, NobodyLooksAnyMoreAndTheDeviceHearsSo) {
  Device device(Here().remote_port);
  device.Greet(key_, "kit");
  {
    const Page page(Here().studio_port, LivePath("?sensor=Motion"));
    EXPECT_EQ(device.Hear(), json({{"live", {{"on", true}, {"sensor", "Motion"}}}}));
  }
  EXPECT_EQ(device.Hear(), kOff);
}

TEST_F(LiveTest, ADeviceThatComesBackGoesOn) {
  auto device = std::make_unique<Device>(Here().remote_port);
  device->Greet(key_, "kit");
  Page page(Here().studio_port, LivePath());
  EXPECT_EQ(device->Hear(), kOn);
  device.reset();
  EXPECT_EQ(page.Next("state"), json({{"state", "stopped"}, {"error", "the device is not connected any more"}}));
  Device again(Here().remote_port);
  again.Greet(key_, "kit");
  EXPECT_EQ(again.Hear(), kOn);
  again.Say({{"liveFailed", true}, {"error", "the sensor is asleep"}});
  EXPECT_EQ(page.Next("state")["error"], "the device says: the sensor is asleep");
  again.Say({{"liveData", {{"first", 0}, {"interval", 0}, {"values", {{1}}}}}});
  EXPECT_EQ(page.Next("state")["error"], "liveData.interval has to be milliseconds, above 0");
  again.Send(0, 1);
  EXPECT_EQ(page.Next("readings")["first"], 0);
}

TEST_F(LiveTest, OnlyDevicesThatSayThatTheyCanAreAsked) {
  EXPECT_EQ(Ask("GET", LivePath()).status, 404);
  Device device(Here().remote_port);
  device.Greet(key_, "kit", false);
  const http::HttpReply reply = Ask("GET", LivePath());
  EXPECT_EQ(reply.status, 409);
  EXPECT_NE(reply.body.find("thimble bridge"), std::string::npos);
  EXPECT_EQ(device.Hear(100), json());
}

TEST_F(LiveTest, AnImpulseJudgesWhatComes) {
  Device device(Here().remote_port);
  device.Greet(key_, "kit");
  EXPECT_EQ(Ask("GET", LivePath("?training=0")).status, 404) << "nothing was trained";
  compiler::ImpulseDescription impulse{
      .name = "calm",
      .axes = {{"accX", "m/s2"}},
      .rate_hz = 50,
      .window_readings = 2,
      .stride_readings = 2,
      .block = compiler::DefaultParams("raw"),
      .labels = {},
      .model_file = "",
      .data_hash = "",
      .anomaly = compiler::AnomalyDescription{
          .features = {0, 1}, .centres = {2, 3}, .scales = {1, 1}, .offsets = {0}, .threshold = 1, .normal = {"idle"}}};
  const std::string query = "?kind=impulse&name=impulse.json";
  ASSERT_EQ(Ask("POST", Path("/artefacts" + query), compiler::WriteImpulse(impulse)).status, 201);
  Page page(Here().studio_port, LivePath("?training=0"));
  EXPECT_EQ(device.Hear(), kOn);
  device.Send(0, 3);
  device.Send(3, 1);
  json scores = page.Next("scores");
  EXPECT_NEAR(scores["anomaly"]["score"], std::sqrt(8), 1e-6);
  scores["anomaly"].erase("score");
  EXPECT_EQ(scores, json::parse(R"({"reading":1,"time_ms":20,"labels":[],"scores":[],"anomaly":{"strange":true}})"));
  EXPECT_EQ(page.Next("scores")["anomaly"], json({{"score", 0}, {"strange", false}}));
  device.Say({{"liveData",
               {{"first", 4}, {"interval", 20}, {"axes", {{{"name", "light"}, {"units", ""}}}}, {"values", {{1}}}}}});
  EXPECT_EQ(page.Next("state")["state"], "unjudged");
}

TEST_F(LiveTest, TheDevicesOwnVerdictsArePassedOn) {
  Device device(Here().remote_port);
  device.Greet(key_, "kit");
  Page page(Here().studio_port, LivePath());
  EXPECT_EQ(device.Hear(), kOn);
  device.Say({{"liveData",
               {{"verdicts",
                 {{{"reading", 70},
                   {"label", "wave"},
                   {"score", 0.75},
                   {"scores", {{"idle", 0.25}, {"wave", 0.75}}},
                   {"dspCycles", 141896}}}}}}});
  EXPECT_EQ(page.Next("verdict"), json::parse(R"({"reading":70,"label":"wave","score":0.75,"labels":["idle","wave"],)"
                                              R"("scores":[0.25,0.75],"dsp_cycles":141896,"network_cycles":0})"));
}

TEST_F(LiveTest, ACodeLetsAPhoneInAsADeviceAndNothingElse) {
  const json pairing = json::parse(Ask("POST", Path("/pairings")).body);
  const std::string code = pairing["code"];
  EXPECT_TRUE(pairing["url"].get<std::string>().ends_with("/#/phone/" + code));
  EXPECT_NE(pairing["notice"].get<std::string>().find("--tls"), std::string::npos);
  Device phone(Here().studio_port, "/api/v1/remote-management");  // of the page's own origin
  EXPECT_EQ(phone.Greet(code, "phone")["hello"], true);
  EXPECT_TRUE(Here().devices.Get(project_, "phone"));
  const std::string recording =
      R"({"protected":{"ver":"v1","alg":"none"},"signature":"","payload":{"device_name":"phone","device_type":"T",)"
      R"("interval_ms":10,"sensors":[{"name":"x","units":"g"}],"values":[1,2,3]}})";
  EXPECT_EQ(Ask("POST", "/api/training/data", recording, code, Here().ingestion_port).status, 200);
  EXPECT_EQ(Ask("GET", Path("/samples"), "", code).status, 403);
  EXPECT_EQ(Ask("GET", LivePath(), "", code).status, 403);
  EXPECT_EQ(Ask("GET", "/v1/api/" + std::to_string(project_) + "/devkeys/hmac", "", code).status, 403);
  EXPECT_EQ(Ask("POST", Path("/pairings"), "", code).status, 403);
  EXPECT_EQ(Ask("POST", "/api/training/data", recording, "pair_00", Here().ingestion_port).status, 401);
}

class FullStream final : public http::ByteStream {
 public:
  bool Send(std::string_view bytes) override {
    sent += bytes;
    return true;
  }
  void Close() override {}
  bool open() const override { return true; }
  size_t waiting_bytes() const override { return waiting; }

  std::string sent;
  size_t waiting = 0;
};

TEST(LivePage, LeavesOutWhatASlowPageDoesNotTakeAndSaysHowMuch) {
  const auto stream = std::make_shared<FullStream>();
  LivePage page(stream, std::nullopt);
  LiveReadings readings{.first = 0, .interval_ms = 10, .axes = {{"x", ""}}, .values = {1, 2, 3}};
  stream->waiting = 1'000'000;
  page.Heard(readings, {});
  EXPECT_EQ(stream->sent, "");
  stream->waiting = 0;
  readings = {.first = 5, .interval_ms = 10, .axes = {{"x", ""}}, .values = {4}, .lost = 2};
  page.Heard(readings, {});
  EXPECT_NE(stream->sent.find(R"("first":5,"interval_ms":10.0,"lost":5,)"), std::string::npos) << stream->sent;
  stream->sent.clear();
  readings.first = 6;
  readings.lost = 0;
  page.Heard(readings, {});
  EXPECT_NE(stream->sent.find(R"("lost":0)"), std::string::npos);
}

}  // namespace
}  // namespace thimble::studio
