#include "simulator/serial_end.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "simulator/descriptor.h"

namespace thimble::simulator {
namespace {

constexpr size_t kMostKeptBytes = 1 << 20;

Outcome DoNotWait(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0) return SystemError("fcntl");
  return Nothing{};
}

/// Bytes on their way to a descriptor that may not take them all at once.
class Outgoing {
 public:
  void Add(std::span<const std::byte> bytes) {
    kept_.insert(kept_.end(), bytes.begin(), bytes.end());
    if (kept_.size() > kMostKeptBytes) {
      kept_.erase(kept_.begin(), kept_.end() - static_cast<std::ptrdiff_t>(kMostKeptBytes));
    }
  }
  /// False: the other end is gone.
  bool SendTo(int descriptor, bool is_socket) {
    size_t done = 0;
    bool there = true;
    while (done < kept_.size()) {
      const ssize_t count =
          is_socket ? send(descriptor, kept_.data() + done, kept_.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT)
                    : write(descriptor, kept_.data() + done, kept_.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        there = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        break;
      }
      done += static_cast<size_t>(count);
    }
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(done));
    return there;
  }
  bool empty() const { return kept_.empty(); }

 private:
  std::vector<std::byte> kept_;
};

class Terminal final : public SerialEnd {
 public:
  Terminal(Descriptor master, Descriptor slave, std::string path)
      : master_(std::move(master)), slave_(std::move(slave)), path_(std::move(path)) {}

  void Write(std::span<const std::byte> bytes) override {
    outgoing_.Add(bytes);
    Flush();
  }
  size_t Read(std::span<std::byte> buffer) override {
    const ssize_t count = read(master_.number, buffer.data(), buffer.size());
    return count > 0 ? static_cast<size_t>(count) : 0;
  }
  void Flush() override { outgoing_.SendTo(master_.number, false); }
  std::string Describe() const override { return path_; }

 private:
  Descriptor master_;
  Descriptor slave_;  // held open, so that the line survives a program that closes it
  std::string path_;
  Outgoing outgoing_;
};

class Socket final : public SerialEnd {
 public:
  Socket(Descriptor listener, int port) : listener_(std::move(listener)), port_(port) {}

  void Write(std::span<const std::byte> bytes) override {
    outgoing_.Add(bytes);
    Flush();
  }
  size_t Read(std::span<std::byte> buffer) override {
    Accept();
    if (peer_.number < 0) return 0;
    const ssize_t count = recv(peer_.number, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) return static_cast<size_t>(count);
    if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) peer_ = Descriptor{};
    return 0;
  }
  void Flush() override {
    Accept();
    if (peer_.number >= 0 && !outgoing_.SendTo(peer_.number, true)) peer_ = Descriptor{};
  }
  std::string Describe() const override { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void Accept() {
    if (peer_.number >= 0) return;
    peer_ = Descriptor{accept4(listener_.number, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    const int yes = 1;
    if (peer_.number >= 0) setsockopt(peer_.number, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }

  Descriptor listener_, peer_;
  int port_;
  Outgoing outgoing_;
};

/// Standard input and output. A terminal is switched to single keys without echo while this exists; Ctrl-C still ends
/// the program.
class StandardStreams final : public SerialEnd {
 public:
  StandardStreams() {
    if (isatty(STDIN_FILENO) == 0 || tcgetattr(STDIN_FILENO, &before_) != 0) return;
    is_terminal_ = true;
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  ~StandardStreams() override {
    if (is_terminal_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  StandardStreams(const StandardStreams&) = delete;
  StandardStreams& operator=(const StandardStreams&) = delete;

  void Write(std::span<const std::byte> bytes) override {
    outgoing_.Add(bytes);
    Flush();
  }
  size_t Read(std::span<std::byte> buffer) override {
    pollfd ready = {STDIN_FILENO, POLLIN, 0};
    if (ended_ || poll(&ready, 1, 0) <= 0) return 0;
    const ssize_t count = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count == 0) ended_ = true;
    return count > 0 ? static_cast<size_t>(count) : 0;
  }
  void Flush() override { outgoing_.SendTo(STDOUT_FILENO, false); }
  bool Ended() const override { return ended_; }
  std::string Describe() const override { return "this terminal"; }

 private:
  termios before_ = {};
  bool is_terminal_ = false;
  bool ended_ = false;
  Outgoing outgoing_;
};

class Nowhere final : public SerialEnd {
 public:
  void Write(std::span<const std::byte>) override {}
  size_t Read(std::span<std::byte>) override { return 0; }
  void Flush() override {}
  std::string Describe() const override { return "nowhere"; }
};

Expected<std::unique_ptr<SerialEnd>> OpenTerminal() {
  Descriptor master, slave;
  char path[128] = {};
  if (openpty(&master.number, &slave.number, path, nullptr, nullptr) != 0) return SystemError("openpty");
  termios raw;
  if (tcgetattr(slave.number, &raw) != 0) return SystemError(path);
  cfmakeraw(&raw);
  cfsetspeed(&raw, B115200);
  if (tcsetattr(slave.number, TCSANOW, &raw) != 0) return SystemError(path);
  fcntl(master.number, F_SETFD, FD_CLOEXEC);
  fcntl(slave.number, F_SETFD, FD_CLOEXEC);
  THIMBLE_EXPECT(DoNotWait(master.number));
  return std::unique_ptr<SerialEnd>(std::make_unique<Terminal>(std::move(master), std::move(slave), path));
}

}  // namespace

Expected<int> ParsePort(const std::string& text) {
  int port = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port < 0 || port > 65535) {
    return {Status::kInvalidArgument,
            "'" + text + "' is no TCP port; it is a number from 0 to 65535 (0: any free one)"};
  }
  return port;
}

Expected<int> ListenOnLoopback(int& port) {
  Descriptor listener{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (listener.number < 0) return SystemError("socket");
  const int yes = 1;
  setsockopt(listener.number, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener.number, generic, sizeof address) != 0 || listen(listener.number, 1) != 0 ||
      getsockname(listener.number, generic, &length) != 0) {
    return SystemError("127.0.0.1:" + std::to_string(port));
  }
  port = ntohs(address.sin_port);
  return listener.Release();
}

Expected<std::unique_ptr<SerialEnd>> OpenSerialEnd(const std::string& spec) {
  if (spec == "pty") return OpenTerminal();
  if (spec == "-") return std::unique_ptr<SerialEnd>(std::make_unique<StandardStreams>());
  if (spec == "none") return std::unique_ptr<SerialEnd>(std::make_unique<Nowhere>());
  constexpr std::string_view kTcp = "tcp:";
  if (spec.starts_with(kTcp)) {
    THIMBLE_ASSIGN(int port, ParsePort(spec.substr(kTcp.size())));
    THIMBLE_ASSIGN(const int listener, ListenOnLoopback(port));
    return std::unique_ptr<SerialEnd>(std::make_unique<Socket>(Descriptor{listener}, port));
  }
  return {Status::kInvalidArgument, "'" + spec + "' is no place for a serial line; give pty, tcp:PORT, - or none"};
}

}  // namespace thimble::simulator
