// The whole server when things go wrong: it is killed, its disk is full, the clock jumps, and clients are slow or
// hostile.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "http/test_socket.h"
#include "http/websocket_client.h"
#include "studio/server/jobs/zip.h"
#include "studio/server/test_server.h"
#include "studio/store/backup.h"
#include "studio/store/store.h"
#include "studio/store/test_disk.h"

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;
using http::TestSocket;

constexpr int64_t kDayMs = int64_t{24} * 3'600'000;

/// Where the services answer.
struct Ports {
  int studio = 0, remote = 0, ingestion = 0;
};

Ports PortsOf(StudioServer& server) {
  const Application& application = server.application();
  return {application.studio_port, application.remote_port, application.ingestion_port};
}

/// The server as a process that can be killed.
class ServerProcess {
 public:
  explicit ServerProcess(ServeOptions options, rlim_t most_files = 0) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(ends[0]);
      options.fault = {};
      const rlimit few = {most_files, most_files};
      if (most_files > 0) (void)::setrlimit(RLIMIT_NOFILE, &few);
      const auto started = StartServer(options);
      const Ports ports = started.ok() ? PortsOf(**started) : Ports{};
      if (::write(ends[1], &ports, sizeof ports) != sizeof ports || !started.ok()) ::_exit(1);
      while (true) ::pause();
    }
    ::close(ends[1]);
    EXPECT_EQ(::read(ends[0], &ports_, sizeof ports_), static_cast<ssize_t>(sizeof ports_));
    ::close(ends[0]);
  }
  ~ServerProcess() { Kill(); }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const Ports& ports() const { return ports_; }
  void Kill() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(std::exchange(child_, 0), nullptr, 0);
  }

 private:
  pid_t child_ = 0;
  Ports ports_;
};

/// Nothing when the server is gone.
std::optional<http::HttpReply> AskAt(int port, const std::string& method, const std::string& target,
                                     std::string body = {},
                                     std::vector<std::pair<std::string, std::string>> headers = {}) {
  http::HttpRequest request;
  request.server = {false, "127.0.0.1", port};
  request.method = method;
  request.target = target;
  request.body = std::move(body);
  request.headers = std::move(headers);
  auto reply = http::Ask(request);
  if (!reply.ok()) return std::nullopt;
  return *std::move(reply);
}

std::string Csv(const std::string& name) {
  return "timestamp,x\n0," + std::to_string(std::hash<std::string>()(name) % 1'000'000) + "\n10,1\n";
}

std::string Form(const std::vector<std::string>& names) {
  std::string body;
  for (const std::string& name : names) {
    body +=
        "--xx\r\nContent-Disposition: form-data; name=\"data\"; filename=\"" + name + "\"\r\n\r\n" + Csv(name) + "\r\n";
  }
  return body + "--xx--\r\n";
}

std::string NoisyWav(size_t bytes, unsigned seed) {
  const auto little = [](uint32_t number, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += static_cast<char>(number >> (8 * i));
    return text;
  };
  std::string wav = "RIFF" + little(static_cast<uint32_t>(36 + bytes), 4) + "WAVEfmt " + little(16, 4) + little(1, 2) +
                    little(1, 2) + little(16000, 4) + little(32000, 4) + little(2, 2) + little(16, 2) + "data" +
                    little(static_cast<uint32_t>(bytes), 4);
  std::mt19937 random(seed);
  for (size_t i = 0; i < bytes; ++i) wav += static_cast<char>(random());
  return wav;
}

class StudioFaults : public StudioServerTest {
 protected:
  using HeaderFields = std::vector<std::pair<std::string, std::string>>;

  /// Of the server that runs: a project with a key that may do everything.
  HeaderFields MakeProject() {
    project_ = json::parse(Ask("POST", "/api/v1/projects", R"({"name":"gestures"})").body)["id"];
    base_ = "/api/v1/projects/" + std::to_string(project_);
    const json key = json::parse(Ask("POST", base_ + "/keys", R"({"name":"kit","role":"admin"})").body);
    return {{"x-api-key", key["key"].get<std::string>()}};
  }

