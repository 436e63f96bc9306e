// A folder of results that appears whole or not at all.
#ifndef THIMBLE_CLI_STAGING_H_
#define THIMBLE_CLI_STAGING_H_

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/error.h"

namespace thimble::cli {

/// Files are written into a temporary folder beside the target and moved there by Commit. Whatever happens before
/// (an error, Ctrl-C), the target keeps what it had and the temporary folder goes away.
class Staging {
 public:
  /// Makes the temporary folder. `target` may exist, as a folder; files of other names in it are left alone.
  ///   kInvalidArgument  the target is a file
  ///   kFailed           the place cannot be written
  static Expected<Staging> Begin(const std::filesystem::path& target);

  Staging(Staging&& other) noexcept;
  Staging& operator=(Staging&&) = delete;
  ~Staging();

  const std::filesystem::path& folder() const { return folder_; }
  const std::filesystem::path& target() const { return target_; }

  /// Writes a file into the temporary folder.
  Outcome Write(std::string_view name, std::string_view bytes) const;
  Outcome Write(std::string_view name, std::span<const std::byte> bytes) const;

  /// Moves every file to the target, replacing files of the same names.
  Outcome Commit();

 private:
  Staging(std::filesystem::path target, std::filesystem::path folder);

  std::filesystem::path target_;
  std::filesystem::path folder_;
};

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_STAGING_H_
