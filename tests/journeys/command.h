// Runs the `thimble` command as a person would, and keeps what it said.
#ifndef THIMBLE_TESTS_JOURNEYS_COMMAND_H_
#define THIMBLE_TESTS_JOURNEYS_COMMAND_H_

#include <filesystem>
#include <string>
#include <vector>

namespace thimble::journeys {

struct CommandResult {
  int exit_code = -1;  ///< 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

/// Starts build/…/thimble with `arguments` in `folder` (no terminal, empty standard input), sends SIGINT after
/// `interrupt_after_ms` when that is not 0, and waits for its end.
CommandResult RunThimble(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                         int interrupt_after_ms = 0);

/// A fresh folder that goes away with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The command beside the test, until it ends by itself or the object does: then as Ctrl-C ends it.
class BackgroundThimble {
 public:
  BackgroundThimble(const std::vector<std::string>& arguments, const std::filesystem::path& folder);
  ~BackgroundThimble();
  BackgroundThimble(const BackgroundThimble&) = delete;
  BackgroundThimble& operator=(const BackgroundThimble&) = delete;

  /// What it has said so far.
  std::string Out() const;
  std::string Err() const;
  /// Its end, within that time; -1 while it runs.
  int WaitForEnd(int timeout_ms);
  /// Ctrl-C, and what came of it.
  CommandResult Interrupt();

 private:
  TemporaryFolder logs_;
  int child_ = 0;
  int exit_code_ = -1;
};

/// The folder of real recordings and golden models ($THIMBLE_SHARED, else ../shared beside the sources); empty when
/// there is none, and tests that need it skip.
std::filesystem::path SharedFolder();

/// Unpacks data/<name>.tar.xz from the shared folder into `into` and gives the folder that it holds.
std::filesystem::path UnpackRecordings(const std::string& name, const std::filesystem::path& into);

}  // namespace thimble::journeys

#endif  // THIMBLE_TESTS_JOURNEYS_COMMAND_H_
