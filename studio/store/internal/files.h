// Files with errors as sentences: what the store needs of the operating system.
#ifndef THIMBLE_STUDIO_STORE_INTERNAL_FILES_H_
#define THIMBLE_STUDIO_STORE_INTERNAL_FILES_H_

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace thimble::studio::internal {

/// What errno says about this path, and what to do where that is known. kOutOfMemory for a full disk.
Error SystemError(const std::filesystem::path& path);

/// An open file descriptor.
class File {
 public:
  File() = default;
  File(File&& other) noexcept { *this = std::move(other); }
  File& operator=(File&& other) noexcept;
  ~File();

  /// Fails when it exists already.
  static Expected<File> Create(const std::filesystem::path& path);
  static Expected<File> Open(const std::filesystem::path& path, int flags);  ///< of open(2)
  static Expected<File> OpenForReading(const std::filesystem::path& path);

  Outcome Write(std::string_view bytes);
  /// Fills from the front; less than asked for only at the end of the file.
  Expected<size_t> Read(std::span<char> place);
  Outcome Sync();
  Outcome Close();
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
  std::filesystem::path path_;
};

/// Makes it and its parents, each durable in its own parent.
Outcome MakeFolder(const std::filesystem::path& folder);

/// fsync of a file or a folder.
Outcome SyncPath(const std::filesystem::path& path);

/// Renames, and makes the folder of `to` if need be. Not synced.
Outcome Move(const std::filesystem::path& from, const std::filesystem::path& to);

/// Stands in a data folder while a restore fills it.
inline constexpr const char* kUnfinishedRestore = "restore-unfinished";

/// Held while the result lives, whatever becomes of the process. kFailed, with a sentence, when another one holds it.
Expected<File> LockFolder(const std::filesystem::path& folder);

/// What Database::Open takes: `given`, or the file in the folder when that is empty.
std::string DatabaseUrl(const std::filesystem::path& folder, const std::string& given);

}  // namespace thimble::studio::internal

#endif  // THIMBLE_STUDIO_STORE_INTERNAL_FILES_H_
