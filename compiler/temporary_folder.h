// A folder for what a compiler needs on the way.
#ifndef THIMBLE_COMPILER_TEMPORARY_FOLDER_H_
#define THIMBLE_COMPILER_TEMPORARY_FOLDER_H_

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>

#include "base/error.h"

namespace thimble::compiler {

/// A new, empty folder that goes away with its contents.
class TemporaryFolder {
 public:
  static Expected<TemporaryFolder> Make() {
    std::error_code error;
    std::string path = (std::filesystem::temp_directory_path(error) / "thimble_XXXXXX").string();
    if (error || mkdtemp(path.data()) == nullptr) {
      return {Status::kFailed, path + ": cannot make a temporary folder: " + std::strerror(errno)};
    }
    return TemporaryFolder(path);
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_TEMPORARY_FOLDER_H_
