#include "studio/server/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/processors.h"
#include "compiler/around_program.h"
#include "http/server.h"
#include "studio/server/api/api_routes.h"
#include "studio/server/edge_impulse/edge_impulse_routes.h"
#include "studio/server/ingest/ingest_routes.h"
#include "studio/server/jobs/jobs.h"
#include "studio/server/live/live_routes.h"
#include "studio/server/notices.h"
#include "studio/server/page.h"
#include "studio/server/people/gate.h"
#include "studio/server/people/people_routes.h"
#include "studio/server/remote/live_devices.h"
#include "studio/server/remote/remote_routes.h"
#include "studio/server/router_of.h"
#include "studio/server/server_tls.h"
#include "studio/store/store.h"

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFirstAccount = "admin";
// Tools upload 20 files at a time; those that wait for the disk together share its syncs, if each has a worker.
constexpr int kWorkers = 24;
constexpr std::chrono::minutes kFirstTidying{1};
constexpr std::chrono::hours kTidying{1};
constexpr int kRoundsOfOwnCertificate = 30 * 24;  // it lasts a year
constexpr size_t kTlsListener = 3;                // behind the three services' own
// Connections leave these over for files, the database and jobs.
constexpr uint64_t kOtherDescriptors = 256;
constexpr uint64_t kMostConnections = 8'000;

/// "[::1]" for "::1": an address as it stands in a URL.
std::string InUrl(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

std::string UrlOf(const char* scheme, const std::string& host, int port, int usual_port) {
  std::string url = std::string(scheme) + "://" + InUrl(host);
  if (port != usual_port) url += ":" + std::to_string(port);
  return url;
}

/// Without the query, and nothing that a terminal would obey.
std::string LineOf(const http::Access& access, int64_t now_ms) {
  const std::time_t now_s = now_ms / 1000;
  std::tm day{};
  ::gmtime_r(&now_s, &day);
  char time[32], rest[48];
  static_cast<void>(std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &day));
  std::snprintf(rest, sizeof rest, " %d %.1f ms", access.status, access.took_ms);
  std::string request =
      std::string(access.method) + " " + std::string(access.target.substr(0, access.target.find('?')));
  for (char& c : request) {
    if (static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) >= 0x7f) c = '?';
  }
  return std::string(time) + " " + std::string(access.remote_address) + " " +
         (access.method.empty() ? "(no request)" : request) + rest;
}

size_t ConnectionsThatFit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return kMostConnections;
  const uint64_t most =
      files.rlim_cur > 2 * kOtherDescriptors ? files.rlim_cur - kOtherDescriptors : files.rlim_cur / 2;
  return std::min(most, kMostConnections);
}

class Running final : public StudioServer {
 public:
  Running(ServeOptions options, std::unique_ptr<Store> store)
      : options_(std::move(options)), store_(std::move(store)) {}
  ~Running() override { Stop(0); }

  Outcome Start();
  const ServerFacts& facts() const override { return facts_; }
  Application& application() override { return *application_; }
  Outcome RenewCertificate() override;

  void Stop(int drain_ms) override {
    if (tidying_.joinable()) {
      tidying_.request_stop();
      tidying_.join();
    }
    if (http_) http_->Stop(drain_ms);
    jobs_.reset();
    devices_.reset();
    http_.reset();
  }

 private:
  Outcome OpenGate();
  Outcome Listen();
  void Tidy(const std::stop_token& stop);
  std::vector<std::string> Names() const;
  Expected<http::TlsSettings> ReadTls() const;

  void Fault(const std::string& words) const {
    if (options_.fault) options_.fault(words);
  }
  bool loopback() const { return IsLoopbackName(options_.bind); }

  const ServeOptions options_;
  ServerFacts facts_;
  // In the order in which they need each other.
  const std::unique_ptr<Store> store_;
  Notices notices_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<LiveDevices> devices_;
  std::unique_ptr<Jobs> jobs_;
  std::unique_ptr<Application> application_;
  std::unique_ptr<http::Server> http_;
  std::jthread tidying_;
};

