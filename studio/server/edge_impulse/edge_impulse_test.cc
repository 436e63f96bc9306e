// Edge Impulse's API over real HTTP: what its tools ask for, in the order in which they ask.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "http/client.h"
#include "http/coding.h"
#include "http/websocket_client.h"
#include "runner/eim_file.h"
#include "studio/server/edge_impulse/edge_impulse_routes.h"
#include "studio/server/jobs/jobs.h"
#include "studio/server/server.h"
#include "studio/store/store.h"
#include "studio/store/test_database.h"

namespace thimble::studio {
namespace {

using nlohmann::json;
using Fields = std::vector<std::pair<std::string, std::string>>;

/// A recording of one axis at 100 Hz: reading i is i.
std::string Ramp(int readings) {
  std::string csv = "timestamp,accX\n";
  for (int i = 0; i < readings; ++i) csv += std::to_string(i * 10) + "," + std::to_string(i) + "\n";
  return csv;
}

class EdgeImpulseTest : public ::testing::Test {
 protected:
  void Start(bool accounts = false) {
    ServeOptions options;
    options.folder = folder_.path() / "data";
    options.database = StoreIn(options.folder).database;
    options.studio_port = options.remote_port = options.ingestion_port = 0;
    options.accounts = accounts;
    options.password_cost = PasswordCost::Least();
    auto started = StartServer(options);
    ASSERT_TRUE(started.ok()) << started.error().message;
    server_ = *std::move(started);
  }

  http::HttpReply Ask(const std::string& method, const std::string& target, const json& body = nullptr,
                      const Fields& headers = {}) {
    http::HttpRequest request;
    request.server = {false, "127.0.0.1", server_->application().studio_port};
    request.method = method;
    request.target = target;
    if (!body.is_null()) request.body = body.dump();
    request.headers = headers;
    const auto reply = http::Ask(request);
    EXPECT_TRUE(reply.ok()) << (reply.ok() ? "" : reply.error().message);
    return reply.ok() ? *reply : http::HttpReply{};
  }

  json Get(const std::string& target, const Fields& headers = {}) {
    return Parsed(Ask("GET", target, nullptr, headers), target);
  }
  json Post(const std::string& target, const json& body, const Fields& headers = {}) {
    return Parsed(Ask("POST", target, body, headers), target);
  }
  static json Parsed(const http::HttpReply& reply, const std::string& target) {
    const json answer = json::parse(reply.body, nullptr, false);
    EXPECT_EQ(reply.status, 200) << target << ": " << reply.body;
    EXPECT_EQ(answer.value("success", json()), true) << target << ": " << reply.body;
    return answer;
  }
  /// The sentence of a refusal.
  static std::string Refusal(const http::HttpReply& reply, int status) {
    EXPECT_EQ(reply.status, status) << reply.body;
    const json answer = json::parse(reply.body, nullptr, false);
    EXPECT_TRUE(answer.is_object() && answer.value("success", json()) == false) << reply.body;
    return answer.is_object() ? answer.value("error", "") : "";
  }

  /// A project with a key of that role.
  std::string Key(const std::string& role) {
    const json project = Post("/v1/api/projects/create", {{"projectName", "gestures"}});
    path_ = "/v1/api/" + project["id"].dump();
    project_ = project["id"];
    if (role == "admin") return project["apiKey"];
    return KeyOf(role);
  }
  /// Another key of the project.
  std::string KeyOf(const std::string& role) {
    return Post(path_ + "/apikeys", {{"name", "test"}, {"role", role}})["apiKey"];
  }

  int64_t AddRamp(int readings, const std::string& label) {
    Sample sample{.project_id = project_, .name = label, .file_name = label + ".csv", .label = label};
    sample.kind = "time-series";
    sample.interval_ms = 10;
    sample.values_count = readings;
    sample.length_ms = 10.0 * readings;
    const auto added = store().AddSample(sample, Ramp(readings));
    EXPECT_TRUE(added.ok());
    return added.ok() ? added->id : 0;
  }

  Store& store() { return server_->application().store; }

