// The lines of running jobs by socket.io, version 3 of its protocol: as much of it as Edge Impulse's tools speak.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "http/coding.h"
#include "studio/server/application.h"
#include "studio/server/edge_impulse/edge_impulse_routes.h"
#include "studio/server/edge_impulse/reply.h"
#include "studio/server/people/password.h"
#include "studio/server/router_of.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

constexpr int64_t kTokenLastsMs = int64_t{3600} * 1000;
/// Jobs write their lines down about once a second.
constexpr std::chrono::milliseconds kLookEvery{300};
constexpr int64_t kMostLines = 500;
constexpr size_t kMostFollowed = 100;

// --- tokens ---------------------------------------------------------------------------------------------------------

int64_t SteadyMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// A token is signed with a secret of this run, so that nobody has to remember which were given.
std::string Sign(const std::string& text) {
  static const std::string secret = RandomHex(32);
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[mac[i] >> 4];
    hex += "0123456789abcdef"[mac[i] & 15];
  }
  return hex;
}

std::string TokenFor(int64_t project_id) {
  const std::string text = std::to_string(project_id) + "." + std::to_string(SteadyMs() + kTokenLastsMs);
  return text + "." + Sign(text);
}

/// The project whose jobs the token shows; 0 for none that was given, or an old one.
int64_t ProjectOf(std::string_view token) {
  const size_t dot = token.rfind('.');
  if (dot == std::string_view::npos) return 0;
  const std::string text(token.substr(0, dot));
  if (!SameSecret(Sign(text), token.substr(dot + 1))) return 0;
  int64_t project_id = 0, ends_ms = 0;
  const char* const end = text.data() + text.size();
  const char* const middle = std::from_chars(text.data(), end, project_id).ptr;
  std::from_chars(middle + 1, end, ends_ms);
  return SteadyMs() < ends_ms ? project_id : 0;
}

Expected<Response> GiveToken(Call& call) {
  const std::string expires = IsoTime(call.application.store.Now() + kTokenLastsMs);
  return Success({{"token", {{"socketToken", TokenFor(call.project_id)}, {"expires", expires}}}});
}

// --- the socket -----------------------------------------------------------------------------------------------------

/// One connection: what it follows is looked at again and again, for the store is where the lines are in order.
class JobLogSocket {
 public:
  JobLogSocket(Store& store, int64_t project_id) : store_(store), project_id_(project_id) {}

  void Open(const std::shared_ptr<http::WebSocket>& socket) {
    socket_ = socket;
    // A client that never closes is found by the WebSocket's own pings.
    socket->Send(
        "0" +
            json{{"sid", RandomHex(10)}, {"upgrades", json::array()}, {"pingInterval", 25'000}, {"pingTimeout", 60'000}}
                .dump(),
        false);
    socket->Send("40", false);
    Emit("hello", {{"hello", {{"version", 1}}}});
    looking_ = std::jthread([this](const std::stop_token& stop) { Look(stop); });
  }

  void Hear(const std::string& bytes) {
    if (bytes.starts_with('2')) {
      socket_->Send("3" + bytes.substr(1), false);
      return;
    }
    if (!bytes.starts_with("42")) return;
    const json event = json::parse(bytes.substr(2), nullptr, false);
    if (!event.is_array() || event.size() < 2 || event[0] != "start-log-stream" || !event[1].is_object()) return;
    const json id = event[1].value("jobId", json()), after_ms = event[1].value("lastReceivedTimestamp", json());
    if (!id.is_number_integer()) return;
    const std::lock_guard lock(mutex_);
    if (followed_.size() >= kMostFollowed) return;
    followed_[id.get<int64_t>()] = {.after_ms = after_ms.is_number() ? after_ms.get<double>() : 0};
    changed_.notify_all();
  }

  void Close() {
    if (looking_.joinable()) {
      looking_.request_stop();
      looking_.join();
    }
    socket_.reset();
  }

 private:
  struct Place {
    double after_ms = 0;  ///< what is not newer was received before a connection broke
    int64_t after_line = 0;
  };

  void Emit(const std::string& name, const json& data) {
    socket_->Send("42" + nlohmann::json::array({name, data}).dump(-1, ' ', false, json::error_handler_t::replace),
                  false);
  }

  void Look(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::map<int64_t, Place> followed;
      {
        std::unique_lock lock(mutex_);
        if (followed_.empty()) changed_.wait(lock, stop, [this] { return !followed_.empty(); });
        followed = followed_;
      }
      for (auto& [id, place] : followed) {
        if (stop.stop_requested()) return;
        const bool goes_on = Tell(id, place);
        const std::lock_guard lock(mutex_);
        if (goes_on) {
          followed_[id] = place;
        } else {
          followed_.erase(id);
        }
      }
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, kLookEvery, [] { return false; });
    }
  }

  /// What is new of a job; false at its end, and for one that is not this project's.
  bool Tell(int64_t id, Place& place) {
    const auto job = store_.GetJob(id);
    if (!job.ok()) return job.error().status != Status::kNotFound;
    if (job->project_id != project_id_) return false;
    while (true) {
      const auto lines = store_.ReadJobLog(id, place.after_line, kMostLines);
      if (!lines.ok()) return true;
      for (const JobLine& line : *lines) {
        place.after_line = line.id;
        if (static_cast<double>(line.time_ms) <= place.after_ms) continue;
        Emit("job-data-" + std::to_string(id), {{"data", line.text + "\n"}, {"timestamp", line.time_ms}});
      }
      if (static_cast<int64_t>(lines->size()) < kMostLines) break;
    }
    if (job->state == "queued" || job->state == "running") return true;
    Emit("job-finished-" + std::to_string(id), {{"success", job->state == "done"}});
    return false;
  }

  Store& store_;
  const int64_t project_id_;
  std::shared_ptr<http::WebSocket> socket_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<int64_t, Place> followed_;
  std::jthread looking_;
};

Response OpenSocket(Call& call) {
  const http::Request& request = call.request;
  const int64_t project_id = ProjectOf(http::Find(request.query, "token").value_or(""));
  if (project_id == 0)
    return Say(Tongue::kEdgeImpulse, request, 401, "the token is not known, or too old; ask for one");
  if (!http::SameWord(request.headers.Get("Upgrade"), "websocket")) {
    return Say(Tongue::kEdgeImpulse, request, 400, "only transport=websocket is spoken here");
  }
  Response response = Response::Empty(101);
  http::WebSocketEvents events;
  const auto logs = std::make_shared<JobLogSocket>(call.application.store, project_id);
  events.opened = [logs](const std::shared_ptr<http::WebSocket>& socket) { logs->Open(socket); };
  events.message = [logs](const std::shared_ptr<http::WebSocket>&, const std::string& bytes, bool) {
    logs->Hear(bytes);
  };
  events.closed = [logs](uint16_t, std::string_view) { logs->Close(); };
  response.web_socket = std::move(events);
  return response;
}

}  // namespace

std::span<const Route> EdgeImpulseSocketRoutes() {
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/v1/api/{project}/socket-token",
       Permission::kFollow,
       "What opens the socket of jobs.",
       "",
       "application/json",
       &Reply<GiveToken>},
      // The token says who it is.
      {{}, "GET", "/socket.io/", Permission::kAnyone, "The lines of running jobs.", "", "", &OpenSocket},
  };
  return kRoutes;
}

}  // namespace thimble::studio
