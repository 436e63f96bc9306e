#include "bridge/line/serial_port.h"

// The kernel's own termios2, which takes any baud rate; it cannot be mixed with the C library's <termios.h>.
#include <asm/termbits.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "bridge/sample_source.h"

namespace thimble::bridge {
namespace {

namespace fs = std::filesystem;

constexpr int kSliceMs = 50;  // between two looks at the cancel flag
constexpr int kMostWriteMs = 1000;
constexpr int kMostBaud = 12'000'000;

/// "process 4711 (picocom)", or only the number where the name cannot be seen.
std::string ProcessName(long pid) {
  std::string name;
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::getline(file, name);
  std::erase_if(name, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
  return "process " + std::to_string(pid) + (name.empty() ? "" : " (" + name + ")");
}

/// Who holds an advisory lock on that file, by the kernel's list; 0: not known.
long LockHolder(const struct stat& file) {
  char wanted[64];
  std::snprintf(wanted, sizeof wanted, "%02x:%02x:%llu", major(file.st_dev), minor(file.st_dev),
                static_cast<unsigned long long>(file.st_ino));
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    if (line.find(wanted) == std::string::npos || line.find("->") != std::string::npos) continue;
    std::istringstream words(line);
    std::string number, kind, mode, access;
    long pid = 0;
    if (words >> number >> kind >> mode >> access >> pid && pid > 0) return pid;
  }
  return 0;
}

/// Another process that has the device open, as far as this user may look; 0: none is seen.
long OpenedBy(const std::string& device) {
  std::error_code error;
  for (const fs::directory_entry& process : fs::directory_iterator("/proc", error)) {
    const std::string name = process.path().filename().string();
    long pid = 0;
    const auto [end, wrong] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (wrong != std::errc{} || end != name.data() + name.size() || pid == getpid()) continue;
    std::error_code closed;
    for (const fs::directory_entry& open : fs::directory_iterator(process.path() / "fd", closed)) {
      std::error_code unreadable;
      if (fs::read_symlink(open.path(), unreadable) == device) return pid;
    }
  }
  return 0;
}

/// What terminal programs have left in /var/lock for each other; 0: nobody who is alive.
long LockFileHolder(const std::string& device) {
  std::ifstream file("/var/lock/LCK.." + fs::path(device).filename().string());
  long pid = 0;
  if (!(file >> pid) || pid <= 0 || pid == getpid()) return 0;
  return kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM ? pid : 0;
}

Error Taken(const std::string& path, long pid) {
  return {Status::kFailed, path + ": " + (pid > 0 ? ProcessName(pid) : std::string("another program")) +
                               " has this port; end it and try again"};
}

double NowSeconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// The code of a usual rate, which every driver and every other program understands; BOTHER for the others.
tcflag_t SpeedCode(int baud) {
  struct Usual {
    int baud;
    tcflag_t code;
  };
  static constexpr Usual kUsual[] = {{4800, B4800},     {9600, B9600},     {19200, B19200},     {38400, B38400},
                                     {57600, B57600},   {115200, B115200}, {230400, B230400},   {460800, B460800},
                                     {500000, B500000}, {921600, B921600}, {1000000, B1000000}, {2000000, B2000000}};
  for (const Usual& usual : kUsual) {
    if (usual.baud == baud) return usual.code;
  }
  return BOTHER;
}

/// Closes a descriptor unless somebody keeps it.
struct Guard {
  int number;
  ~Guard() {
    if (number >= 0) close(number);
  }
};

}  // namespace

std::vector<std::string> ListPorts() {
  std::vector<std::string> ports;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/dev", error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("ttyACM") || name.starts_with("ttyUSB")) ports.push_back(entry.path().string());
  }
  std::sort(ports.begin(), ports.end());
  return ports;
}

SerialPort::SerialPort(std::string path, int baud, const std::atomic<bool>* cancelled)
    : path_(std::move(path)), baud_(baud), cancelled_(cancelled) {}

SerialPort::~SerialPort() { Release(); }

Expected<std::unique_ptr<SerialPort>> SerialPort::Open(const std::string& path, int baud,
                                                       const std::atomic<bool>* cancelled) {
  std::unique_ptr<SerialPort> port(new SerialPort(path, baud, cancelled));
  THIMBLE_EXPECT(port->Take());
  return port;
}