  TestFolder folder_;
  std::unique_ptr<StudioServer> server_;
  std::string path_;
  int64_t project_ = 0;
};

TEST_F(EdgeImpulseTest, ShowsAKeyItsOneProject) {
  Start();
  const Fields key = {{"x-api-key", Key("admin")}};
  Key("admin");  // another project
  const json projects = Get("/v1/api/projects", key)["projects"];
  ASSERT_EQ(projects.size(), 1U) << "tools prompt where there are more";
  const json project = Get("/v1/api/" + projects[0]["id"].dump(), key)["project"];
  EXPECT_EQ(project["name"], "gestures");
  EXPECT_TRUE(project.contains("whitelabelId") && project["whitelabelId"].is_null());
  EXPECT_EQ(project["created"].get<std::string>().size(), 24U) << project["created"];
  EXPECT_EQ(Get("/v1/api/projects")["projects"].size(), 2U) << "the computer's user sees both";
}

TEST_F(EdgeImpulseTest, SaysWhyNotInItsTongue) {
  Start(true);
  const Fields wrong = {{"x-api-key", "ei_nonsense"}};
  EXPECT_NE(Refusal(Ask("GET", "/v1/api/projects", nullptr, wrong), 401).find("Invalid API key"), std::string::npos);
  for (const auto routes : {EdgeImpulseProjectRoutes(), EdgeImpulseDeviceRoutes(), EdgeImpulseSampleRoutes(),
                            EdgeImpulseJobRoutes(), EdgeImpulseSocketRoutes()}) {
    for (const Route& route : routes) {
      if (route.permission == Permission::kAnyone) continue;
      std::string path = route.path;
      for (size_t at = path.find('{'); at != std::string::npos; at = path.find('{')) {
        path.replace(at, path.find('}') - at + 1, "1");
      }
      EXPECT_NE(Refusal(Ask(route.method, path), 401), "") << path;
    }
  }
}

TEST_F(EdgeImpulseTest, LogsPeopleInAndMakesTheirKeys) {
  Start(true);
  EXPECT_EQ(Get("/v1/api-user-need-to-set-password/nobody%40here")["needPassword"], false);
  const json wrong = {{"username", "admin"}, {"password", "guess"}};
  EXPECT_NE(Refusal(Ask("POST", "/v1/api-login", wrong), 401).find("Password is incorrect"), std::string::npos);
  const json login = Post("/v1/api-login", {{"username", "admin"}, {"password", server_->facts().password}});
  const Fields token = {{"x-jwt-token", login["token"]}};
  EXPECT_EQ(Get("/v1/api/user", token)["organizations"][0]["isDeveloperProfile"], true);
  const json project = Post("/v1/api/projects/create", {{"projectName", "gestures"}}, token);
  const std::string path = "/v1/api/" + project["id"].dump();
  const json made =
      Post(path + "/apikeys",
           {{"name", "Edge Impulse CLI"}, {"role", "ingestion_deployment"}, {"isDevelopmentKey", false}}, token);
  const Fields key = {{"x-api-key", made["apiKey"]}};
  EXPECT_EQ(Get(path, key)["project"]["owner"], "admin");
  EXPECT_EQ(Get(path + "/impulses", key)["impulses"].size(), 0U);
  Refusal(Ask("GET", "/v1/api/user", nullptr, key), 403);
  Refusal(Ask("POST", path + "/apikeys", {{"name", "more"}}, key), 403);
  Refusal(Ask("POST", path + "/apikeys", {{"name", "more"}, {"role", "emperor"}}, token), 400);
}

TEST_F(EdgeImpulseTest, GivesOneHmacKeyHoweverOftenItIsAsked) {
  Start();
  const Fields key = {{"x-api-key", Key("ingestiononly")}};
  const json first = Get(path_ + "/devkeys/hmac", key)["hmacKey"];
  EXPECT_GE(first.get<std::string>().size(), 32U);
  EXPECT_EQ(Get(path_ + "/devkeys/hmac", key)["hmacKey"], first);
}

TEST_F(EdgeImpulseTest, KnowsDevicesThatNameThemselves) {
  Start();
  const Fields key = {{"x-api-key", Key("ingestion_deployment")}};
  const json device = {{"deviceId", "aa:bb/1"}, {"deviceType", "EDGE_IMPULSE_LINUX"}, {"ifNotExists", true}};
  Post(path_ + "/devices/create", device, key);
  Post(path_ + "/devices/create", device, key);
  const std::string id = "aa%3Abb%2F1";
  EXPECT_EQ(Get(path_ + "/device/" + id, key)["device"]["name"], "aa:bb/1") << "tools ask for a name then";
  Post(path_ + "/devices/" + id + "/rename", {{"name", "desk"}}, key);
  Post(path_ + "/devices/create", device, key);
  const json renamed = Get(path_ + "/device/" + id, key)["device"];
  EXPECT_EQ(renamed["name"], "desk");
  EXPECT_EQ(renamed["remoteMgmtMode"], "disconnected");
  EXPECT_EQ(Get(path_ + "/devices")["devices"].size(), 1U);
  Refusal(Ask("GET", path_ + "/device/nobody", nullptr, key), 404);
  const json wish = {{"label", "wave"}, {"lengthMs", 1000}, {"intervalMs", 10}, {"category", "training"}};
  Refusal(Ask("POST", path_ + "/device/" + id + "/start-sampling", wish), 404);
  Refusal(Ask("POST", path_ + "/device/" + id + "/start-sampling", {{"label", "wave"}}), 400);
}

TEST_F(EdgeImpulseTest, ListsSamplesPageByPage) {
  Start();
  const Fields key = {{"x-api-key", Key("readonly")}};
  for (int i = 0; i < 5; ++i) {
    Sample sample{.project_id = project_, .name = "wave." + std::to_string(i), .label = "wave"};
    if (i == 4) sample.category = "testing";
    sample.axes = R"([{"name":"accX","units":"m/s2"}])";
    ASSERT_TRUE(store().AddSample(sample, std::to_string(i)).ok());
  }
  const json page = Get(path_ + "/raw-data?category=training&limit=2&offset=1", key);
  EXPECT_EQ(page["totalCount"], 4);
  ASSERT_EQ(page["samples"].size(), 2U);
  EXPECT_EQ(page["samples"][0]["filename"], "wave.2");
  EXPECT_EQ(page["samples"][1]["filename"], "wave.1");
  EXPECT_EQ(page["samples"][0]["sensors"][0]["name"], "accX");
  EXPECT_EQ(Get(path_ + "/raw-data/count?category=testing", key)["count"], 1);
  Refusal(Ask("GET", path_ + "/raw-data?limit=many", nullptr, key), 400);
}

TEST_F(EdgeImpulseTest, ShowsReadingsAndChangesWhatIsSaidOfThem) {
  Start();
  const Fields key = {{"x-api-key", Key("admin")}}, reader = {{"x-api-key", KeyOf("readonly")}};
  const std::string one = path_ + "/raw-data/" + std::to_string(AddRamp(100, "wave"));
  json got = Get(one, reader);
  EXPECT_EQ(got["sample"]["label"], "wave");
  EXPECT_EQ(got["totalPayloadLength"], 100);
  EXPECT_EQ(got["payload"]["values"].size(), 100U);
  EXPECT_EQ(got["payload"]["values"][7], json({7}));
  EXPECT_EQ(got["payload"]["intervalMs"], 10);
  EXPECT_EQ(Get(one + "?limitPayloadValues=10", reader)["payload"]["values"][3], json({30}));
  EXPECT_EQ(Get(one + "/slice?sliceStart=20&sliceEnd=22", reader)["payload"]["values"], json({{20}, {21}}));
  Refusal(Ask("GET", one + "/slice?sliceStart=20&sliceEnd=101", nullptr, reader), 400);
  EXPECT_EQ(Ask("GET", one + "/raw", nullptr, reader).body, Ramp(100));
  Refusal(Ask("GET", one + "/image", nullptr, reader), 400);
  Refusal(Ask("GET", path_ + "/raw-data/999", nullptr, reader), 404);

  Post(one + "/edit-label", {{"label", "shake"}}, key);
  Post(one + "/rename", {{"name", "first"}}, key);
  Post(one + "/move", {{"newCategory", "testing"}}, key);
  Post(one + "/disable", nullptr, key);
  Post(one + "/metadata", {{"metadata", {{"room", "kitchen"}}}}, key);
  const json boxes = json::parse(R"([{"label":"cat","x":1,"y":2,"width":3,"height":4}])");
  Post(one + "/bounding-boxes", {{"boundingBoxes", boxes}}, key);
  const json labels = json::parse(R"([{"startIndex":0,"endIndex":49,"label":"up"}])");
  Post(one + "/structured-labels", {{"structuredLabels", labels}}, key);
  const json sample = Get(one, key)["sample"];
  EXPECT_EQ(sample["label"], "shake");
  EXPECT_EQ(sample["filename"], "first");
  EXPECT_EQ(sample["category"], "testing");
  EXPECT_EQ(sample["isDisabled"], true);
  EXPECT_EQ(sample["metadata"], json({{"room", "kitchen"}}));
  EXPECT_EQ(sample["boundingBoxes"], boxes);
  EXPECT_EQ(sample["structuredLabels"], labels);
  Post(one + "/enable", nullptr, key);
  EXPECT_EQ(Get(one, key)["sample"]["isDisabled"], false);

  Refusal(Ask("POST", one + "/edit-label", {{"label", "a\nb"}}, key), 400);
  Refusal(Ask("POST", one + "/move", {{"newCategory", "validation"}}, key), 400);
  Refusal(Ask("POST", one + "/structured-labels", {{"structuredLabels", {{{"label", "up"}}}}}, key), 400);
  Refusal(Ask("POST", one + "/edit-label", {{"label", "x"}}, reader), 403);
  Refusal(Ask("DELETE", one, nullptr, reader), 403);
  EXPECT_EQ(Get(one, key)["sample"]["label"], "shake");
  Parsed(Ask("DELETE", one, nullptr, key), one);
  Refusal(Ask("GET", one, nullptr, key), 404);
}

TEST_F(EdgeImpulseTest, CutsRecordingsWhereItFindsEvents) {
  Start();
  const Fields key = {{"x-api-key", Key("admin")}};
  const std::string one = path_ + "/raw-data/" + std::to_string(AddRamp(100, "wave"));
  Post(one + "/crop", {{"cropStart", 10}, {"cropEnd", 90}}, key);
  EXPECT_EQ(Get(one, key)["payload"]["values"][0], json({10}));
  EXPECT_EQ(Get(one, key)["totalPayloadLength"], 80);
  Refusal(Ask("POST", one + "/crop", {{"cropStart", 80}, {"cropEnd", 81}}, key), 400);
  Refusal(Ask("POST", one + "/crop", {{"cropStart", 8}}, key), 400);
  EXPECT_EQ(Post(one + "/find-segments", {{"shiftSegments", false}, {"segmentLengthMs", 200}}, key)["segments"].size(),
            0U);
  const json segments = json::parse(R"([{"startMs":0,"endMs":300},{"startMs":500,"endMs":800}])");
  Post(one + "/segment", {{"segments", segments}}, key);
  const json parts = Get(path_ + "/raw-data?category=all", key)["samples"];
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0]["valuesCount"], 30);
  EXPECT_EQ(Get(path_ + "/raw-data/" + parts[0]["id"].dump(), key)["payload"]["values"][0], json({60}));
  Refusal(Ask("POST", path_ + "/raw-data/" + parts[0]["id"].dump() + "/segment", {{"segments", json::array()}}, key),
          400);
}

