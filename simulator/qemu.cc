#include "simulator/qemu.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <sstream>

#include "firmware/model_runner/memory.h"

namespace thimble::simulator {
namespace {

namespace fs = std::filesystem;
constexpr const firmware::Board& kBoard = firmware::kMps2An386;
constexpr int kSerialDescriptor = 3;  // its number in QEMU
constexpr int kWriteTimeoutMs = 10'000;

/// QEMU reads commas as the end of an option's value, unless they are doubled.
std::string Escape(const std::string& value) {
  std::string escaped;
  for (const char letter : value) escaped += letter == ',' ? std::string(",,") : std::string(1, letter);
  return escaped;
}

Expected<std::vector<std::string>> Arguments(const QemuOptions& options) {
  std::error_code error;
  if (!fs::is_regular_file(options.elf, error)) {
    return {Status::kNotFound, options.elf.string() + ": no such firmware; build it first"};
  }
  std::vector<std::string> arguments = {options.program, "-M",
                                        "mps2-an386",    "-nodefaults",
                                        "-display",      "none",
                                        "-icount",       "shift=0",
                                        "-chardev",      "socket,id=serial,fd=" + std::to_string(kSerialDescriptor),
                                        "-serial",       "chardev:serial",
                                        "-kernel",       options.elf.string()};
  if (options.model) {
    const auto bytes = fs::file_size(*options.model, error);
    if (error) return {Status::kNotFound, options.model->string() + ": " + error.message()};
    if (bytes > firmware::ModelRoomBytes(kBoard)) {
      return {Status::kInvalidArgument, options.model->string() + ": " + std::to_string(bytes) +
                                            " bytes do not fit into the board's " +
                                            std::to_string(firmware::ModelRoomBytes(kBoard)) + " bytes for models"};
    }
    arguments.insert(arguments.end(), {"-device",
                                       "loader,addr=" + std::to_string(firmware::ModelLengthAddress(kBoard)) +
                                           ",data=" + std::to_string(bytes) + ",data-len=4",
                                       "-device",
                                       "loader,addr=" + std::to_string(firmware::ModelAddress(kBoard)) +
                                           ",force-raw=on,file=" + Escape(options.model->string())});
  }
  return arguments;
}

struct Descriptor {
  int number = -1;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
  int Release() { return std::exchange(number, -1); }
};

/// In the child between fork and exec, where only async-signal-safe calls are allowed. Never returns.
[[noreturn]] void Become(char* const* arguments, pid_t parent, int serial, int messages, int error_pipe) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // the parent ended before the line above
  setpgid(0, 0);                      // an interrupt at the terminal is for us to handle, not for QEMU
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  // Away from 0 to 3, which are about to be overwritten.
  serial = fcntl(serial, F_DUPFD_CLOEXEC, 10);
  messages = fcntl(messages, F_DUPFD_CLOEXEC, 10);
  error_pipe = fcntl(error_pipe, F_DUPFD_CLOEXEC, 10);
  dup2(nothing, STDIN_FILENO);
  dup2(messages, STDOUT_FILENO);
  dup2(messages, STDERR_FILENO);
  dup2(serial, kSerialDescriptor);
  execvp(arguments[0], arguments);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(error_pipe, &error, sizeof error);
  _exit(127);
}

Error SystemError(const std::string& what) { return {Status::kFailed, what + ": " + std::strerror(errno)}; }

}  // namespace

Expected<std::unique_ptr<Qemu>> Qemu::Start(const QemuOptions& options) {
  THIMBLE_ASSIGN(std::vector<std::string> arguments, Arguments(options));
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return SystemError("socketpair");
  Descriptor ours{sockets[0]};
  Descriptor theirs{sockets[1]};
  Descriptor messages{memfd_create("qemu messages", MFD_CLOEXEC)};
  if (messages.number < 0) return SystemError("memfd_create");
  int pipes[2];
  if (pipe2(pipes, O_CLOEXEC) != 0) return SystemError("pipe2");
  Descriptor error_read{pipes[0]};
  Descriptor error_write{pipes[1]};

  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return SystemError("fork");
  if (child == 0) Become(pointers.data(), parent, theirs.number, messages.number, error_write.number);

  std::unique_ptr<Qemu> qemu(new Qemu);
  qemu->program_ = options.program;
  qemu->process_ = child;
  qemu->serial_ = ours.Release();
  qemu->messages_ = messages.Release();
  close(error_write.Release());
  // exec closes the pipe; if it cannot start QEMU, the reason comes through it.
  int error = 0;
  ssize_t count = 0;
  while ((count = read(error_read.number, &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (count == sizeof error) {
    if (error == ENOENT) {
      return {Status::kNotFound,
              options.program + " is not installed; on Debian: sudo apt-get install qemu-system-arm"};
    }
    return {Status::kFailed, options.program + " does not start: " + std::strerror(error)};
  }
  return qemu;
}

Qemu::~Qemu() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (serial_ >= 0) close(serial_);
  if (messages_ >= 0) close(messages_);
}

std::string Qemu::Describe() const { return program_ + " (" + kBoard.name + ")"; }

Error Qemu::Ended() {
  // It has closed the line; what it wrote is complete once the process is gone.
  if (process_ > 0) {
    kill(process_, SIGTERM);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
  }
  std::string text(4096, '\0');
  const ssize_t count = pread(messages_, text.data(), text.size(), 0);
  text.resize(count < 0 ? 0 : static_cast<size_t>(count));
  std::string kept;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    // QEMU warns of a network card without a network, and says that it was told to end: neither is the reason.
    if (line.empty() || line.find("warning:") != std::string::npos ||
        line.find("terminating on signal") != std::string::npos) {
      continue;
    }
    kept += (kept.empty() ? "" : "; ") + line;
  }
  return {Status::kDeviceFailed, Describe() + ": ended by itself" + (kept.empty() ? "" : ": " + kept)};
}

Outcome Qemu::Write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(serial_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      bytes = bytes.subspan(static_cast<size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd ready{serial_, POLLOUT, 0};
      if (poll(&ready, 1, kWriteTimeoutMs) == 0) {
        return {Status::kDeviceFailed, Describe() + ": takes no more bytes; its program does not read the serial line"};
      }
    } else if (errno != EINTR) {
      return Ended();
    }
  }
  return Nothing{};
}

Expected<size_t> Qemu::Read(std::span<std::byte> buffer, int timeout_ms) {
  pollfd ready{serial_, POLLIN, 0};
  if (poll(&ready, 1, timeout_ms) <= 0) return size_t{0};  // an interrupted wait is a short one
  const ssize_t count = recv(serial_, buffer.data(), buffer.size(), 0);
  if (count > 0) return static_cast<size_t>(count);
  if (count < 0 && errno == EINTR) return size_t{0};
  return Ended();
}

}  // namespace thimble::simulator
