#include "studio/store/internal/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace thimble::studio::internal {

namespace fs = std::filesystem;

Error SystemError(const fs::path& path) {
  switch (errno) {
    case ENOSPC:
    case EDQUOT:
      return {Status::kOutOfMemory, path.string() + ": the disk is full; free some space and try again"};
    case EROFS:
      return {Status::kFailed,
              path.string() + ": the disk is read-only; mount it writable, or choose another data folder"};
    case EACCES:
    case EPERM:
      return {Status::kFailed, path.string() + ": not permitted; give the server's user the right to write there"};
    case EIO:
      return {Status::kFailed, path.string() + ": the disk reports an error; look at the system's log"};
    case ENOENT:
      return {Status::kNotFound, path.string() + ": there is no such file"};
    default:
      return {Status::kFailed, path.string() + ": " + std::strerror(errno)};
  }
}

File& File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Expected<File> File::Open(const fs::path& path, int flags) {
  File file;
  file.path_ = path;
  file.descriptor_ = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (file.descriptor_ < 0) return SystemError(path);
  return file;
}

Expected<File> File::Create(const fs::path& path) { return Open(path, O_WRONLY | O_CREAT | O_EXCL); }
Expected<File> File::OpenForReading(const fs::path& path) { return Open(path, O_RDONLY); }

Outcome File::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      return SystemError(path_);
    }
  }
  return Nothing{};
}

Expected<size_t> File::Read(std::span<char> place) {
  size_t have = 0;
  while (have < place.size()) {
    const ssize_t got = ::read(descriptor_, place.data() + have, place.size() - have);
    if (got > 0) {
      have += static_cast<size_t>(got);
    } else if (got == 0) {
      break;
    } else if (errno != EINTR) {
      return SystemError(path_);
    }
  }
  return have;
}

Outcome File::Sync() {
  if (::fsync(descriptor_) != 0) return SystemError(path_);
  return Nothing{};
}

Outcome File::Close() {
  const int descriptor = std::exchange(descriptor_, -1);
  if (descriptor >= 0 && ::close(descriptor) != 0) return SystemError(path_);
  return Nothing{};
}

Outcome SyncPath(const fs::path& path) {
  THIMBLE_ASSIGN(File file, File::OpenForReading(path));
  return file.Sync();
}

Outcome MakeFolder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return Nothing{};
  const fs::path parent = fs::absolute(folder, error).parent_path();
  THIMBLE_EXPECT(MakeFolder(parent));
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return SystemError(folder);
  return SyncPath(parent);
}

Outcome Move(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return Nothing{};
  if (errno != ENOENT) return SystemError(to);
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (::rename(from.c_str(), to.c_str()) != 0) return SystemError(to);
  return Nothing{};
}

Expected<File> LockFolder(const fs::path& folder) {
  THIMBLE_ASSIGN(File file, File::Open(folder / "lock", O_RDWR | O_CREAT));
  if (::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    return {Status::kFailed,
            folder.string() + ": another thimble serves from this folder; end that one, or choose another data folder"};
  }
  return file;
}

std::string DatabaseUrl(const fs::path& folder, const std::string& given) {
  return given.empty() ? (folder / "studio.sqlite").string() : given;
}

}  // namespace thimble::studio::internal