TEST_F(EdgeImpulseTest, ChangesManyAndNeverMoreThanWereMeant) {
  Start();
  const Fields key = {{"x-api-key", Key("admin")}};
  std::vector<int64_t> ids;
  for (int i = 0; i < 12; ++i) ids.push_back(AddRamp(20 + i, i % 2 == 0 ? "wave" : "idle"));
  const std::string batch = path_ + "/raw-data/batch/";
  const std::string two = "?category=all&ids=" + http::PercentEncode(json({ids[0], ids[1]}).dump());
  Post(batch + "edit-labels" + two, {{"label", "nod"}}, key);
  EXPECT_EQ(Get(path_ + "/raw-data/count?category=all&labels=" + http::PercentEncode(R"(["nod"])"), key)["count"], 2);
  Post(batch + "disable-samples?category=training&labels=" + http::PercentEncode(R"(["idle"])"), nullptr, key);
  EXPECT_EQ(Get(path_ + "/raw-data?category=training&includeDisabled=disabled", key)["totalCount"], 5);
  Post(batch + "enable-samples?category=training", nullptr, key);
  Post(batch + "moveSamples?category=training&maxLength=220", {{"newCategory", "testing"}}, key);
  EXPECT_EQ(Get(path_ + "/raw-data/ratio", key)["ratio"], json({{"training", 9}, {"testing", 3}}));
  for (const char* query : {"?category=all&search=x", "?category=all&metadata=%7B%7D", "?ids=7", ""}) {
    Refusal(Ask("POST", batch + "delete" + query, nullptr, key), 400);
  }
  EXPECT_EQ(Post(path_ + "/rebalance", nullptr, key)["ratio"]["testing"], 3);
  Post(batch + "delete?category=all&excludeIds=" + http::PercentEncode(json({ids[5]}).dump()), nullptr, key);
  EXPECT_EQ(Get(path_ + "/raw-data?category=all", key)["samples"][0]["id"], ids[5]);
  Post(path_ + "/raw-data/delete-all/testing", nullptr, key);
  Post(path_ + "/raw-data/delete-all", nullptr, key);
  EXPECT_EQ(Get(path_ + "/raw-data/count", key)["count"], 0);
}

