// The tables, as steps from nothing to now.
#ifndef THIMBLE_STUDIO_STORE_INTERNAL_SCHEMA_H_
#define THIMBLE_STUDIO_STORE_INTERNAL_SCHEMA_H_

#include <span>
#include <string_view>

#include "studio/store/internal/database.h"

namespace thimble::studio::internal {

/// The version that this program reads and writes.
int64_t NewestSchema();

/// Brings the database to `version`, each step in a transaction of its own. kFailed when it is newer.
Outcome Migrate(Database& database, int64_t version = NewestSchema());

/// All tables but those of the version and of the data folder, in an order in which they can be filled.
std::span<const std::string_view> TablesInOrder();

/// Columns with the hash of a blob: {table, column}.
struct BlobColumn {
  std::string_view table, column;
};
std::span<const BlobColumn> BlobColumns();

}  // namespace thimble::studio::internal

#endif  // THIMBLE_STUDIO_STORE_INTERNAL_SCHEMA_H_
