#include "tests/journeys/command.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace thimble::journeys {
namespace fs = std::filesystem;
namespace {

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

pid_t Start(const std::vector<std::string>& command, const fs::path& folder, const fs::path& out, const fs::path& err) {
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  pid_t child = 0;
  const int failure = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw std::runtime_error("cannot start " + command[0]);
  return child;
}

int ExitCodeOf(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

int Spawn(const std::vector<std::string>& command, const fs::path& folder, const fs::path& out, const fs::path& err,
          int interrupt_after_ms) {
  const pid_t child = Start(command, folder, out, err);
  if (interrupt_after_ms > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(interrupt_after_ms));
    kill(child, SIGINT);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  return ExitCodeOf(status);
}

std::vector<std::string> ThimbleCommand(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {THIMBLE_COMMAND};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

CommandResult RunThimble(const std::vector<std::string>& arguments, const fs::path& folder, int interrupt_after_ms) {
  const TemporaryFolder logs;
  CommandResult result;
  result.exit_code =
      Spawn(ThimbleCommand(arguments), folder, logs.path() / "out", logs.path() / "err", interrupt_after_ms);
  result.out = ReadAll(logs.path() / "out");
  result.err = ReadAll(logs.path() / "err");
  return result;
}

BackgroundThimble::BackgroundThimble(const std::vector<std::string>& arguments, const fs::path& folder)
    : child_(Start(ThimbleCommand(arguments), folder, logs_.path() / "out", logs_.path() / "err")) {}

BackgroundThimble::~BackgroundThimble() { Interrupt(); }

std::string BackgroundThimble::Out() const { return ReadAll(logs_.path() / "out"); }
std::string BackgroundThimble::Err() const { return ReadAll(logs_.path() / "err"); }

int BackgroundThimble::WaitForEnd(int timeout_ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (exit_code_ < 0) {
    int status = 0;
    if (waitpid(child_, &status, WNOHANG) == child_) {
      exit_code_ = ExitCodeOf(status);
    } else if (std::chrono::steady_clock::now() >= until) {
      break;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  return exit_code_;
}

CommandResult BackgroundThimble::Interrupt() {
  constexpr int kPatienceMs = 30'000;
  if (WaitForEnd(0) < 0) kill(child_, SIGINT);
  if (WaitForEnd(kPatienceMs) < 0) {
    kill(child_, SIGKILL);
    WaitForEnd(kPatienceMs);
  }
  return {exit_code_, Out(), Err()};
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "thimble-journey-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path SharedFolder() {
  const char* given = getenv("THIMBLE_SHARED");
  const fs::path folder = given != nullptr ? fs::path(given) : fs::path(THIMBLE_SOURCE_DIR) / ".." / "shared";
  return fs::is_directory(folder / "data") ? fs::canonical(folder) : fs::path();
}

fs::path UnpackRecordings(const std::string& name, const fs::path& into) {
  const fs::path archive = SharedFolder() / "data" / (name + ".tar.xz");
  const int exit_code =
      Spawn({"tar", "-xJf", archive.string(), "-C", into.string()}, into, "/dev/null", "/dev/null", 0);
  if (exit_code != 0) throw std::runtime_error("cannot unpack " + archive.string());
  return into / name;
}

}  // namespace thimble::journeys
