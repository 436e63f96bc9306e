// All that a server keeps as one file, and back; and whether what it keeps is whole.
#ifndef THIMBLE_STUDIO_STORE_BACKUP_H_
#define THIMBLE_STUDIO_STORE_BACKUP_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "studio/store/store.h"

namespace thimble::studio {

struct BackupReport {
  int64_t rows = 0;
  int64_t blobs = 0;
  int64_t bytes = 0;  ///< of the file
};

/// Writes `file`, a .tar.zst, while the store serves: everything as it was at one moment. The rows are JSON lines, so a
/// backup of SQLite can be restored into PostgreSQL and the other way round. The file is there whole or not at all.
///
///   kInvalidArgument  the file exists already
///   kOutOfMemory      the disk is full
///   kDataLoss         a blob is missing: see Verify
Expected<BackupReport> Backup(Store& store, const std::filesystem::path& file);

/// Fills the folder and the database of `options` from a backup. Both must be empty.
///
///   kInvalidArgument  they are not; or it is no backup
///   kDataLoss         the file is damaged or ends early
///   kFailed           the backup was written by a newer program; the database cannot be reached
Expected<BackupReport> Restore(const std::filesystem::path& file, const StoreOptions& options);

struct VerifyReport {
  int64_t rows = 0;
  int64_t blobs = 0;
  int64_t stored_bytes = 0;
  std::vector<std::string> problems;  ///< sentences; none: all is well
};

/// Reads everything: database, each blob, each reference to one. While the store serves. When there are problems the
/// caller ends with the exit code of kVerificationFailed.
Expected<VerifyReport> Verify(Store& store);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_STORE_BACKUP_H_
