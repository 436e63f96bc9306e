#include "cli/staging.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

namespace thimble::cli {
namespace fs = std::filesystem;

Expected<Staging> Staging::Begin(const fs::path& target) {
  std::error_code error;
  const fs::path absolute = fs::absolute(target, error).lexically_normal();
  // "results/" and "results" are the same place.
  const fs::path whole = absolute.has_filename() ? absolute : absolute.parent_path();
  if (fs::exists(whole, error) && !fs::is_directory(whole, error)) {
    return {Status::kInvalidArgument, target.string() + ": is a file; give a folder for the results with --out"};
  }
  fs::create_directories(whole.parent_path(), error);
  std::string pattern = (whole.parent_path() / ("." + whole.filename().string() + ".partial-XXXXXX")).string();
  if (mkdtemp(pattern.data()) == nullptr) {
    return {Status::kFailed, whole.parent_path().string() + ": cannot write here (" + std::strerror(errno) +
                                 "); give another folder with --out"};
  }
  fs::permissions(pattern,
                  fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read | fs::perms::others_exec,
                  fs::perm_options::add, error);
  return Staging(whole, pattern);
}

Staging::Staging(fs::path target, fs::path folder) : target_(std::move(target)), folder_(std::move(folder)) {}

Staging::Staging(Staging&& other) noexcept
    : target_(std::move(other.target_)), folder_(std::exchange(other.folder_, {})) {}

Staging::~Staging() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

Outcome Staging::Write(std::string_view name, std::string_view bytes) const {
  const fs::path path = folder_ / name;
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    return {Status::kFailed, (target_ / name).string() + ": cannot be written; is the disk full?"};
  }
  return Nothing{};
}

Outcome Staging::Write(std::string_view name, std::span<const std::byte> bytes) const {
  return Write(name, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

Outcome Staging::Commit() {
  std::error_code error;
  fs::create_directories(target_, error);
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    const fs::path to = target_ / entry.path().filename();
    fs::rename(entry.path(), to, error);
    if (error) {
      return {Status::kFailed, to.string() + ": cannot be replaced (" + error.message() + "); close what uses it"};
    }
  }
  if (error) return {Status::kFailed, target_.string() + ": cannot be written (" + error.message() + ")"};
  fs::remove_all(folder_, error);
  folder_.clear();
  return Nothing{};
}

}  // namespace thimble::cli
