#include "cli/output_files.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

Outcome WriteAll(const fs::path& path, std::string_view bytes) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (file) return Nothing{};
  return {Status::kFailed, path.string() + ": cannot be written: " + (errno != 0 ? std::strerror(errno) : "error")};
}

}  // namespace

OutputFiles::~OutputFiles() {
  std::error_code ignored;
  for (const File& file : files_) fs::remove(file.temporary, ignored);
}

Outcome OutputFiles::Add(const fs::path& path, std::string_view bytes) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) return {Status::kInvalidArgument, path.string() + ": is a folder; name a file in it"};
  if (fs::exists(status) && !fs::is_regular_file(status)) return WriteAll(path, bytes);
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, error)) return {Status::kNotFound, folder.string() + ": there is no such folder"};
  for (const File& file : files_) {
    if (file.path == path) return {Status::kInvalidArgument, path.string() + ": is named twice"};
  }
  fs::path temporary = path;
  temporary += ".unfinished-" + std::to_string(getpid());
  files_.push_back({temporary, path});
  const Outcome written = WriteAll(temporary, bytes);
  if (written.ok()) return Nothing{};
  return {Status::kFailed, path.string() + ": cannot be written: " + std::strerror(errno)};
}

Outcome OutputFiles::Commit() {
  for (const File& file : files_) {
    std::error_code error;
    fs::rename(file.temporary, file.path, error);
    if (error) return {Status::kFailed, file.path.string() + ": cannot be written: " + error.message()};
  }
  files_.clear();
  return Nothing{};
}

}  // namespace thimble::cli
