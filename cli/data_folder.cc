#include "cli/data_folder.h"

#include <cstdlib>
#include <system_error>

namespace thimble::cli {

namespace fs = std::filesystem;

Expected<fs::path> DataFolder(const std::string& given) {
  if (!given.empty()) return fs::absolute(given).lexically_normal();
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && data[0] == '/') return fs::path(data) / "thimble" / "studio";
  const char* home = std::getenv("HOME");
  if (home == nullptr || home[0] == '\0') {
    return {Status::kInvalidArgument, "there is no home folder to keep the data in; name a folder with --data-dir"};
  }
  return fs::path(home) / ".local" / "share" / "thimble" / "studio";
}

Expected<studio::StoreOptions> ExistingStore(const std::string& folder, const std::string& database) {
  studio::StoreOptions options{.database = database};
  THIMBLE_ASSIGN(options.folder, DataFolder(folder));
  std::error_code error;
  if (!fs::exists(options.folder / "lock", error)) {
    return {Status::kNotFound,
            options.folder.string() + ": no studio keeps its data there; name the folder with --data-dir"};
  }
  return options;
}

}  // namespace thimble::cli
