// The whole server on real sockets: what it refuses to be, who gets in, and that it ends and begins again.
#include "studio/server/server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "http/websocket_client.h"
#include "studio/server/api/api_routes.h"
#include "studio/server/live/live_routes.h"
#include "studio/server/people/gate.h"
#include "studio/server/people/people_routes.h"
#include "studio/server/remote/remote_routes.h"
#include "studio/server/test_server.h"
#include "studio/store/backup.h"
#include "studio/store/store.h"

namespace thimble::studio {
namespace {

TEST_F(StudioServerTest, AnswersItsUserWithoutALogin) {
  Start();
  EXPECT_FALSE(server_->facts().accounts);
  EXPECT_NE(Ask("GET", "/").body.find("EI_HOST"), std::string::npos);
  const http::HttpReply me = Ask("GET", "/api/v1/me");
  EXPECT_EQ(json::parse(me.body)["kind"], "local");
  EXPECT_EQ(me.headers.Get("X-Content-Type-Options"), "nosniff");
  EXPECT_NE(me.headers.Get("Content-Security-Policy"), "");
  EXPECT_EQ(Ask("POST", "/api/v1/projects", R"({"name":"gestures"})").status, 201);
  EXPECT_EQ(Ask("GET", "/api/v1/projects", {}, {{"Host", "evil.example"}}).status, 403);
  EXPECT_EQ(Ask("GET", "/api/v1/projects", {}, {{"Origin", "http://evil.example"}}).status, 403);
  struct stat status = {};
  ASSERT_EQ(::stat(Options().folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0077, 0U) << "others could read the recordings";
}

TEST_F(StudioServerTest, ServesItsPageToAnybodyAndNothingBeside) {
  ServeOptions options = Options();
  options.accounts = true;
  options.page_folder = folder_.path() / "page";
  std::filesystem::create_directories(options.page_folder / "assets");
  const auto write = [&](const char* name, const char* text) { std::ofstream(options.page_folder / name) << text; };
  write("index.html", "<title>studio</title>");
  write("assets/index-1a2b.js", "the script");
  write("assets/index-1a2b.js.gz", "the same, smaller");
  write("secret", "of nobody's business");
  Start(options);

  const http::HttpReply page = Ask("GET", "/");
  EXPECT_EQ(page.body, "<title>studio</title>");
  EXPECT_EQ(page.headers.Get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.headers.Get("Cache-Control"), "no-cache");
  const std::string policy(page.headers.Get("Content-Security-Policy"));
  EXPECT_NE(policy.find("default-src 'self'"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(Ask("GET", "/", {}, {{"If-None-Match", std::string(page.headers.Get("ETag"))}}).status, 304);

  const http::HttpReply plain = Ask("GET", "/assets/index-1a2b.js");
  EXPECT_EQ(plain.body, "the script");
  EXPECT_NE(plain.headers.Get("Cache-Control").find("immutable"), std::string_view::npos);
  const http::HttpReply small = Ask("GET", "/assets/index-1a2b.js", {}, {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(small.headers.Get("Content-Encoding"), "gzip");
  EXPECT_EQ(small.body, "the same, smaller");
  EXPECT_EQ(small.headers.Get("Content-Type"), "text/javascript; charset=utf-8");

  const http::HttpReply gone = Ask("GET", "/assets/index-0000.js");
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.headers.Get("Cache-Control"), "no-store");
  for (const char* path : {"/assets/../secret", "/assets/%2e%2e/secret", "/assets/..%2fsecret", "/secret"}) {
    EXPECT_GE(Ask("GET", path).status, 400) << path;
  }

  // A page that is built anew while the server runs.
  std::filesystem::remove_all(options.page_folder);
  EXPECT_NE(Ask("GET", "/").body.find("./run build"), std::string::npos);
  std::filesystem::create_directories(options.page_folder);
  write("index.html", "<title>newer</title>");
  EXPECT_EQ(Ask("GET", "/").body, "<title>newer</title>");
}

TEST_F(StudioServerTest, TakesARecordingAndADeviceByTheirKey) {
  Start();
  const json project = json::parse(Ask("POST", "/api/v1/projects", R"({"name":"gestures"})").body);
  const std::string base = "/api/v1/projects/" + project["id"].dump();
  const json key = json::parse(Ask("POST", base + "/keys", R"({"name":"board","role":"ingestiononly"})").body);
  const Fields headers = {{"x-api-key", key["key"].get<std::string>()}, {"x-file-name", "wave.1"}};
  const std::string recording =
      R"({"protected":{"ver":"v1","alg":"none"},"signature":"","payload":{"device_name":"kit","device_type":"AZ3166",)"
      R"("interval_ms":10,"sensors":[{"name":"accX","units":"m/s2"}],"values":[1,2,3]}})";
  const int port = server_->application().ingestion_port;
  EXPECT_EQ(Ask("POST", "/api/training/data", recording, {{"x-file-name", "wave.1"}}, port).status, 401);
  const http::HttpReply bad = Ask("POST", "/api/training/files", recording, {{"x-api-key", "ei_nonsense"}}, port);
  EXPECT_EQ(bad.status, 401);
  EXPECT_EQ(json::parse(bad.body)["success"], false);
  const http::HttpReply stored = Ask("POST", "/api/training/data", recording, headers, port);
  EXPECT_EQ(stored.status, 200) << stored.body;
  const json samples = json::parse(Ask("GET", base + "/samples").body);
  ASSERT_EQ(samples["samples"].size(), 1U) << samples;
  EXPECT_EQ(samples["samples"][0]["label"], "wave");
  // The key that brings recordings cannot look at them.
  EXPECT_EQ(Ask("GET", base + "/samples", {}, {headers[0]}).status, 403);

  http::WebSocketOptions options;
  options.server = {false, "127.0.0.1", server_->application().remote_port};
  const auto socket = http::OpenWebSocket(options);
  const json hello = {{"hello",
                       {{"version", 3},
                        {"apiKey", key["key"]},
                        {"deviceId", "kit"},
                        {"deviceType", "AZ3166"},
                        {"connection", "ip"},
                        {"sensors", json::array()}}}};
  http::SocketEvent event = socket->Next(5000);
  ASSERT_EQ(event.kind, http::SocketEvent::Kind::kOpened) << event.error.message;
  socket->Send(hello.dump(), false);
  event = socket->Next(5000);
  ASSERT_EQ(event.kind, http::SocketEvent::Kind::kMessage) << event.error.message;
  EXPECT_EQ(json::parse(event.bytes)["hello"], true) << event.bytes;
  const json live = json::parse(Ask("GET", base + "/live-devices").body);
  EXPECT_EQ(live["devices"].size(), 1U);
}

TEST_F(StudioServerTest, MakesTheFirstAccountAndLetsItMakeOthers) {
  ServeOptions options = Options();
  options.accounts = true;
  Start(options);
  EXPECT_EQ(server_->facts().account, "admin");
  EXPECT_EQ(Ask("GET", "/api/v1/projects").status, 401);
  EXPECT_EQ(json::parse(Ask("GET", "/api/v1/me").body)["kind"], "nobody");
  const json admin = LogIn("admin", server_->facts().password);
  EXPECT_EQ(Ask("POST", "/api/v1/users", R"({"name":"ann","password":"correct horse"})", Bearer(admin)).status, 201);
  EXPECT_EQ(Ask("POST", "/api/v1/users", R"({"name":"ann","password":"correct horse"})", Bearer(admin)).status, 400);
  EXPECT_EQ(Ask("POST", "/api/v1/users", R"({"name":"ben","password":"short"})", Bearer(admin)).status, 400);

  const json ann = LogIn("ann", "correct horse");
  EXPECT_EQ(Ask("GET", "/api/v1/users", {}, Bearer(ann)).status, 403);
  EXPECT_EQ(Ask("GET", "/api/v1/audit", {}, Bearer(ann)).status, 403);
  const json audit = json::parse(Ask("GET", "/api/v1/audit", {}, Bearer(admin)).body);
  EXPECT_EQ(audit["entries"][0]["action"], "login");

  const std::string admin_path = "/api/v1/users/" + admin["user"]["id"].dump();
  const std::string ann_path = "/api/v1/users/" + ann["user"]["id"].dump();
  EXPECT_EQ(Ask("DELETE", admin_path, {}, Bearer(admin)).status, 409) << "nobody would be left";
  EXPECT_EQ(Ask("PATCH", admin_path, R"({"administrator":false})", Bearer(admin)).status, 409);
  EXPECT_EQ(Ask("PATCH", ann_path, R"({"administrator":true})", Bearer(admin)).status, 200);
  EXPECT_EQ(Ask("GET", "/api/v1/users", {}, Bearer(ann)).status, 200);
  EXPECT_EQ(Ask("DELETE", ann_path, {}, Bearer(admin)).status, 204);
  EXPECT_EQ(Ask("GET", "/api/v1/me", {}, Bearer(ann)).body.find("\"user\""), std::string::npos);
  EXPECT_EQ(Ask("GET", "/api/v1/projects", {}, Bearer(ann)).status, 401);
}

TEST_F(StudioServerTest, GivesBrowsersACookieThatOnlyItsOwnPageCanUse) {
  ServeOptions options = Options();
  options.accounts = true;
  Start(options);
  const http::HttpReply reply =
      Ask("POST", "/api/v1/login", json{{"name", "admin"}, {"password", server_->facts().password}}.dump());
  const std::string set(reply.headers.Get("Set-Cookie"));
  EXPECT_NE(set.find("HttpOnly"), std::string::npos);
  EXPECT_NE(set.find("SameSite=Lax"), std::string::npos);
  Fields headers = {{"Cookie", set.substr(0, set.find(';'))}};
  const json me = json::parse(Ask("GET", "/api/v1/me", {}, headers).body);
  EXPECT_EQ(me["user"]["name"], "admin");
  EXPECT_EQ(Ask("POST", "/api/v1/projects", R"({"name":"a"})", headers).status, 403);
  headers.emplace_back("X-CSRF-Token", me["csrf_token"].get<std::string>());
  EXPECT_EQ(Ask("POST", "/api/v1/projects", R"({"name":"a"})", headers).status, 201);

  const json change = {{"old_password", "wrong"}, {"new_password", "correct horse"}};
  EXPECT_EQ(Ask("PUT", "/api/v1/me/password", change.dump(), headers).status, 403);
  const json right = {{"old_password", server_->facts().password}, {"new_password", "correct horse"}};
  EXPECT_EQ(Ask("PUT", "/api/v1/me/password", right.dump(), headers).status, 200);
  EXPECT_EQ(Ask("GET", "/api/v1/projects", {}, headers).status, 401) << "all sessions have ended";
  const json session = LogIn("admin", "correct horse");
  EXPECT_EQ(Ask("POST", "/api/v1/logout", {}, Bearer(session)).status, 204);
  EXPECT_EQ(Ask("GET", "/api/v1/projects", {}, Bearer(session)).status, 401);
}

TEST_F(StudioServerTest, BacksItselfUpWhileItServes) {
  Start();
  EXPECT_EQ(Ask("POST", "/api/v1/projects", R"({"name":"gestures"})").status, 201);
  const http::HttpReply first = Ask("POST", "/api/v1/backup");
  ASSERT_EQ(first.status, 201) << first.body;
  const std::string file = json::parse(first.body)["file"];
  EXPECT_NE(json::parse(Ask("POST", "/api/v1/backup").body)["file"], file);
  ASSERT_TRUE(Restore(file, {.folder = folder_.path() / "restored"}).ok());
  const auto store = Store::Open({.folder = folder_.path() / "restored"});
  ASSERT_TRUE(store.ok()) << store.error().message;
  EXPECT_EQ((*store)->ListProjects()->front().name, "gestures");
}

TEST_F(StudioServerTest, MakesGuessersWait) {
  ServeOptions options = Options();
  options.accounts = true;
  Start(options);
  for (int i = 0; i < 5; ++i) LogIn("admin", "guess", 401);
  const http::HttpReply reply = Ask("POST", "/api/v1/login", R"({"name":"admin","password":"guess"})");
  EXPECT_EQ(reply.status, 429);
  EXPECT_NE(reply.headers.Get("Retry-After"), "");
}

TEST_F(StudioServerTest, RefusesStrangersOnEveryRow) {
  ServeOptions options = Options();
  options.accounts = true;
  Start(options);
  std::set<std::string> seen;
  for (const auto routes : {PeopleRoutes(), ApiRoutes(), LiveDeviceRoutes(), LiveRoutes()}) {
    for (const Route& route : routes) {
      EXPECT_TRUE(seen.insert(std::string(route.method) + route.path).second) << route.path << " is there twice";
      if (route.permission == Permission::kAnyone) continue;
      std::string path = route.path;
      for (size_t at = path.find('{'); at != std::string::npos; at = path.find('{')) {
        path.replace(at, path.find('}') - at + 1, "1");
      }
      EXPECT_EQ(Ask(route.method, path).status, 401) << route.method << " " << path;
    }
  }
  EXPECT_GT(seen.size(), 40U);
}

TEST_F(StudioServerTest, DoesNotServeOtherComputersInTheClear) {
  ServeOptions options = Options();
  options.bind = "0.0.0.0";
  EXPECT_EQ(WhyNot(options), Status::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(options.folder)) << "refused before anything was made";
  options.insecure = true;
  Start(options);
  EXPECT_TRUE(server_->facts().accounts) << "whoever can reach it has to log in";
  http::HttpRequest other;
  other.server = {false, "127.0.0.2", server_->application().studio_port};
  EXPECT_TRUE(http::Ask(other).ok());
  EXPECT_EQ(Ask("GET", "/api/v1/projects").status, 401);
}

TEST_F(StudioServerTest, SaysWhatIsWrongWithItsOptions) {
  ServeOptions options = Options();
  options.certificate = "some.pem";
  EXPECT_EQ(WhyNot(options), Status::kInvalidArgument);
  options = Options();
  options.reset_password = "ann";
  EXPECT_EQ(WhyNot(options), Status::kInvalidArgument);
  options = Options();
  options.tls = true;
  options.certificate = options.key = folder_.path() / "missing.pem";
  EXPECT_EQ(WhyNot(options), Status::kNotFound);
  Start();
  options = Options();
  EXPECT_EQ(WhyNot(options), Status::kFailed) << "two on one folder";
  options.folder = folder_.path() / "other";
  options.database = StoreIn(options.folder).database;
  options.studio_port = server_->application().studio_port;
  EXPECT_EQ(WhyNot(options), Status::kDeviceFailed) << "the port is taken";
}

TEST_F(StudioServerTest, ServesThreeNamesOnOnePortByTls) {
  ServeOptions options = Options();
  options.tls = true;
  options.names = {"tinyml.localhost"};
  options.bind = "0.0.0.0";
  Start(options);
  const ServerFacts& facts = server_->facts();
  http::HttpRequest clear;
  clear.server = {false, "127.0.0.2", server_->application().studio_port};
  EXPECT_FALSE(http::Ask(clear).ok()) << "what is not encrypted is for this computer only";
  ASSERT_FALSE(facts.authority.empty());
  struct stat status = {};
  ASSERT_EQ(::stat((options.folder / "tls" / "authority.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0077, 0U) << "others could sign with it";

  const int port = std::stoi(facts.tls_url.substr(facts.tls_url.rfind(':') + 1));
  const auto ask = [&](const std::string& host, const std::string& target, const std::string& method = "GET") {
    http::HttpRequest request;
    request.server = {true, "127.0.0.1", port};
    request.method = method;
    request.target = target;
    request.headers = {{"Host", host}};
    request.ca_files = {facts.authority.string()};
    const auto reply = http::Ask(request);
    EXPECT_TRUE(reply.ok()) << (reply.ok() ? "" : reply.error().message);
    return reply.ok() ? reply->status : 0;
  };
  EXPECT_EQ(ask("studio.tinyml.localhost", "/api/v1/health"), 200);
  EXPECT_EQ(ask("tinyml.localhost", "/api/v1/health"), 200);
  EXPECT_EQ(ask("ingestion.tinyml.localhost", "/api/v1/health"), 404);
  EXPECT_EQ(ask("ingestion.tinyml.localhost", "/api/training/data", "POST"), 401);
  EXPECT_EQ(ask("remote-mgmt.tinyml.localhost", "/api/v1/health"), 404);

  ASSERT_TRUE(server_->RenewCertificate().ok());
  EXPECT_EQ(ask("studio.tinyml.localhost", "/api/v1/health"), 200);

  // The authority stays: whoever trusts it need not be told again.
  std::ifstream first(facts.authority);
  const std::string before((std::istreambuf_iterator<char>(first)), {});
  server_.reset();
  Start(options);
  std::ifstream second(server_->facts().authority);
  EXPECT_EQ(std::string((std::istreambuf_iterator<char>(second)), {}), before);
}

TEST_F(StudioServerTest, EndsAndBeginsAgainWithWhatItHad) {
  ServeOptions options = Options();
  options.accounts = true;
  Start(options);
  const std::string password = server_->facts().password;
  const json session = LogIn("admin", password);
  EXPECT_EQ(Ask("POST", "/api/v1/projects", R"({"name":"gestures"})", Bearer(session)).status, 201);
  server_->Stop(1000);
  server_.reset();
  Start(options);
  EXPECT_TRUE(server_->facts().password.empty()) << "only the first time";
  const json projects = json::parse(Ask("GET", "/api/v1/projects", {}, Bearer(session)).body);
  EXPECT_EQ(projects["projects"].size(), 1U) << projects;
  server_.reset();
  options.reset_password = "admin";
  Start(options);
  LogIn("admin", password, 401);
  LogIn("admin", server_->facts().password);
}

}  // namespace
}  // namespace thimble::studio
