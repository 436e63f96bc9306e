// A studio for tests: a store in a folder of its own, and the routes of a room behind a real server on this computer.
#ifndef THIMBLE_STUDIO_SERVER_REMOTE_TEST_STUDIO_H_
#define THIMBLE_STUDIO_SERVER_REMOTE_TEST_STUDIO_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http/client.h"
#include "http/server.h"
#include "http/websocket_client.h"
#include "studio/server/application.h"
#include "studio/server/ingest/ingest_routes.h"
#include "studio/server/notices.h"
#include "studio/server/remote/document.h"
#include "studio/server/remote/live_devices.h"
#include "studio/server/remote/remote_routes.h"
#include "studio/store/store.h"
#include "studio/store/test_database.h"

namespace thimble::studio {

/// Knows one project and one key, "ei_test", which may do everything; "ei_reader" may only look.
class TestStudio {
 public:
  static constexpr const char* kKey = "ei_test";
  static constexpr const char* kHmacKey = "0123456789abcdef0123456789abcdef";

  explicit TestStudio(LiveDevices::Options options = {}) {
    std::string name = (std::filesystem::temp_directory_path() / "thimble-studio-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    auto opened = Store::Open(StoreIn(folder_));
    store_ = std::move(*opened);
    project_ = *store_->AddProject({.name = "gestures"});
    static_cast<void>(*store_->AddHmacKey({.project_id = project_, .name = "test", .key = kHmacKey}));
    options.identify = [this](std::string_view key) { return Identify(key); };
    devices_ = std::make_unique<LiveDevices>(*store_, notices_, std::move(options));
    // Rooms that these routes never enter.
    application_ = std::make_unique<Application>(Application{*store_, reinterpret_cast<Gate&>(nowhere_), *devices_,
                                                             reinterpret_cast<Jobs&>(nowhere_), notices_, "localhost"});
    listening_ = std::make_unique<Notices::Listening>(notices_.Listen([this](const Notice& notice) {
      const std::lock_guard lock(mutex_);
      told_.push_back(notice);
      changed_.notify_all();
    }));
    http::ServerOptions server;
    for (const auto routes : {IngestRoutes(), RemoteRoutes(), LiveDeviceRoutes()}) {
      http::Listener listener;
      listener.sites.push_back({RouterOf(routes), {"*"}});
      server.listeners.push_back(std::move(listener));
    }
    auto started = http::Server::Start(std::move(server));
    server_ = std::move(*started);
  }
  ~TestStudio() {
    server_.reset();
    listening_.reset();
    devices_.reset();
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  TestStudio(const TestStudio&) = delete;
  TestStudio& operator=(const TestStudio&) = delete;

  Store& store() { return *store_; }
  LiveDevices& devices() { return *devices_; }
  int64_t project() const { return project_; }
  std::string ProjectPath() const { return "/api/v1/projects/" + std::to_string(project_); }
  http::Endpoint Ingestion() const { return {false, "127.0.0.1", server_->ports()[0]}; }
  http::Endpoint Remote() const { return {false, "127.0.0.1", server_->ports()[1]}; }
  http::Endpoint Api() const { return {false, "127.0.0.1", server_->ports()[2]}; }

  using Fields = std::vector<std::pair<std::string, std::string>>;

  http::HttpReply Post(const http::Endpoint& door, const std::string& target, std::string body, Fields headers = {},
                       const char* key = kKey) {
    http::HttpRequest request;
    request.server = door;
    request.target = target;
    request.body = std::move(body);
    request.headers = std::move(headers);
    if (key != nullptr) request.headers.emplace_back("x-api-key", key);
    const auto reply = http::Ask(request);
    EXPECT_TRUE(reply.ok()) << (reply.ok() ? "" : reply.error().message);
    return reply.ok() ? *reply : http::HttpReply{};
  }

  http::HttpReply Get(const std::string& target) {
    http::HttpRequest request;
    request.server = Api();
    request.method = "GET";
    request.target = target;
    request.headers.emplace_back("x-api-key", kKey);
    const auto reply = http::Ask(request);
    EXPECT_TRUE(reply.ok());
    return reply.ok() ? *reply : http::HttpReply{};
  }

  Sample OnlySample() {
    const auto page = store_->ListSamples(project_, {}, {});
    EXPECT_EQ(page->items.size(), 1U);
    return page->items.empty() ? Sample{} : page->items.front();
  }

  /// The next notice of that kind for which `fits`; null after five seconds.
  nlohmann::json Told(const std::string& kind, const std::function<bool(const nlohmann::json&)>& fits) {
    std::unique_lock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    for (size_t at = 0;; ++at) {
      while (at == told_.size()) {
        if (changed_.wait_until(lock, until) == std::cv_status::timeout) return nullptr;
      }
      if (told_[at].kind != kind) continue;
      nlohmann::json told = nlohmann::json::parse(told_[at].json);
      if (fits(told)) return told;
    }
  }

 private:
  Expected<Identity> Identify(std::string_view key) const {
    Identity identity{.kind = Identity::Kind::kApiKey, .key_id = 1, .project_id = project_, .name = "key 1"};
    identity.role = key == kKey ? Role::kAdmin : Role::kReadOnly;
    if (key == kKey || key == "ei_reader") return identity;
    return {Status::kVerificationFailed, "Invalid API key"};
  }

  std::shared_ptr<const http::Router> RouterOf(std::span<const Route> routes) {
    std::vector<http::Row> rows;
    for (const Route& route : routes) {
      http::Row row;
      row.method = route.method;
      row.path = route.path;
      const auto call = [this](http::Request& request, const auto& handler) {
        const Identity identity = request.identity.has_value() ? std::any_cast<Identity>(request.identity) : Identity{};
        Call one{*application_, request, identity, identity.project_id};
        return handler(one);
      };
      if (route.answer != nullptr) {
        row.handler = [call, &route](http::Request& request) { return call(request, route.answer); };
      } else {
        row.open = [call, &route](http::Request& request) { return call(request, route.open); };
      }
      row.quick = route.quick;
      row.most_body_bytes = route.most_body_bytes;
      row.info = &route;
      rows.push_back(std::move(row));
    }
    http::RouterOptions options;
    options.cors = IngestCors();
    options.guard = [this](http::Request& request) -> std::optional<http::Response> {
      if (static_cast<const Route*>(request.row->info)->permission == Permission::kAnyone) return std::nullopt;
      const auto identity = Identify(request.headers.Get("x-api-key"));
      if (!identity.ok()) return http::Response::Problem(401, identity.error().message);
      request.identity = *identity;
      return std::nullopt;
    };
    return std::make_shared<const http::Router>(std::move(rows), std::move(options));
  }

  std::filesystem::path folder_;
  std::unique_ptr<Store> store_;
  int64_t project_ = 0;
  Notices notices_;
  std::unique_ptr<LiveDevices> devices_;
  alignas(16) char nowhere_[16] = {};
  std::unique_ptr<Application> application_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Notice> told_;
  std::unique_ptr<Notices::Listening> listening_;
  std::unique_ptr<http::Server> server_;
};

/// A device as the facts describe them, on a real WebSocket.
class TestDevice {
 public:
  explicit TestDevice(const TestStudio& studio, Encoding encoding = Encoding::kCbor) : encoding_(encoding) {
    http::WebSocketOptions options;
    options.server = studio.Remote();
    options.most_message_bytes = 1024 * 1024;
    socket_ = http::OpenWebSocket(options);
    while (true) {
      const http::SocketEvent event = socket_->Next(5000);
      if (event.kind != http::SocketEvent::Kind::kNothing) {
        EXPECT_EQ(event.kind, http::SocketEvent::Kind::kOpened) << event.error.message;
        return;
      }
    }
  }

  void Say(const nlohmann::ordered_json& message) {
    socket_->Send(WriteDocument(message, encoding_), encoding_ == Encoding::kCbor);
  }
  void SayBytes(std::string bytes, bool binary) { socket_->Send(std::move(bytes), binary); }

  /// The next message; null after `timeout_ms` or when the connection has ended.
  nlohmann::json Hear(int timeout_ms = 5000) {
    last_ = socket_->Next(timeout_ms);
    if (last_.kind != http::SocketEvent::Kind::kMessage) return nullptr;
    EXPECT_EQ(last_.binary, encoding_ == Encoding::kCbor);
    const auto message = ReadDocument(last_.bytes, encoding_);
    EXPECT_TRUE(message.ok());
    return message.ok() ? *message : nlohmann::json();
  }
  const http::SocketEvent& last() const { return last_; }

  bool EndsWithin(int timeout_ms) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    while (std::chrono::steady_clock::now() < until) {
      if (socket_->Next(100).kind == http::SocketEvent::Kind::kClosed) return true;
    }
    return false;
  }

  /// As the serial bridge does.
  nlohmann::json Greet(const std::string& device_id, int version = 2) {
    nlohmann::ordered_json sensor = {{"name", "Built-in accelerometers"},
                                     {"maxSampleLengthS", 20000},
                                     {"frequencies", std::vector<int>{10, 20, 50, 100}}};
    nlohmann::ordered_json hello = {{"version", version},
                                    {"apiKey", TestStudio::kKey},
                                    {"deviceId", device_id},
                                    {"deviceType", "MXChip"},
                                    {"connection", "ip"}};
    hello["sensors"] = nlohmann::ordered_json::array({sensor});
    if (version >= 3) hello["supportsSnapshotStreaming"] = true;
    if (version >= 4) {
      hello["mode"] = "inference";
      hello["inferenceInfo"] = {{"projectId", 1}, {"deploymentVersion", 3}, {"modelType", "classification"}};
    }
    Say({{"hello", hello}});
    return Hear();
  }

 private:
  Encoding encoding_;
  std::unique_ptr<http::MessageSocket> socket_;
  http::SocketEvent last_;
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_REMOTE_TEST_STUDIO_H_