Outcome Running::OpenGate() {
  GateOptions options;
  options.accounts = options_.accounts || !loopback();
  options.password_cost = options_.password_cost;
  facts_.accounts = options.accounts;
  THIMBLE_ASSIGN(gate_, Gate::Open(*store_, options));
  if (!facts_.accounts) {
    if (!options_.reset_password) return Nothing{};
    return {Status::kInvalidArgument, "there are no passwords here: without --users this computer's user needs none"};
  }
  THIMBLE_ASSIGN(const std::vector<User> users, store_->ListUsers());
  if (options_.reset_password) {
    facts_.account = *options_.reset_password;
  } else if (users.empty()) {
    facts_.account = kFirstAccount;
  } else {
    return Nothing{};
  }
  THIMBLE_ASSIGN(facts_.password, gate_->ResetPassword(facts_.account));
  return Nothing{};
}

Outcome Running::Listen() {
  Application& application = *application_;
  // Pages of other origins may ask by a key; without one the gate turns them away.
  const http::CorsPolicy cors = {.origins = {"*"}, .exposed_headers = "ETag, Location, Retry-After"};
  const auto studio = RouterOf(application,
                               {{PageRoutes(), Tongue::kProblem},
                                {PeopleRoutes(), Tongue::kProblem},
                                {ApiRoutes(), Tongue::kProblem},
                                {LiveDeviceRoutes(), Tongue::kProblem},
                                {LiveRoutes(), Tongue::kProblem},
                                {EdgeImpulseProjectRoutes(), Tongue::kEdgeImpulse},
                                {EdgeImpulseDeviceRoutes(), Tongue::kEdgeImpulse},
                                {EdgeImpulseSampleRoutes(), Tongue::kEdgeImpulse},
                                {EdgeImpulseJobRoutes(), Tongue::kEdgeImpulse},
                                {EdgeImpulseSocketRoutes(), Tongue::kEdgeImpulse}},
                               cors);
  const auto remote = RouterOf(application, {{RemoteRoutes(), Tongue::kProblem}});
  const auto ingestion = RouterOf(application, {{IngestRoutes(), Tongue::kIngestion}}, IngestCors());

  http::ServerOptions options;
  options.worker_threads = std::max(kWorkers, UsableProcessors());
  options.fault = [this](const std::string& words) { Fault(words); };
  options.header_ms = options_.header_ms;
  options.most_connections = ConnectionsThatFit();
  if (options_.request_log) {
    options.accessed = [this](const http::Access& access) { options_.request_log(LineOf(access, store_->Now())); };
  }
  // What is not encrypted leaves this computer only where that was wanted.
  const std::string plain = loopback() || options_.insecure ? options_.bind : "127.0.0.1";
  options.listeners = {{plain, options_.studio_port, {{studio}}, {}},
                       {plain, options_.remote_port, {{remote}}, {}},
                       {plain, options_.ingestion_port, {{ingestion}}, {}}};
  if (options_.tls) {
    THIMBLE_ASSIGN(http::TlsSettings tls, ReadTls());
    if (options_.certificate.empty()) facts_.authority = options_.folder / "tls" / "authority.pem";
    options.listeners.push_back({options_.bind,
                                 options_.tls_port,
                                 {{remote, {"remote-mgmt.*"}}, {ingestion, {"ingestion.*"}}, {studio}},
                                 std::move(tls)});
    application.public_name = Names().front();
    application.tls = true;
  }
  const bool everywhere = plain == "0.0.0.0" || plain == "::";
  const std::string host = IsLoopbackName(plain) && plain != "::1" ? "localhost"
                           : everywhere                            ? NameOfThisComputer()
                                                                   : plain;
  if (!options_.tls) application.public_name = host;
  THIMBLE_ASSIGN(http_, http::Server::Start(std::move(options)));

  const std::vector<int> ports = http_->ports();
  application.studio_port = ports[0];
  application.remote_port = ports[1];
  application.ingestion_port = ports[2];
  facts_.studio_url = UrlOf("http", host, ports[0], 80);
  facts_.remote_url = UrlOf("ws", host, ports[1], 80);
  facts_.ingestion_url = UrlOf("http", host, ports[2], 80);
  if (options_.tls) facts_.tls_url = UrlOf("https", application.public_name, ports[kTlsListener], 443);
  return Nothing{};
}

