// Where the studio's data lies on this computer.
#ifndef THIMBLE_CLI_DATA_FOLDER_H_
#define THIMBLE_CLI_DATA_FOLDER_H_

#include <filesystem>
#include <string>

#include "base/error.h"
#include "studio/store/store.h"

namespace thimble::cli {

/// `given`, or the user's own: below XDG_DATA_HOME, or ~/.local/share (XDG Base Directory Specification).
Expected<std::filesystem::path> DataFolder(const std::string& given);

/// Of data that is there; kNotFound else, instead of making an empty one.
Expected<studio::StoreOptions> ExistingStore(const std::string& folder, const std::string& database);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_DATA_FOLDER_H_
