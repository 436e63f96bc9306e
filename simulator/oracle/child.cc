#include "simulator/oracle/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace thimble::simulator::oracle {
namespace {

constexpr int kFirstDescriptor = 3;
/// Away from the numbers that the child is going to use.
constexpr int kElsewhere = 20;

/// In the child between fork and exec, where only async-signal-safe calls are allowed.
[[noreturn]] void Become(char* const* arguments, pid_t parent, int* descriptors, int count, int messages) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  messages = fcntl(messages, F_DUPFD_CLOEXEC, kElsewhere);
  for (int i = 0; i < count; ++i) descriptors[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, kElsewhere);
  dup2(nothing, STDIN_FILENO);
  dup2(messages, STDOUT_FILENO);
  dup2(messages, STDERR_FILENO);
  for (int i = 0; i < count; ++i) dup2(descriptors[i], kFirstDescriptor + i);
  execvp(arguments[0], arguments);
  const char* reason = std::strerror(errno);
  (void)!write(STDERR_FILENO, reason, std::strlen(reason));
  _exit(127);
}

}  // namespace

Expected<Child> Child::Start(std::vector<std::string> arguments, const std::vector<int>& descriptors) {
  Descriptor messages(memfd_create("messages", MFD_CLOEXEC));
  if (messages.number < 0) return SystemError("memfd_create");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  std::vector<int> numbers = descriptors;
  const pid_t parent = getpid();
  const pid_t process = fork();
  if (process < 0) return SystemError("fork");
  if (process == 0) {
    Become(pointers.data(), parent, numbers.data(), static_cast<int>(numbers.size()), messages.number);
  }
  return Child(process, std::move(messages), arguments[0]);
}

Child::~Child() {
  if (process_ <= 0) return;
  kill(process_, SIGKILL);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Child::IsRunning() {
  if (process_ <= 0) return false;
  if (waitpid(process_, nullptr, WNOHANG) == 0) return true;
  process_ = -1;
  return false;
}

std::string Child::Messages() const {
  std::string text(4096, '\0');
  const ssize_t count = pread(messages_.number, text.data(), text.size(), 0);
  text.resize(count < 0 ? 0 : static_cast<size_t>(count));
  return name_ + ": " + text;
}

}  // namespace thimble::simulator::oracle
