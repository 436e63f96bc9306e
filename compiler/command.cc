#include "compiler/command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace thimble::compiler {

Expected<Command> Command::Start(std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  // A file in memory, unlike a pipe, takes everything without being read.
  const int output = memfd_create("output", MFD_CLOEXEC);
  if (output < 0) return {Status::kFailed, std::string("memfd_create: ") + std::strerror(errno)};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  pid_t process = -1;
  const int error = posix_spawnp(&process, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return Command(process, output);
  close(output);
  return {error == ENOENT ? Status::kNotFound : Status::kFailed, arguments[0] + ": " + std::strerror(error)};
}

Command::Command(Command&& other) noexcept
    : process_(std::exchange(other.process_, -1)), output_(std::exchange(other.output_, -1)) {}

Command::~Command() {
  if (process_ > 0) Wait();
}

Command::Ending Command::Wait() {
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  Ending ending{.succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0, .output = std::string(64 * 1024, '\0')};
  const ssize_t count = pread(output_, ending.output.data(), ending.output.size(), 0);
  ending.output.resize(count < 0 ? 0 : static_cast<size_t>(count));
  close(output_);
  output_ = -1;
  return ending;
}

}  // namespace thimble::compiler