TEST_F(EdgeImpulseTest, LetsAReaderReadAndNoMore) {
  Start();
  Key("admin");
  const Fields reader = {{"x-api-key", KeyOf("readonly")}}, bringer = {{"x-api-key", KeyOf("ingestiononly")}};
  for (const char* path : {"", "/impulses", "/devices", "/raw-data", "/jobs/all", "/deployment?type=zip"}) {
    Get(path_ + path, reader);
  }
  EXPECT_EQ(Get("/v1/api/projects", reader)["projects"].size(), 1U);
  Refusal(Ask("GET", path_ + "/devkeys/hmac", nullptr, reader), 403);
  Refusal(Ask("POST", path_ + "/jobs/build-ondevice-model?type=zip", json::object(), reader), 403);
  Get(path_, bringer);
  for (const char* path : {"/impulses", "/raw-data", "/jobs/all"}) {
    Refusal(Ask("GET", path_ + path, nullptr, bringer), 403);
  }
}

TEST_F(EdgeImpulseTest, SaysWhatCanBeBuiltAndGivesWhatWasBuiltLast) {
  Start();
  const Fields key = {{"x-api-key", Key("ingestion_deployment")}};
  const json targets = Get(path_ + "/deployment/targets/data-sources?impulseId=1", key)["targets"];
  for (const json& target : targets) {
    EXPECT_EQ(target["modelVariants"][0]["variant"], "int8") << target;
    EXPECT_EQ(target["modelVariants"][1]["supported"], false) << target;
    EXPECT_EQ(target["preferredEngine"], "tflite-eon");
  }
  EXPECT_TRUE(std::ranges::any_of(targets, [](const json& target) { return target["format"] == runner::kTarget; }));
  EXPECT_EQ(Get(path_ + "/deployment?type=arduino", key)["hasDeployment"], false);
  Refusal(Ask("GET", path_ + "/deployment/download?type=arduino", nullptr, key), 404);
  EXPECT_NE(Refusal(Ask("GET", path_ + "/deployment?type=toaster", nullptr, key), 400).find("arduino"),
            std::string::npos);
  // Nothing is trained yet.
  const std::string build = path_ + "/jobs/build-ondevice-model?type=arduino";
  Refusal(Ask("POST", build, {{"engine", "tflite-eon"}, {"modelType", "int8"}}, key), 404);
  Refusal(Ask("POST", build, {{"engine", "akida"}}, key), 400);
  Refusal(Ask("POST", build, {{"engine", "tflite-eon"}, {"modelType", "float32"}}, key), 400);

  for (const char* bytes : {"old", "new"}) {
    auto blob = *store().blobs().Put(bytes);
    Artefact artefact{.project_id = project_, .kind = "build", .name = "gestures-arduino.zip", .blob = blob.hash()};
    artefact.metadata = R"({"kind":"arduino","training":7})";
    ASSERT_TRUE(store().AddArtefact(artefact).ok());
  }
  const json there = Get(path_ + "/deployment?type=arduino", key);
  EXPECT_EQ(there["hasDeployment"], true);
  EXPECT_GT(there["version"], 0);
  EXPECT_EQ(Get(path_ + "/deployment?type=zip", key)["hasDeployment"], false);
  EXPECT_EQ(Ask("GET", path_ + "/deployment/download?type=arduino", nullptr, key).body, "new");
}

