// A client for tests that sends any bytes, slowly or wrong, and shows what comes back.
#ifndef THIMBLE_HTTP_TEST_SOCKET_H_
#define THIMBLE_HTTP_TEST_SOCKET_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>

namespace thimble::http {

/// A socket that says exactly what it is told.
class TestSocket {
 public:
  explicit TestSocket(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~TestSocket() { ::close(socket_); }
  TestSocket(const TestSocket&) = delete;
  TestSocket& operator=(const TestSocket&) = delete;

  bool connected() const { return connected_; }
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  /// Until `end` has come, the connection ends, or the time is over.
  std::string ReadUntil(const std::string& end, int ms = 5'000) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
    char buffer[4096];
    while (got_.find(end) == std::string::npos || end.empty()) {
      pollfd ready = {socket_, POLLIN, 0};
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
      if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) <= 0) break;
      const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
      if (count <= 0) {
        ended_ = true;
        break;
      }
      got_.append(buffer, static_cast<size_t>(count));
    }
    const size_t found = end.empty() ? std::string::npos : got_.find(end);
    const size_t size = found == std::string::npos ? got_.size() : found + end.size();
    std::string text = got_.substr(0, size);
    got_.erase(0, size);
    return text;
  }
  std::string ReadAll(int ms = 5'000) { return ReadUntil("", ms); }
  bool ended() const { return ended_; }

 private:
  int socket_;
  bool connected_ = false, ended_ = false;
  std::string got_;
};

}  // namespace thimble::http

#endif  // THIMBLE_HTTP_TEST_SOCKET_H_
