#include "studio/store/store.h"

#include <chrono>

#include "studio/store/internal/schema.h"
#include "studio/store/internal/state.h"

namespace thimble::studio {

using internal::Connection;
using internal::Row;

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;

Blobs& Store::blobs() { return *state_->blobs; }
const std::filesystem::path& Store::folder() const { return state_->options.folder; }
int64_t Store::Now() const { return state_->options.now_ms(); }

Expected<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  if (!state->options.now_ms) {
    state->options.now_ms = [] {
      return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
    };
  }
  THIMBLE_EXPECT(internal::MakeFolder(options.folder));
  if (std::filesystem::exists(options.folder / internal::kUnfinishedRestore)) {
    return {Status::kFailed, options.folder.string() +
                                 ": a restore into this folder did not finish; remove the folder and restore again"};
  }
  THIMBLE_ASSIGN(state->folder_lock, internal::LockFolder(options.folder));
  THIMBLE_ASSIGN(state->blobs, Blobs::Open(options.folder / "blobs"));
  const std::string url = internal::DatabaseUrl(options.folder, options.database);
  THIMBLE_ASSIGN(state->database, internal::Database::Open(url, options.connections));
  THIMBLE_EXPECT(internal::Migrate(*state->database));
  // Nobody works at these any more: the lock says so.
  THIMBLE_EXPECT(state->Execute("DELETE FROM idempotent_answers WHERE http_status = 0", {}));
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

Expected<Blobs::Collected> Store::CollectGarbage() {
  return state_->blobs->CollectGarbage([&](std::string_view prefix) -> Expected<Blobs::HashSet> {
    return state_->database->Read([&](Connection& connection) -> Expected<Blobs::HashSet> {
      Blobs::HashSet hashes;
      const std::string first(prefix), after = first + "g";  // behind every hexadecimal digit
      for (const auto& [table, column] : internal::BlobColumns()) {
        const std::string name(column);
        connection.Query(
            "SELECT DISTINCT " + name + " FROM " + std::string(table) + " WHERE " + name + " >= ? AND " + name + " < ?",
            {first, after}, "t", [&](const Row& row) { hashes.insert(row[0].text); });
      }
      return hashes;
    });
  });
}

}  // namespace thimble::studio
