#include "tests/load/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace thimble::load {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPatienceMs = 20'000;
constexpr size_t kReadBytes = 64 * 1024;

double Milliseconds(Clock::duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

}  // namespace

void Fail(const std::string& sentence) {
  std::fprintf(stderr, "measure_studio: %s\n", sentence.c_str());
  std::exit(3);
}

Connection::Connection(int port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const timeval patience = {kPatienceMs / 1000, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    Fail("nobody listens on port " + std::to_string(port));
  }
}

Connection::Connection(Connection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      buffer_(std::move(other.buffer_)),
      head_bytes_(other.head_bytes_),
      answer_bytes_(other.answer_bytes_),
      taken_(other.taken_) {}

Connection::~Connection() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Connection::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) Fail("the server has closed a connection");
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

bool Connection::Receive() {
  if (std::exchange(taken_, false)) {
    buffer_.erase(0, answer_bytes_);
    head_bytes_ = answer_bytes_ = 0;
  }
  const size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  const ssize_t count = ::recv(descriptor_, buffer_.data() + before, kReadBytes, 0);
  if (count <= 0) Fail("an answer ended too early, or did not come in " + std::to_string(kPatienceMs / 1000) + " s");
  buffer_.resize(before + static_cast<size_t>(count));
  if (head_bytes_ == 0) {
    const size_t end = buffer_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    head_bytes_ = answer_bytes_ = end + 4;
    constexpr std::string_view kLength = "Content-Length: ";
    if (const size_t at = buffer_.find(kLength); at < end) {
      answer_bytes_ += std::strtoull(buffer_.c_str() + at + kLength.size(), nullptr, 10);
    }
  }
  return buffer_.size() >= answer_bytes_;
}

std::string_view Connection::Take(int wanted) {
  const int status = std::atoi(buffer_.c_str() + std::string_view("HTTP/1.1 ").size());
  if (wanted == 0 ? status / 100 != 2 : status != wanted) Fail("the server answers: " + buffer_.substr(0, 1000));
  taken_ = true;
  return std::string_view(buffer_).substr(head_bytes_, answer_bytes_ - head_bytes_);
}

std::string Connection::Read(size_t bytes) {
  if (std::exchange(taken_, false)) buffer_.erase(0, answer_bytes_);
  while (buffer_.size() < bytes) {
    const size_t before = buffer_.size();
    buffer_.resize(bytes);
    const ssize_t count = ::recv(descriptor_, buffer_.data() + before, bytes - before, 0);
    if (count <= 0) Fail("a message did not come");
    buffer_.resize(before + static_cast<size_t>(count));
  }
  std::string read = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes);
  return read;
}

std::string Ask(int port, const std::string& request, int wanted) {
  Connection connection(port);
  connection.Send(request);
  while (!connection.Receive()) {
  }
  return std::string(connection.Take(wanted));
}

std::string Request(std::string_view method, std::string_view target, std::string_view headers, std::string_view body) {
  std::string request(method);
  request.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n").append(headers);
  if (!body.empty()) request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return request.append("\r\n").append(body);
}

double Times::Quantile(double part) const {
  if (each_ms.empty()) return 0;
  return each_ms[std::min(each_ms.size() - 1, static_cast<size_t>(static_cast<double>(each_ms.size()) * part))];
}

Times Drive(int port, int connections, const std::function<const std::string*()>& next) {
  std::vector<Connection> open;
  std::vector<pollfd> waiting;
  std::vector<Clock::time_point> begun(static_cast<size_t>(connections));
  for (int i = 0; i < connections; ++i) {
    open.emplace_back(port);
    waiting.push_back({open.back().descriptor(), POLLIN, 0});
  }
  Times times;
  const auto start = Clock::now();
  size_t under_way = 0;
  const auto send = [&](size_t i) {
    const std::string* request = next();
    if (request == nullptr) {
      waiting[i].fd = -1;
      return;
    }
    begun[i] = Clock::now();
    open[i].Send(*request);
    ++under_way;
  };
  for (size_t i = 0; i < open.size(); ++i) send(i);
  while (under_way > 0) {
    if (::poll(waiting.data(), waiting.size(), kPatienceMs) <= 0) Fail("there was no answer for a long time");
    for (size_t i = 0; i < open.size(); ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0 || !open[i].Receive()) continue;
      open[i].Take();
      times.each_ms.push_back(Milliseconds(Clock::now() - begun[i]));
      --under_way;
      send(i);
    }
  }
  times.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::ranges::sort(times.each_ms);
  return times;
}

Times Repeat(int port, int connections, const std::string& request, double seconds) {
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  return Drive(port, connections, [&] { return Clock::now() < end ? &request : nullptr; });
}

}  // namespace thimble::load