  static HeaderFields Named(HeaderFields headers, const std::string& file) {
    headers.emplace_back("x-file-name", file);
    headers.emplace_back("x-no-date-id", "1");
    return headers;
  }

  int64_t project_ = 0;
  std::string base_;
};

TEST_F(StudioFaults, KillingItDuringUploadsLosesNothingThatItAcknowledged) {
  constexpr int kRounds = 2, kInForm = 20;
  const ServeOptions options = Options();
  Start(options);
  const HeaderFields key = MakeProject();
  server_.reset();

  std::set<std::string> acknowledged;
  for (int round = 0; round < kRounds; ++round) {
    ServerProcess server(options);
    ASSERT_GT(server.ports().ingestion, 0);
    std::mutex mutex;
    std::vector<std::thread> clients;
    const auto begin = [&](int client, const std::function<bool(const std::string&)>& send) {
      clients.emplace_back([=] {
        for (int i = 0; send(std::to_string(round) + "." + std::to_string(client) + "." + std::to_string(i)); ++i) {
        }
      });
    };
    for (int client = 0; client < 4; ++client) {
      begin(client, [&](const std::string& name) {
        const auto reply =
            AskAt(server.ports().ingestion, "POST", "/api/training/data", Csv(name), Named(key, name + ".csv"));
        if (!reply) return false;
        EXPECT_EQ(reply->status, 200) << reply->body;
        const std::lock_guard lock(mutex);
        return acknowledged.insert(name + ".csv").second;
      });
    }
    for (int client = 4; client < 6; ++client) {
      begin(client, [&](const std::string& name) {
        std::vector<std::string> names;
        for (int i = 0; i < kInForm; ++i) names.push_back("form " + name + " " + std::to_string(i) + ".csv");
        HeaderFields headers = key;
        headers.emplace_back("Content-Type", "multipart/form-data; boundary=xx");
        const auto reply = AskAt(server.ports().ingestion, "POST", "/api/training/files", Form(names), headers);
        if (!reply) return false;
        const std::lock_guard lock(mutex);
        acknowledged.insert(names.begin(), names.end());
        return true;
      });
    }
    // Half of a large one is on the disk already.
    TestSocket large(server.ports().ingestion);
    large.Send("POST /api/training/data HTTP/1.1\r\nHost: a\r\nx-file-name: large.wav\r\nx-api-key: " + key[0].second +
               "\r\nContent-Length: 6000000\r\n\r\n" + NoisyWav(3'000'000, 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(250 + 200 * round));
    server.Kill();
    for (std::thread& client : clients) client.join();

    const auto store = Store::Open({.folder = options.folder, .database = options.database});
    ASSERT_TRUE(store.ok()) << store.error().message;
    std::set<std::string> kept;
    std::map<std::string, int> forms;
    const auto samples = (*store)->ListSamples(project_, {}, {.limit = 1'000'000});
    for (const Sample& sample : samples->items) {
      EXPECT_TRUE(kept.insert(sample.file_name).second) << "twice: " << sample.file_name;
      if (sample.file_name.starts_with("form")) ++forms[sample.file_name.substr(0, sample.file_name.rfind(' '))];
    }
    for (const std::string& name : acknowledged) EXPECT_TRUE(kept.contains(name)) << name << " was acknowledged";
    for (const auto& [form, files] : forms) EXPECT_EQ(files, kInForm) << form << " is there in part";
    EXPECT_FALSE(kept.contains("large.wav"));
    EXPECT_TRUE(fs::is_empty(options.folder / "blobs" / "incoming"));
    const auto report = Verify(**store);
    for (const std::string& problem : report->problems) ADD_FAILURE() << problem;
  }
  EXPECT_GT(acknowledged.size(), 50U) << "the test must have sent something";
}

TEST_F(StudioFaults, AFullDiskIsASentenceAndWhatWasAcknowledgedStays) {
  const ServeOptions options = Options();
  fs::create_directories(options.folder);
  const int result = OnASmallDisk(options.folder, 3000, [&] {
    Start(options);
    const HeaderFields key = MakeProject();
    std::ofstream(options.folder / "ballast") << std::string(400'000, 'x');
    const auto upload = [&](unsigned i) {
      return Ask("POST", "/api/training/data", NoisyWav(60'000, i), Named(key, std::to_string(i) + ".wav"),
                 server_->application().ingestion_port);
    };
    unsigned stored = 0;
    http::HttpReply last;
    while (stored < 100 && (last = upload(stored)).status == 200) ++stored;
    if (stored == 0 || stored == 100) return 1;
    if (last.status != 500 || last.body.find("disk is full; free some space") == std::string::npos) return 2;
    // Not a large one either, which goes to the disk while it comes.
    const http::HttpReply large = Ask("POST", "/api/training/data", NoisyWav(2'000'000, 1), Named(key, "large.wav"),
                                      server_->application().ingestion_port);
    if (large.status != 500 || large.body.find("disk is full") == std::string::npos) return 3;
    const auto count = [&] { return json::parse(Ask("GET", base_ + "/samples?limit=500").body)["samples"].size(); };
    if (count() != stored) return 4;
    fs::remove(options.folder / "ballast");
    if (upload(1000).status != 200 || count() != stored + 1) return 5;
    server_.reset();
    const auto store = Store::Open({.folder = options.folder, .database = options.database});
    return store.ok() && Verify(**store)->problems.empty() ? 0 : 6;
  });
  if (result == kNoSmallDisk) GTEST_SKIP() << "mounting a small disk is not permitted here";
  EXPECT_EQ(result, 0);
}

TEST_F(StudioFaults, AReadOnlyDiskIsASentenceAndWhatIsThereCanBeSeen) {
  const ServeOptions options = Options();
  fs::create_directories(options.folder);
  const int result = OnASmallDisk(options.folder, 20'000, [&] {
    Start(options);
    const HeaderFields key = MakeProject();
    const auto upload = [&](const std::string& name) {
      return Ask("POST", "/api/training/data", Csv(name), Named(key, name + ".csv"),
                 server_->application().ingestion_port);
    };
    if (upload("before").status != 200) return 1;
    if (!MakeReadOnly(options.folder)) return kNoSmallDisk;
    const http::HttpReply refused = upload("after");
    if (refused.status != 500 || refused.body.find("the disk is read-only; mount it writable") == std::string::npos) {
      return 2;
    }
    const json samples = json::parse(Ask("GET", base_ + "/samples").body)["samples"];
    if (samples.size() != 1 || samples[0]["file_name"] != "before.csv") return 3;
    server_.reset();
    const auto again = StartServer(options);
    return !again.ok() && again.error().message.find("the disk is read-only; mount it") != std::string::npos ? 0 : 4;
  });
  if (result == kNoSmallDisk) GTEST_SKIP() << "mounting a small disk is not permitted here";
  EXPECT_EQ(result, 0);
}

TEST_F(StudioFaults, AClockThatJumpsLosesNothing) {
  std::atomic<int64_t> now_ms = 1'700'000'000'000;
  ServeOptions options = Options();
  options.accounts = true;
  options.now_ms = [&] { return now_ms.load(); };
  Start(options);
  const json session = LogIn("admin", server_->facts().password);
  Fields once = Bearer(session);
  once.emplace_back("Idempotency-Key", "one");
  const std::string body = R"({"name":"gestures"})";
  const json made = json::parse(Ask("POST", "/api/v1/projects", body, once).body);
  const json key = json::parse(Ask("POST", "/api/v1/projects/" + made["id"].dump() + "/keys",
                                   R"({"name":"kit","role":"ingestiononly"})", Bearer(session))
                                   .body);
  std::vector<std::string> names;
  int number = 0;
  for (const int64_t jump : {kDayMs, -kDayMs, 5 * 365 * kDayMs, -10 * 365 * kDayMs, 5 * 365 * kDayMs}) {
    now_ms += jump;
    const std::string name = std::to_string(number++) + ".csv";
    const Fields headers = {{"x-api-key", key["key"].get<std::string>()}, {"x-file-name", name}, {"x-no-date-id", "1"}};
    const http::HttpReply stored =
        Ask("POST", "/api/training/data", Csv(name), headers, server_->application().ingestion_port);
    EXPECT_EQ(stored.status, 200) << stored.body;
    names.insert(names.begin(), name);
  }
  EXPECT_EQ(json::parse(Ask("POST", "/api/v1/projects", body, once).body), made) << "made once";
  const json samples = json::parse(
      Ask("GET", "/api/v1/projects/" + made["id"].dump() + "/samples", {}, Bearer(session)).body)["samples"];
  ASSERT_EQ(samples.size(), names.size());
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(samples[i]["file_name"], names[i]) << "order is by id";
  // A login of the future lasts for no years.
  now_ms += 5 * 365 * kDayMs;
  EXPECT_EQ(Ask("GET", "/api/v1/projects", {}, Bearer(session)).status, 401);
  const json later = LogIn("admin", server_->facts().password);
  now_ms -= 5 * 365 * kDayMs;
  EXPECT_EQ(Ask("GET", "/api/v1/projects", {}, Bearer(later)).status, 401);
  EXPECT_EQ(Ask("GET", "/api/v1/projects", {}, Bearer(session)).status, 200);
}

TEST_F(StudioFaults, SlowClientsOnEveryPortAreSentAwayAndKeepNobodyElseWaiting) {
  ServeOptions options = Options();
  options.header_ms = 1500;
  Start(options);
  const Ports ports = PortsOf(*server_);
  std::vector<std::unique_ptr<TestSocket>> slow;
  for (const int port : {ports.studio, ports.remote, ports.ingestion}) {
    for (int i = 0; i < 60; ++i) {
      slow.push_back(std::make_unique<TestSocket>(port));
      slow.back()->Send("POST /api/training/data HTTP/1.1\r\nHost: a\r\nX");
    }
  }
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(Ask("GET", "/api/v1/projects").status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(1500)) << "they are still there";
  for (int i = 0; i < 5; ++i) {
    for (const auto& socket : slow) socket->Send("x");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  for (const auto& socket : slow) {
    EXPECT_NE(socket->ReadAll(5'000).find("HTTP/1.1 408"), std::string::npos);
    EXPECT_TRUE(socket->ended());
  }
}

TEST_F(StudioFaults, ConnectionsLeaveFilesOver) {
  const ServeOptions options = Options();
  Start(options);
  const HeaderFields key = MakeProject();
  server_.reset();
  const ServerProcess server(options, 300);
  std::vector<std::unique_ptr<TestSocket>> sockets;
  for (int i = 0; i < 350; ++i) sockets.push_back(std::make_unique<TestSocket>(server.ports().ingestion));
  // The first ones are in, the last ones are not, and those who are in are served.
  TestSocket& first = *sockets.front();
  const std::string body = Csv("a");
  first.Send("POST /api/training/data HTTP/1.1\r\nHost: a\r\nx-file-name: a.csv\r\nx-api-key: " + key[0].second +
             "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_NE(first.ReadUntil("\r\n\r\n").find("HTTP/1.1 200"), std::string::npos);
  sockets.back()->ReadAll(5'000);
  EXPECT_TRUE(sockets.back()->ended());
}

TEST_F(StudioFaults, HostileRequestsAreRefusedOnEveryPort) {
  Start();
  const Ports ports = PortsOf(*server_);
  for (const int port : {ports.studio, ports.remote, ports.ingestion}) {
    const auto answer = [&](const std::string& bytes) {
      TestSocket socket(port);
      socket.Send(bytes);
      return socket.ReadAll(5'000).substr(0, 12);
    };
    const std::string rest = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    EXPECT_EQ(answer("GET /" + rest + "X-Large: " + std::string(20'000, 'x') + "\r\n\r\n"), "HTTP/1.1 431");
    EXPECT_EQ(answer("GET /" + rest + std::string(20'000, 'x')), "HTTP/1.1 431");
    for (const char* path : {"/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fetc/passwd",
                             "/api/v1/../../etc/passwd", "//etc/passwd", "/api/training/..%00/data"}) {
      const std::string status = answer("GET " + std::string(path) + rest + "\r\n");
      EXPECT_TRUE(status == "HTTP/1.1 400" || status == "HTTP/1.1 404") << path << ": " << status;
    }
    EXPECT_EQ(answer("POST /api/v1/login" + rest + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
              "HTTP/1.1 400");
    EXPECT_EQ(answer("\x16\x03\x01\x02 this is a TLS hello\r\n\r\n"), "HTTP/1.1 400");
  }
  const HeaderFields key = MakeProject();
  // A name that leads out of the folder is a name.
  const http::HttpReply stored =
      Ask("POST", "/api/training/data", Csv("a"), Named(key, "..%2F..%2Fpass.csv"), ports.ingestion);
  EXPECT_EQ(stored.body, "pass.csv");
  EXPECT_EQ(Ask("POST", "/api/v1/projects", std::string(2'000'000, ' ')).status, 413);
}

TEST_F(StudioFaults, DepthBombsAreRefusedByWhoeverReads) {
  Start();
  const Ports ports = PortsOf(*server_);
  const HeaderFields key = MakeProject();
  const std::string lists(400'000, '['), maps = [] {
    std::string text;
    for (int i = 0; i < 80'000; ++i) text += "{\"a\":";
    return text;
  }();
  EXPECT_EQ(Ask("POST", "/api/v1/projects", "{\"name\":" + lists).status, 400);
  EXPECT_EQ(Ask("POST", base_ + "/impulses", maps).status, 400);
  EXPECT_EQ(Ask("POST", "/api-login", lists).status, 404);
  EXPECT_EQ(Ask("POST", "/v1/api-login", lists).status, 400);
  for (const std::string& bomb : {std::string(400'000, '\x81'), std::string(400'000, '\xa1'), lists, maps}) {
    EXPECT_EQ(Ask("POST", "/api/training/data", bomb, Named(key, "a.cbor"), ports.ingestion).status, 400);
    EXPECT_EQ(Ask("POST", "/api/training/data", bomb, Named(key, "a.json"), ports.ingestion).status, 400);
    http::WebSocketOptions options;
    options.server = {false, "127.0.0.1", ports.remote};
    const auto socket = http::OpenWebSocket(options);
    EXPECT_EQ(socket->Next(5'000).kind, http::SocketEvent::Kind::kOpened);
    socket->Send(bomb, bomb[0] != '[' && bomb[0] != '{');
    const http::SocketEvent event = socket->Next(5'000);
    EXPECT_TRUE(event.kind == http::SocketEvent::Kind::kClosed || event.bytes.find("err") != std::string::npos)
        << event.bytes;
  }
  HeaderFields headers = Named(key, "a.csv");
  headers.emplace_back("x-metadata", "{\"a\":" + std::string(10'000, '['));
  EXPECT_EQ(Ask("POST", "/api/training/data", Csv("a"), headers, ports.ingestion).status, 400);
  EXPECT_EQ(json::parse(Ask("GET", base_ + "/samples").body)["samples"].size(), 0U);
}

TEST_F(StudioFaults, AnArchiveThatIsABombFailsItsJobWithASentence) {
  Start();
  MakeProject();
  ZipWriter zip;
  ASSERT_TRUE(zip.Add("training/large.csv", std::string(101 << 20, '0')).ok());
  const std::string archive = std::move(zip).Finish();
  EXPECT_LT(archive.size(), 200'000U);
  const auto end_of = [&](const std::string& bytes) {
    const json artefact = json::parse(Ask("POST", base_ + "/artefacts?name=a.zip", bytes).body);
    const json wish = {{"kind", "import"}, {"parameters", {{"artefact", artefact["id"]}}}};
    json job = json::parse(Ask("POST", base_ + "/jobs", wish.dump()).body);
    for (int i = 0; i < 1000 && (job["state"] == "queued" || job["state"] == "running"); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      job = json::parse(Ask("GET", base_ + "/jobs/" + job["id"].dump()).body);
    }
    return job;
  };
  const json large = end_of(archive);
  EXPECT_EQ(large["state"], "failed") << large;
  EXPECT_NE(large["error"].get<std::string>().find("larger than 104857600 bytes unpacked"), std::string::npos) << large;
  ZipWriter hostile;
  ASSERT_TRUE(hostile.Add("aa/aa/a.csv", Csv("a")).ok());
  std::string climbing = std::move(hostile).Finish();
  for (size_t at = 0; (at = climbing.find("aa/aa", at)) != std::string::npos;) climbing.replace(at, 5, "../..");
  const json out = end_of(climbing);
  EXPECT_EQ(out["state"], "failed") << out;
  EXPECT_NE(out["error"].get<std::string>().find("leads out of it"), std::string::npos) << out;
  EXPECT_EQ(json::parse(Ask("GET", base_ + "/samples").body)["samples"].size(), 0U);
}

TEST_F(StudioFaults, WrongSignaturesAreFlaggedAndWhatIsNotThereIsSaidSo) {
  Start();
  const Ports ports = PortsOf(*server_);
  const HeaderFields key = MakeProject();
  EXPECT_EQ(Ask("POST", base_ + "/hmac-keys", R"({"name":"kit"})").status, 201);
  const std::string recording =
      R"({"protected":{"ver":"v1","alg":"HS256"},"signature":")" + std::string(64, 'a') +
      R"(","payload":{"device_name":"kit","device_type":"T","interval_ms":10,"sensors":[{"name":"x","units":"N/A"}],)"
      R"("values":[1,2,3]}})";
  EXPECT_EQ(Ask("POST", "/api/training/data", recording, Named(key, "a.json"), ports.ingestion).status, 200);
  const json sample = json::parse(Ask("GET", base_ + "/samples").body)["samples"][0];
  EXPECT_EQ(sample["signature"], "invalid");

  EXPECT_EQ(Ask("GET", "/api/v1/projects/999/samples").status, 404);
  EXPECT_EQ(Ask("GET", "/api/v1/projects/99999999999999999999/samples").status, 404);
  EXPECT_EQ(Ask("GET", "/api/v1/projects/999/samples", {}, key).status, 403) << "a key is of one project";
  EXPECT_EQ(Ask("DELETE", base_).status, 204);
  const http::HttpReply gone = Ask("POST", "/api/training/data", Csv("b"), Named(key, "b.csv"), ports.ingestion);
  EXPECT_EQ(gone.status, 401) << "the key went with its project";
  EXPECT_GT(gone.body.size(), 20U);
  http::WebSocketOptions options;
  options.server = {false, "127.0.0.1", ports.remote};
  const auto socket = http::OpenWebSocket(options);
  EXPECT_EQ(socket->Next(5'000).kind, http::SocketEvent::Kind::kOpened);
  const json hello = {{"version", 2},      {"apiKey", key[0].second}, {"deviceId", "kit"},
                      {"deviceType", "T"}, {"connection", "ip"},      {"sensors", json::array()}};
  socket->Send(json{{"hello", hello}}.dump(), false);
  const json answer = json::parse(socket->Next(5'000).bytes, nullptr, false);
  EXPECT_EQ(answer["hello"], false);
  EXPECT_GT(answer["err"].get<std::string>().size(), 10U);
}

TEST_F(StudioFaults, TheLogOfRequestsHoldsNoKeys) {
  std::mutex mutex;
  std::vector<std::string> lines;
  ServeOptions options = Options();
  options.now_ms = [] { return int64_t{1'700'000'000'000}; };
  options.request_log = [&](const std::string& line) {
    const std::lock_guard lock(mutex);
    lines.push_back(line);
  };
  Start(options);
  EXPECT_EQ(Ask("GET", "/api/v1/projects?limit=1&token=ei_secret", {}, {{"x-api-key", "ei_secret"}}).status, 401);
  TestSocket socket(server_->application().remote_port);
  socket.Send("nonsense\r\n\r\n");
  socket.ReadAll();
  server_->Stop(1000);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].starts_with("2023-11-14T22:13:20Z 127.0.0.1 GET /api/v1/projects 401 ")) << lines[0];
  EXPECT_TRUE(lines[0].ends_with(" ms"));
  EXPECT_NE(lines[1].find("(no request) 400"), std::string::npos) << lines[1];
  for (const std::string& line : lines) EXPECT_EQ(line.find("secret"), std::string::npos) << line;
}

}  // namespace
}  // namespace thimble::studio
