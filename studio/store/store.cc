#include "studio/store/store.h"

#include <unistd.h>

#include <chrono>
#include <random>

#include "studio/store/internal/schema.h"
#include "studio/store/internal/state.h"

namespace thimble::studio {

using internal::Connection;
using internal::Row;

namespace {

namespace fs = std::filesystem;

constexpr const char* kDatabaseFile = "database.id";
constexpr std::string_view kUnsure = " unsure";

/// Durable, and whole or not there.
Outcome WriteDatabaseFile(const fs::path& folder, const std::string& text) {
  const fs::path unfinished = folder / (std::string(kDatabaseFile) + ".new");
  ::unlink(unfinished.c_str());
  THIMBLE_ASSIGN(internal::File file, internal::File::Create(unfinished));
  THIMBLE_EXPECT(file.Write(text));
  THIMBLE_EXPECT(file.Sync());
  THIMBLE_EXPECT(internal::Move(unfinished, folder / kDatabaseFile));
  return internal::SyncPath(folder);
}

Expected<std::string> ReadDatabaseFile(const fs::path& folder) {
  const fs::path path = folder / kDatabaseFile;
  if (::access(path.c_str(), F_OK) != 0) return std::string();
  THIMBLE_ASSIGN(internal::File file, internal::File::OpenForReading(path));
  std::string text(64, '\0');
  THIMBLE_ASSIGN(const size_t bytes, file.Read(std::span(text)));
  text.resize(bytes);
  return text;
}

std::string NewId() {
  std::random_device entropy;
  std::string id;
  for (int i = 0; i < 32; ++i) id += "0123456789abcdef"[entropy() & 15];
  return id;
}

/// Folder and database know each other by an id that both keep: rows of another folder refer to contents that are not
/// here, and collecting garbage would remove those that another database refers to.
Outcome TieTogether(const fs::path& folder, internal::Database& database) {
  THIMBLE_ASSIGN(std::string ours, ReadDatabaseFile(folder));
  const bool unsure = ours.ends_with(kUnsure);
  if (unsure) ours.resize(ours.size() - kUnsure.size());
  THIMBLE_ASSIGN(const std::string theirs, database.Read([](Connection& connection) -> Expected<std::string> {
    std::string id;
    connection.Query("SELECT id FROM data_folder", {}, "t", [&](const Row& row) { id = row[0].text; });
    return id;
  }));
  if (!theirs.empty() && theirs != ours) {
    return {Status::kFailed, folder.string() +
                                 ": the database belongs to another data folder; start with that one, or give this one "
                                 "a new database"};
  }
  if (theirs.empty()) {
    if (!ours.empty() && !unsure) {
      return {Status::kFailed, folder.string() +
                                   ": this data folder belongs to another database, which knows what its files are; "
                                   "start with that one, or bring a backup into a new folder"};
    }
    // Unsure until the database has it too: the power may fail in between.
    if (ours.empty()) {
      ours = NewId();
      THIMBLE_EXPECT(WriteDatabaseFile(folder, ours + std::string(kUnsure)));
    }
    THIMBLE_EXPECT(database.Write([&](Connection& connection) -> Outcome {
      connection.Execute("INSERT INTO data_folder (id) VALUES (?)", {ours});
      return Nothing{};
    }));
  } else if (!unsure) {
    return Nothing{};
  }
  return WriteDatabaseFile(folder, ours);
}

int64_t Milliseconds(auto since_start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_start).count();
}

}  // namespace

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;

Blobs& Store::blobs() { return *state_->blobs; }
const std::filesystem::path& Store::folder() const { return state_->options.folder; }
int64_t Store::Now() const { return state_->options.now_ms(); }

Expected<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  if (!state->options.now_ms) {
    state->options.now_ms = [] { return Milliseconds(std::chrono::system_clock::now().time_since_epoch()); };
  }
  if (!state->options.steady_ms) {
    state->options.steady_ms = [] { return Milliseconds(std::chrono::steady_clock::now().time_since_epoch()); };
  }
  state->day_less_steady_ms = state->options.now_ms() - state->options.steady_ms();
  THIMBLE_EXPECT(internal::MakeFolder(options.folder));
  if (std::filesystem::exists(options.folder / internal::kUnfinishedRestore)) {
    return {Status::kFailed, options.folder.string() +
                                 ": a restore into this folder did not finish; remove the folder and restore again"};
  }
  THIMBLE_ASSIGN(state->folder_lock, internal::LockFolder(options.folder));
  THIMBLE_ASSIGN(state->blobs, Blobs::Open(options.folder / "blobs"));
  const std::string url = internal::DatabaseUrl(options.folder, options.database);
  THIMBLE_ASSIGN(state->database, internal::Database::Open(url, options.connections));
  THIMBLE_EXPECT(state->database->HoldAlone());
  THIMBLE_EXPECT(internal::Migrate(*state->database));
  THIMBLE_EXPECT(TieTogether(options.folder, *state->database));
  // Nobody works at these any more: the locks say so.
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
