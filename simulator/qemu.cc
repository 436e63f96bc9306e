#include "simulator/qemu.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>
#include <vector>

#include "firmware/all_boards.h"
#include "simulator/descriptor.h"
#include "simulator/placed_model.h"
#include "simulator/program.h"

namespace thimble::simulator {
namespace {

namespace fs = std::filesystem;
// Their numbers in QEMU.
constexpr int kSerialDescriptor = 3;
constexpr int kModelDescriptor = 4;
constexpr int kWakeDescriptor = 5;
constexpr int kWriteTimeoutMs = 10'000;
constexpr int kWakeEveryMs = 10;

Expected<const firmware::Board*> FindMachine(const std::string& name) {
  const firmware::Board* board = firmware::FindBoard(name);
  if (board != nullptr && *board->qemu_machine != '\0') return board;
  std::string known;
  for (const firmware::Board* other : firmware::kAllBoards) {
    if (*other->qemu_machine != '\0') known += (known.empty() ? "" : ", ") + std::string(other->name);
  }
  return {Status::kNotFound,
          name + (board == nullptr ? ": no such board" : ": QEMU does not have this board") + "; it has " + known};
}

/// As an open file.
Expected<int> FileOf(const std::vector<std::byte>& bytes) {
  Descriptor memory{memfd_create("model", MFD_CLOEXEC)};
  if (memory.number < 0) return SystemError("memfd_create");
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t count = write(memory.number, bytes.data() + at, bytes.size() - at);
    if (count < 0 && errno != EINTR) return SystemError("write");
    if (count > 0) at += static_cast<size_t>(count);
  }
  return memory.Release();
}

/// In the child between fork and exec, where only async-signal-safe calls are allowed. Never returns.
[[noreturn]] void Become(char* const* arguments, pid_t parent, int serial, int model, int wake, int messages,
                         int error_pipe) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // the parent ended before the line above
  setpgid(0, 0);                      // an interrupt at the terminal is for us to handle, not for QEMU
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  // Away from 0 to 5, which are about to be overwritten.
  if (model >= 0) model = fcntl(model, F_DUPFD_CLOEXEC, 10);
  if (wake >= 0) wake = fcntl(wake, F_DUPFD_CLOEXEC, 10);
  serial = fcntl(serial, F_DUPFD_CLOEXEC, 10);
  messages = fcntl(messages, F_DUPFD_CLOEXEC, 10);
  error_pipe = fcntl(error_pipe, F_DUPFD_CLOEXEC, 10);
  dup2(nothing, STDIN_FILENO);
  dup2(messages, STDOUT_FILENO);
  dup2(messages, STDERR_FILENO);
  dup2(serial, kSerialDescriptor);
  if (model >= 0) dup2(model, kModelDescriptor);
  if (wake >= 0) dup2(wake, kWakeDescriptor);
  execvp(arguments[0], arguments);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(error_pipe, &error, sizeof error);
  _exit(127);
}

}  // namespace

Expected<std::unique_ptr<Qemu>> Qemu::Start(const QemuOptions& options) {
  THIMBLE_ASSIGN(const firmware::Board* board, FindMachine(options.board));
  std::error_code missing;
  if (!fs::is_regular_file(options.elf, missing)) {
    return {Status::kNotFound, options.elf.string() + ": no such firmware; build it first"};
  }
  std::vector<std::string> arguments = {options.program,     "-M",
                                        board->qemu_machine, "-nodefaults",
                                        "-display",          "none",
                                        "-chardev",          "socket,id=serial,fd=" + std::to_string(kSerialDescriptor),
                                        "-serial",           "chardev:serial",
                                        "-kernel",           options.elf.string()};
  if (options.cycle_counter.empty()) {
    arguments.insert(arguments.end(), {"-icount", "shift=0"});
  } else {
    const std::string plugin = options.cycle_counter.string() + ",out=" + options.cycle_report.string();
    const std::string wake = "socket,id=wake,fd=" + std::to_string(kWakeDescriptor);
    arguments.insert(arguments.end(), {"-plugin", plugin, "-chardev", wake, "-mon", "chardev=wake,mode=readline"});
  }
  Descriptor model;
  if (options.model) {
    THIMBLE_ASSIGN(const Program program, LoadProgram(options.elf, *board));
    THIMBLE_ASSIGN(const PlacedModel placed, PlaceModel(*options.model, program, *board));
    THIMBLE_ASSIGN(model.number, FileOf(placed.bytes));
    arguments.insert(arguments.end(), {"-device", "loader,force-raw=on,addr=" + std::to_string(placed.address) +
                                                      ",file=/proc/self/fd/" + std::to_string(kModelDescriptor)});
  }
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return SystemError("socketpair");
  Descriptor ours{sockets[0]};
  Descriptor theirs{sockets[1]};
  int wake_sockets[2] = {-1, -1};
  if (!options.cycle_counter.empty() && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wake_sockets) != 0) {
    return SystemError("socketpair");
  }
  Descriptor our_wake{wake_sockets[0]};
  Descriptor their_wake{wake_sockets[1]};
  Descriptor messages{memfd_create("qemu messages", MFD_CLOEXEC)};
  if (messages.number < 0) return SystemError("memfd_create");
  int pipes[2];
  if (pipe2(pipes, O_CLOEXEC) != 0) return SystemError("pipe2");
  Descriptor error_read{pipes[0]};
  Descriptor error_write{pipes[1]};

  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return SystemError("fork");
  if (child == 0) {
    Become(pointers.data(), parent, theirs.number, model.number, their_wake.number, messages.number,
           error_write.number);
  }

  std::unique_ptr<Qemu> qemu(new Qemu);
  qemu->program_ = options.program;
  qemu->board_ = board;
  qemu->process_ = child;
  qemu->serial_ = ours.Release();
  qemu->wake_ = our_wake.Release();
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
  if (wake_ >= 0) close(wake_);
  if (messages_ >= 0) close(messages_);
}

std::string Qemu::Describe() const { return program_ + " (" + board_->name + ")"; }

void Qemu::Stop() {
  if (process_ <= 0) return;
  kill(process_, SIGTERM);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
}

Error Qemu::Ended() {
  Stop();  // it has closed the line; what it wrote is complete once the process is gone
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
  // Without counted time QEMU 7.2 can fall asleep before it looks at a line that its program has begun to listen to.
  // An empty line to its monitor wakes it and does nothing else; the answer is a prompt.
  for (; wake_ >= 0 && timeout_ms > kWakeEveryMs && poll(&ready, 1, kWakeEveryMs) == 0; timeout_ms -= kWakeEveryMs) {
    char prompt[256];
    (void)!recv(wake_, prompt, sizeof prompt, MSG_DONTWAIT);
    (void)!send(wake_, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  if (poll(&ready, 1, timeout_ms) <= 0) return size_t{0};  // an interrupted wait is a short one
  const ssize_t count = recv(serial_, buffer.data(), buffer.size(), 0);
  if (count > 0) return static_cast<size_t>(count);
  if (count < 0 && errno == EINTR) return size_t{0};
  return Ended();
}

}  // namespace thimble::simulator
