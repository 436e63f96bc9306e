#include "http/resolve.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace thimble::http {
namespace {

/// What the asking thread leaves behind; it may outlive the one who waits.
struct Answer {
  std::mutex mutex;
  std::condition_variable ready;
  bool done = false;
  int fault = 0;
  std::vector<std::string> addresses;
};

void Ask(const std::string& host, Answer& answer) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int fault = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  std::vector<std::string> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    if (std::ranges::find(addresses, text) == addresses.end()) addresses.emplace_back(text);
  }
  if (found != nullptr) freeaddrinfo(found);
  const std::lock_guard lock(answer.mutex);
  answer.done = true;
  answer.fault = fault;
  answer.addresses = std::move(addresses);
  answer.ready.notify_all();
}

}  // namespace

Expected<std::vector<std::string>> Resolve(const std::string& host, int timeout_ms,
                                           const std::atomic<bool>* cancelled) {
  const auto answer = std::make_shared<Answer>();
  std::thread([host, answer] { Ask(host, *answer); }).detach();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  std::unique_lock lock(answer->mutex);
  while (!answer->ready.wait_for(lock, std::chrono::milliseconds(50), [&] { return answer->done; })) {
    if (cancelled != nullptr && *cancelled) return {Status::kCancelled, "stopped"};
    if (std::chrono::steady_clock::now() >= deadline) {
      return {Status::kDeviceFailed, host + ": nobody says what its address is; is this computer online?"};
    }
  }
  if (answer->addresses.empty()) {
    const bool no_such_name = answer->fault == EAI_NONAME;
    return {Status::kNotFound,
            host + ": " + gai_strerror(answer->fault) +
                (no_such_name ? "; is the name right, and does no filter of advertisements hold it back?"
                              : "; is this computer online?")};
  }
  return answer->addresses;
}

}  // namespace thimble::http