Outcome SerialPort::Take() {
  // Not O_NONBLOCK would wait for a modem's carrier.
  Guard opened{open(path_.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
  std::error_code unknown;
  const fs::path canonical = fs::canonical(path_, unknown);
  const std::string device = unknown ? path_ : canonical.string();
  if (opened.number < 0) {
    switch (errno) {
      case ENOENT:
      case ENXIO:
      case ENODEV:
      case ENOTDIR: {
        std::string there;
        for (const std::string& name : ListPorts()) there += (there.empty() ? "" : ", ") + name;
        return Error{Status::kNotFound, path_ + ": there is no such port" +
                                            (there.empty() ? "; is the board plugged in?" : "; there are: " + there)};
      }
      case EBUSY:
        return Taken(path_, OpenedBy(device));
      case EACCES:
      case EPERM:
        return Error{Status::kFailed, path_ +
                                          ": you may not open this port; become a member of its group with "
                                          "'sudo usermod -aG dialout $USER' and log in again"};
      case EIO:  // a pseudo-terminal whose other end is gone
        return Error{Status::kNotFound, path_ + ": nobody is at the other end"};
      default:
        return Error{Status::kFailed, path_ + ": " + std::strerror(errno)};
    }
  }
  struct stat file = {};
  if (fstat(opened.number, &file) != 0 || !S_ISCHR(file.st_mode) || isatty(opened.number) == 0) {
    return Error{Status::kInvalidArgument, path_ + ": is not a serial port"};
  }
  if (const long pid = LockFileHolder(device); pid > 0) return Taken(path_, pid);
  if (flock(opened.number, LOCK_EX | LOCK_NB) != 0) {
    const long pid = LockHolder(file);
    return Taken(path_, pid > 0 ? pid : OpenedBy(device));
  }
  ioctl(opened.number, TIOCEXCL);  // keeps those out that look at no lock; a driver without it has none to give
  descriptor_ = opened.number;
  opened.number = -1;
  if (const Outcome set = SetBaud(baud_); !set.ok()) {
    Release();
    return set;
  }
  return Nothing{};
}

void SerialPort::Release() {
  if (descriptor_ < 0) return;
  // Closing would wait for bytes that nobody takes; and exclusiveness outlives us where others keep the port open.
  ioctl(descriptor_, TCFLSH, TCOFLUSH);
  ioctl(descriptor_, TIOCNXCL);
  close(descriptor_);
  descriptor_ = -1;
}

Outcome SerialPort::SetBaud(int baud) {
  if (baud < 50 || baud > kMostBaud) {
    return Error{Status::kInvalidArgument, std::to_string(baud) + " baud: it is a number from 50 to 12000000"};
  }
  termios2 mode = {};
  if (ioctl(descriptor_, TCGETS2, &mode) != 0) return Gone();
  mode.c_iflag = IGNBRK | IGNPAR;
  mode.c_oflag = 0;
  mode.c_lflag = 0;
  mode.c_cflag = CS8 | CREAD | CLOCAL | HUPCL | SpeedCode(baud);
  mode.c_ispeed = mode.c_ospeed = static_cast<speed_t>(baud);
  mode.c_cc[VMIN] = 0;
  mode.c_cc[VTIME] = 0;
  if (ioctl(descriptor_, TCSETS2, &mode) != 0) {
    if (errno == EIO || errno == ENODEV) return Gone();
    return Error{Status::kInvalidArgument,
                 path_ + ": cannot do " + std::to_string(baud) + " baud (" + std::strerror(errno) + ")"};
  }
  // Drivers round to what their divider can; a serial line bears about two per cent.
  termios2 made = {};
  if (ioctl(descriptor_, TCGETS2, &made) == 0 && std::abs(static_cast<double>(made.c_ospeed) - baud) > 0.025 * baud) {
    return Error{Status::kInvalidArgument,
                 path_ + ": cannot do " + std::to_string(baud) + " baud, only " + std::to_string(made.c_ospeed)};
  }
  baud_ = baud;
  return Nothing{};
}

Error SerialPort::Gone() {
  Release();
  return {Status::kDeviceFailed, path_ + ": the port is gone; is the cable loose?"};
}

Expected<size_t> SerialPort::Read(std::span<std::byte> buffer, int timeout_ms) {
  if (descriptor_ < 0) return Gone();
  const double until = NowSeconds() + timeout_ms * 1e-3;
  while (true) {
    if (cancelled_ != nullptr && *cancelled_) return Error{Status::kCancelled, "stopped"};
    const int left_ms = static_cast<int>(std::max(0.0, (until - NowSeconds()) * 1000 + 0.5));
    pollfd ready = {descriptor_, POLLIN, 0};
    const int found = poll(&ready, 1, std::min(left_ms, kSliceMs));
    if (found < 0 && errno != EINTR) return Gone();
    if (found > 0) {
      const ssize_t count = read(descriptor_, buffer.data(), buffer.size());
      if (count > 0) return static_cast<size_t>(count);
      // Readable and empty: the other end hung up.
      if (count == 0 || (errno != EAGAIN && errno != EINTR)) return Gone();
    }
    if (left_ms == 0) return size_t{0};
  }
}

Outcome SerialPort::Write(std::span<const std::byte> bytes) {
  if (descriptor_ < 0) return Gone();
  const double until = NowSeconds() + kMostWriteMs * 1e-3;
  while (!bytes.empty()) {
    if (cancelled_ != nullptr && *cancelled_) return Error{Status::kCancelled, "stopped"};
    const ssize_t count = write(descriptor_, bytes.data(), bytes.size());
    if (count > 0) {
      bytes = bytes.subspan(static_cast<size_t>(count));
      continue;
    }
    if (count < 0 && errno != EAGAIN && errno != EINTR) return Gone();
    if (NowSeconds() >= until) return Error{Status::kDeviceFailed, path_ + ": the board does not take what is sent"};
    pollfd ready = {descriptor_, POLLOUT, 0};
    poll(&ready, 1, kSliceMs);
  }
  return Nothing{};
}

void SerialPort::Drain() {
  if (descriptor_ < 0) return;
  ioctl(descriptor_, TCFLSH, TCIFLUSH);
  std::array<std::byte, 4096> buffer;
  // A line that is full at any time must not hold us.
  for (int i = 0; i < 256 && read(descriptor_, buffer.data(), buffer.size()) > 0; ++i) {
  }
}

Outcome SerialPort::Reopen() {
  Release();
  return Take();
}

double SerialPort::Seconds() const { return NowSeconds(); }

}  // namespace thimble::bridge