TEST_F(EdgeImpulseTest, DescribesImpulses) {
  Start();
  Key("admin");
  EXPECT_FALSE(Get(path_ + "/impulse").contains("impulse"));
  Impulse impulse{.project_id = project_, .name = "shake"};
  impulse.design = R"({"learn":"anomaly","window_ms":2000,"block":{"name":"spectral_analysis"}})";
  const int64_t id = *store().AddImpulse(impulse);
  EXPECT_EQ(Get(path_ + "/impulses")["impulses"][0]["name"], "shake");
  const json one = Get(path_ + "/impulse?impulseId=" + std::to_string(id))["impulse"];
  EXPECT_EQ(one["inputBlocks"][0]["windowSizeMs"], 2000);
  EXPECT_EQ(one["dspBlocks"][0]["type"], "spectral-analysis");
  EXPECT_EQ(one["learnBlocks"][0]["type"], "keras-anomaly");
  Refusal(Ask("GET", path_ + "/impulse?impulseId=999"), 404);
  Refusal(Ask("POST", path_ + "/jobs/build-ondevice-model?type=zip&impulseId=" + std::to_string(id), json::object()),
          404);
}

/// The next event of socket.io; null after ten seconds.
json Event(http::MessageSocket& socket) {
  for (int i = 0; i < 100; ++i) {
    const http::SocketEvent event = socket.Next(100);
    if (event.kind == http::SocketEvent::Kind::kClosed) return nullptr;
    if (event.kind == http::SocketEvent::Kind::kMessage && event.bytes.starts_with("42")) {
      return json::parse(event.bytes.substr(2), nullptr, false);
    }
  }
  return nullptr;
}