std::vector<std::string> Running::Names() const {
  return options_.names.empty() ? std::vector{NameOfThisComputer()} : options_.names;
}

Expected<http::TlsSettings> Running::ReadTls() const {
  http::TlsSettings tls;
  if (!options_.certificate.empty()) {
    THIMBLE_ASSIGN(http::Identity given, ReadIdentity(options_.certificate, options_.key));
    tls.identities.push_back(std::move(given));
  } else {
    THIMBLE_ASSIGN(const http::Identity authority, OpenAuthority(options_.folder));
    THIMBLE_ASSIGN(http::Identity made, MakeServerIdentity(authority, Names(), options_.bind));
    tls.identities.push_back(std::move(made));
  }
  return tls;
}

Outcome Running::RenewCertificate() {
  if (!options_.tls) return Nothing{};
  THIMBLE_ASSIGN(const http::TlsSettings tls, ReadTls());
  return http_->ChangeTls(kTlsListener, tls);
}

void Running::Tidy(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::chrono::seconds wait = kFirstTidying;
  for (int round = 1;; ++round) {
    {
      std::unique_lock lock(mutex);
      if (changed.wait_for(lock, stop, wait, [] { return false; }) || stop.stop_requested()) return;
    }
    wait = kTidying;
    if (const Outcome forgotten = store_->Forget({}); !forgotten.ok()) Fault(forgotten.error().message);
    if (const auto collected = store_->CollectGarbage(); !collected.ok()) Fault(collected.error().message);
    if (!options_.certificate.empty() || round % kRoundsOfOwnCertificate == 0) {
      if (const Outcome renewed = RenewCertificate(); !renewed.ok()) Fault(renewed.error().message);
    }
  }
}

Outcome Running::Start() {
  THIMBLE_EXPECT(OpenGate());
  LiveDevices::Options devices;
  devices.identify = [gate = gate_.get()](std::string_view key) { return gate->IdentifyKey(key); };
  devices_ = std::make_unique<LiveDevices>(*store_, notices_, std::move(devices));
  jobs_ = std::make_unique<Jobs>(*store_, notices_, JobsOptions{.workers = options_.job_workers});
  application_ = std::make_unique<Application>(Application{*store_, *gate_, *devices_, *jobs_, notices_, "localhost"});
  application_->page_folder = options_.page_folder;
  THIMBLE_EXPECT(Listen());
  tidying_ = std::jthread([this](const std::stop_token& stop) { Tidy(stop); });
  return Nothing{};
}

Outcome Check(const ServeOptions& options) {
  if (!IsLoopbackName(options.bind) && !options.tls && !options.insecure) {
    return {Status::kInvalidArgument,
            options.bind +
                " can be reached by other computers, and without TLS everybody on the way reads passwords and "
                "keys; add --tls, or --insecure where the network is yours alone"};
  }
  if (options.certificate.empty() != options.key.empty()) {
    return {Status::kInvalidArgument, "a certificate comes with its key: give both or neither"};
  }
  return Nothing{};
}

}  // namespace

fs::path BuiltPage() {
  if (const char* named = std::getenv("THIMBLE_WEB_DIR"); named != nullptr && *named != '\0') return named;
  return compiler::FindAroundProgram("web/index.html").parent_path();
}

Expected<std::unique_ptr<StudioServer>> StartServer(const ServeOptions& options) {
  THIMBLE_EXPECT(Check(options));
  std::error_code error;
  const bool is_new = !fs::exists(options.folder, error);
  THIMBLE_ASSIGN(std::unique_ptr<Store> store,
                 Store::Open({.folder = options.folder, .database = options.database, .now_ms = options.now_ms}));
  // Recordings and keys are in there.
  if (is_new) fs::permissions(options.folder, fs::perms::owner_all, error);
  auto running = std::make_unique<Running>(options, std::move(store));
  THIMBLE_EXPECT(running->Start());
  return std::unique_ptr<StudioServer>(std::move(running));
}

}  // namespace thimble::studio
