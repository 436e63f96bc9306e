// Files that a command was told to write: all of them appear whole, or none.
#ifndef THIMBLE_CLI_OUTPUT_FILES_H_
#define THIMBLE_CLI_OUTPUT_FILES_H_

#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace thimble::cli {

/// Each file is written beside its place under another name; Commit renames them all. What was not committed goes away
/// with the object, and the files that were there before stay. Devices such as /dev/stdout are written at once.
class OutputFiles {
 public:
  OutputFiles() = default;
  OutputFiles(const OutputFiles&) = delete;
  OutputFiles& operator=(const OutputFiles&) = delete;
  ~OutputFiles();

  ///   kInvalidArgument  `path` is a folder, or the same file was added before
  ///   kNotFound         its folder does not exist
  ///   kFailed           it cannot be written
  Outcome Add(const std::filesystem::path& path, std::string_view bytes);

  Outcome Commit();

 private:
  struct File {
    std::filesystem::path temporary, path;
  };
  std::vector<File> files_;
};

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_OUTPUT_FILES_H_