TEST_F(EdgeImpulseTest, StreamsTheLinesOfAJobUntilItsEnd) {
  Start();
  const Fields key = {{"x-api-key", Key("ingestion_deployment")}};
  const auto open = [&](const std::string& token) {
    http::WebSocketOptions options;
    options.server = {false, "127.0.0.1", server_->application().studio_port,
                      "/socket.io/?token=" + token + "&EIO=3&transport=websocket&onDemandLogs=true"};
    return http::OpenWebSocket(options);
  };
  const auto refused = open("1.99999999999.00");
  EXPECT_EQ(refused->Next(5000).kind, http::SocketEvent::Kind::kClosed);

  const json token = Get(path_ + "/socket-token", key)["token"];
  const auto socket = open(token["socketToken"]);
  EXPECT_EQ(Event(*socket), json::parse(R"(["hello",{"hello":{"version":1}}])"));
  socket->Send("2", false);
  while (true) {
    const http::SocketEvent event = socket->Next(5000);
    ASSERT_EQ(event.kind, http::SocketEvent::Kind::kMessage);
    if (event.bytes == "3") break;
  }
  // There is nothing to train with, which the job says and fails.
  const int64_t job = Post(path_ + "/jobs/retrain", json::object())["id"];
  const std::string number = std::to_string(job);
  socket->Send("42" + json::array({"start-log-stream", {{"jobId", job}, {"lastReceivedTimestamp", 0}}}).dump(), false);
  json event = Event(*socket);
  ASSERT_TRUE(event.is_array());
  EXPECT_EQ(event[0], "job-data-" + number);
  EXPECT_GT(event[1]["data"].get<std::string>().size(), 10U);
  while (event.is_array() && event[0] == "job-data-" + number) event = Event(*socket);
  EXPECT_EQ(event, json::array({"job-finished-" + number, {{"success", false}}}));
  const json status = Get(path_ + "/jobs/" + number + "/status", key)["job"];
  EXPECT_EQ(status["finishedSuccessful"], false);
  EXPECT_GT(Get(path_ + "/jobs/" + number + "/stdout", key)["stdout"].size(), 0U);
  EXPECT_EQ(Get(path_ + "/jobs/history", key)["totalJobCount"], 1);
  EXPECT_EQ(Get(path_ + "/jobs", key)["jobs"].size(), 0U);
}

TEST_F(EdgeImpulseTest, ShowsNobodyTheJobsOfAnotherProject) {
  Start();
  Key("admin");
  const int64_t job = Post(path_ + "/jobs/retrain", json::object())["id"];
  const std::string status = path_ + "/jobs/" + std::to_string(job) + "/status";
  for (int i = 0; i < 100 && !Get(status)["job"].contains("finished"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  const Fields stranger = {{"x-api-key", Key("admin")}};
  Refusal(Ask("GET", path_ + "/jobs/" + std::to_string(job) + "/status", nullptr, stranger), 404);
  const json token = Get(path_ + "/socket-token", stranger)["token"];
  http::WebSocketOptions options;
  options.server = {false, "127.0.0.1", server_->application().studio_port,
                    "/socket.io/?token=" + token["socketToken"].get<std::string>()};
  const auto socket = http::OpenWebSocket(options);
  EXPECT_EQ(Event(*socket)[0], "hello");
  socket->Send("42" + json::array({"start-log-stream", {{"jobId", job}}}).dump(), false);
  for (int i = 0; i < 10; ++i) EXPECT_NE(socket->Next(100).kind, http::SocketEvent::Kind::kMessage);
}

}  // namespace
}  // namespace thimble::studio
