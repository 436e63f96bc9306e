#include "studio/store/backup.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "studio/store/internal/schema.h"
#include "studio/store/internal/state.h"
#include "studio/store/internal/tar.h"

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;
using internal::Connection;
using internal::Row;
using internal::Value;
using internal::Values;
using Json = nlohmann::ordered_json;

constexpr const char* kHead = "backup.json";
constexpr const char* kFormat = "thimble backup";

struct TableShape {
  std::vector<std::string> columns;
  std::string kinds;
};

/// Asked of the database, so that a backup has what is there.
TableShape ShapeOf(Connection& connection, std::string_view table) {
  TableShape shape;
  const auto add = [&](const Row& row) {
    shape.columns.push_back(row[0].text);
    const char first = row[1].text.empty() ? 't' : static_cast<char>(std::tolower(row[1].text[0]));
    shape.kinds += first == 'b' || first == 'i' ? 'i' : first == 'd' ? 'd' : 't';
  };
  if (connection.is_postgresql()) {
    connection.Query(
        "SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT) FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position",
        {table}, "tt", add);
  } else {
    connection.Query("SELECT name, type FROM pragma_table_info(?) ORDER BY cid", {table}, "tt", add);
  }
  return shape;
}

std::string Joined(const std::vector<std::string>& words, const std::string& between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

/// A file that is removed with this object.
struct Temporary {
  fs::path path;
  ~Temporary() {
    std::error_code ignored;
    fs::remove(path, ignored);
  }
};

/// The rows as JSON lines, {"table": …, "columns": […]} before those of each table.
Expected<int64_t> WriteRows(Connection& connection, const fs::path& path, Blobs::HashSet& hashes) {
  THIMBLE_ASSIGN(internal::File file, internal::File::Create(path));
  int64_t rows = 0;
  std::string buffer;
  Outcome outcome = Nothing{};
  const auto put = [&](const Json& line, size_t most) {
    buffer += line.dump() + "\n";
    if (buffer.size() < most || !outcome.ok()) return;
    outcome = file.Write(buffer);
    buffer.clear();
  };
  for (const std::string_view table : internal::TablesInOrder()) {
    const TableShape shape = ShapeOf(connection, table);
    put({{"table", table}, {"columns", shape.columns}, {"kinds", shape.kinds}}, 1 << 20);
    std::vector<size_t> blob_columns;
    for (const auto& [of, column] : internal::BlobColumns()) {
      if (of != table) continue;
      blob_columns.push_back(
          static_cast<size_t>(std::find(shape.columns.begin(), shape.columns.end(), column) - shape.columns.begin()));
    }
    connection.Query("SELECT " + Joined(shape.columns, ", ") + " FROM " + std::string(table) + " ORDER BY id", {},
                     shape.kinds, [&](const Row& row) {
                       Json line = Json::array();
                       for (size_t i = 0; i < row.size(); ++i) {
                         if (row[i].null) {
                           line.push_back(nullptr);
                         } else if (shape.kinds[i] == 'i') {
                           line.push_back(row[i].integer);
                         } else if (shape.kinds[i] == 'd') {
                           line.push_back(row[i].real);
                         } else {
                           line.push_back(row[i].text);
                         }
                       }
                       for (const size_t column : blob_columns) {
                         if (!row[column].text.empty()) hashes.insert(row[column].text);
                       }
                       put(line, 1 << 20);
                       ++rows;
                     });
  }
  put(Json{{"end", rows}}, 0);
  THIMBLE_EXPECT(outcome);
  THIMBLE_EXPECT(file.Close());
  return rows;
}

Error NotABackup(const fs::path& file, const std::string& why) {
  return {Status::kInvalidArgument, file.string() + ": this is no backup of a thimble server (" + why + ")"};
}

/// Puts the rows of such a file into the empty tables.
Outcome ReadRows(Connection& connection, const fs::path& path, int64_t& rows) {
  std::ifstream lines(path);
  std::string text, insert, kinds;
  const Error damaged{Status::kDataLoss, "the backup's rows are damaged; take another backup"};
  const auto tables = internal::TablesInOrder();
  while (std::getline(lines, text)) {
    const Json line = Json::parse(text, nullptr, false);
    if (line.is_object() && line.contains("end")) {
      if (line["end"] != rows) return damaged;
      if (!connection.is_postgresql()) return Nothing{};
      for (const std::string_view table : tables) {
        // Otherwise it would give ids again that are taken.
        const std::string name(table);
        connection.Query(
            "SELECT setval(pg_get_serial_sequence('" + name + "', 'id'), coalesce(max(id), 0) + 1, false) FROM " + name,
            {}, "i", [](const Row&) {});
      }
      return Nothing{};
    }
    if (line.is_object() && line.contains("table") && line["table"].is_string()) {
      const std::string table = line["table"];
      if (std::find(tables.begin(), tables.end(), table) == tables.end()) return damaged;
      // What is bound is the file's; what is executed is ours.
      const TableShape ours = ShapeOf(connection, table);
      std::vector<std::string> marks(ours.columns.size(), "?");
      if (line.value("columns", std::vector<std::string>()) != ours.columns) return damaged;
      kinds = ours.kinds;
      insert = "INSERT INTO " + table + " (" + Joined(ours.columns, ", ") + ") VALUES (" + Joined(marks, ", ") + ")";
      continue;
    }
    if (!line.is_array() || line.size() != kinds.size() || kinds.empty()) return damaged;
    Values values;
    for (size_t i = 0; i < kinds.size(); ++i) {
      const Json& cell = line[i];
      if (cell.is_null() && kinds[i] == 'i') {
        values.emplace_back(Reference());
      } else if (kinds[i] == 'i' && cell.is_number_integer()) {
        values.emplace_back(cell.get<int64_t>());
      } else if (kinds[i] == 'd' && cell.is_number()) {
        values.emplace_back(cell.get<double>());
      } else if (kinds[i] == 't' && cell.is_string()) {
        values.emplace_back(cell.get<std::string>());
      } else {
        return damaged;
      }
    }
    connection.Execute(insert, values);
    ++rows;
  }
  return damaged;
}

/// Copies the entry that `tar` stands at.
Outcome Unpack(internal::TarReader& tar, const fs::path& place) {
  THIMBLE_ASSIGN(internal::File file, internal::File::Create(place));
  std::string piece(128 * 1024, '\0');
  while (true) {
    THIMBLE_ASSIGN(const size_t got, tar.Read(std::span(piece)));
    if (got == 0) return file.Close();
    THIMBLE_EXPECT(file.Write(std::string_view(piece).substr(0, got)));
  }
}

}  // namespace

Expected<BackupReport> Backup(Store& store, const fs::path& file) {
  std::error_code error;
  if (fs::exists(file, error)) {
    return {Status::kInvalidArgument, file.string() + ": this file exists already; choose another name"};
  }
  // What is in the snapshot of the database must stay until it is copied.
  const auto hold = store.blobs().HoldGarbage();
  const Temporary rows_file{fs::path(file).concat(".rows")}, unfinished{fs::path(file).concat(".unfinished")};
  fs::remove(rows_file.path, error);
  fs::remove(unfinished.path, error);
  BackupReport report;
  Blobs::HashSet hashes;
  const auto write_rows = [&](Connection& connection) -> Expected<int64_t> {
    fs::remove(rows_file.path, error);  // of an attempt whose connection was lost
    hashes.clear();
    return WriteRows(connection, rows_file.path, hashes);
  };
  THIMBLE_ASSIGN(report.rows, StoreAccess::DatabaseOf(store).Read(write_rows, /*snapshot=*/true));
  THIMBLE_ASSIGN(internal::TarWriter tar, internal::TarWriter::Create(unfinished.path));
  report.blobs = static_cast<int64_t>(hashes.size());
  const Json head = {
      {"format", kFormat}, {"schema", internal::NewestSchema()}, {"rows", report.rows}, {"blobs", report.blobs}};
  THIMBLE_EXPECT(tar.AddText(kHead, head.dump() + "\n"));
  THIMBLE_EXPECT(tar.AddFile("rows.jsonl", rows_file.path));
  for (const std::string& hash : hashes) {
    const Expected<fs::path> place = store.blobs().FileOf(hash);
    if (!place.ok()) return {Status::kDataLoss, place.error().message + ", but a row refers to it; run verify"};
    const bool packed = place->extension() == ".zst";
    THIMBLE_EXPECT(tar.AddFile("blobs/" + hash + (packed ? ".zst" : ""), *place));
  }
  THIMBLE_ASSIGN(report.bytes, tar.Finish());
  THIMBLE_EXPECT(internal::Move(unfinished.path, file));
  THIMBLE_EXPECT(internal::SyncPath(fs::absolute(file).parent_path()));
  return report;
}

Expected<BackupReport> Restore(const fs::path& file, const StoreOptions& options) {
  THIMBLE_ASSIGN(internal::TarReader tar, internal::TarReader::Open(file));
  THIMBLE_ASSIGN(const std::optional<internal::TarReader::Entry> first, tar.Next());
  if (!first || first->name != kHead || first->bytes > 4096) return NotABackup(file, "it does not begin with its head");
  std::string head_text(static_cast<size_t>(first->bytes), '\0');
  THIMBLE_EXPECT(tar.Read(std::span(head_text)));
  const Json head = Json::parse(head_text, nullptr, false);
  if (!head.is_object() || head.value("format", "") != kFormat || !head.contains("schema") ||
      !head["schema"].is_number_integer() || !head.contains("blobs") || !head["blobs"].is_number_integer()) {
    return NotABackup(file, "its head says something else");
  }
  const int64_t schema = head["schema"];
  if (schema > internal::NewestSchema() || schema < 1) {
    return {Status::kFailed, file.string() + ": the backup was written by a newer thimble; update this one"};
  }
  std::error_code error;
  if (fs::exists(options.folder, error) && !fs::is_empty(options.folder, error)) {
    return {Status::kInvalidArgument, options.folder.string() + ": this folder is not empty; restore into a new one"};
  }
  const fs::path incoming = options.folder / "blobs" / "incoming";
  THIMBLE_EXPECT(internal::MakeFolder(incoming));
  const fs::path mark = options.folder / internal::kUnfinishedRestore;
  {
    THIMBLE_ASSIGN(internal::File made, internal::File::Create(mark));
    THIMBLE_EXPECT(internal::SyncPath(options.folder));
  }
  THIMBLE_ASSIGN(const internal::File lock, internal::LockFolder(options.folder));
  const Temporary rows_file{options.folder / "rows.jsonl"};
  BackupReport report{.bytes = static_cast<int64_t>(fs::file_size(file, error))};
  while (true) {
    THIMBLE_ASSIGN(const std::optional<internal::TarReader::Entry> entry, tar.Next());
    if (!entry) break;
    if (entry->name == "rows.jsonl") {
      THIMBLE_EXPECT(Unpack(tar, rows_file.path));
      continue;
    }
    const std::string_view prefix = "blobs/";
    const std::string name = entry->name.starts_with(prefix) ? entry->name.substr(prefix.size()) : "";
    if (!IsBlobHash(std::string_view(name).substr(0, 64)) || (name.size() != 64 && name.substr(64) != ".zst")) {
      return NotABackup(file, "it holds '" + entry->name + "'");
    }
    // As if an earlier server had not come to move it: opening the blobs checks and places it.
    THIMBLE_EXPECT(Unpack(tar, incoming / ("0-" + name)));
    ++report.blobs;
  }
  THIMBLE_ASSIGN(const std::unique_ptr<Blobs> blobs, Blobs::Open(options.folder / "blobs"));
  const Blobs::Report placed = blobs->Verify();
  if (placed.blobs != report.blobs || report.blobs != head["blobs"].get<int64_t>()) {
    return {Status::kDataLoss, file.string() + ": " + std::to_string(head["blobs"].get<int64_t>() - placed.blobs) +
                                   " of its blobs are damaged or missing; take another backup"};
  }
  const std::string url = internal::DatabaseUrl(options.folder, options.database);
  THIMBLE_ASSIGN(const std::unique_ptr<internal::Database> database, internal::Database::Open(url, 1));
  THIMBLE_EXPECT(internal::Migrate(*database, schema));
  THIMBLE_EXPECT(database->Write([&](Connection& connection) -> Outcome {
    for (const std::string_view table : internal::TablesInOrder()) {
      if (connection.Integer("SELECT count(*) FROM " + std::string(table)).value_or(0) != 0) {
        return {Status::kInvalidArgument, "the database is not empty; restore into a new one"};
      }
    }
    report.rows = 0;
    return ReadRows(connection, rows_file.path, report.rows);
  }));
  THIMBLE_EXPECT(internal::Migrate(*database));
  THIMBLE_ASSIGN(const internal::File folder, internal::File::OpenForReading(options.folder));
  if (::syncfs(folder.descriptor()) != 0) return internal::SystemError(options.folder);
  fs::remove(mark, error);
  THIMBLE_EXPECT(internal::SyncPath(options.folder));
  return report;
}

Expected<VerifyReport> Verify(Store& store) {
  VerifyReport report;
  const auto hold = store.blobs().HoldGarbage();
  const auto look = [&](Connection& connection) -> Outcome {
    report = {};
    if (!connection.is_postgresql()) {
      connection.Query("PRAGMA integrity_check", {}, "t", [&](const Row& row) {
        if (row[0].text != "ok") report.problems.push_back("the database is damaged: " + row[0].text);
      });
      connection.Query("SELECT \"table\", parent FROM pragma_foreign_key_check", {}, "tt", [&](const Row& row) {
        report.problems.push_back("a row of " + row[0].text + " belongs to one of " + row[1].text +
                                  " that is not there");
      });
    }
    for (const std::string_view table : internal::TablesInOrder()) {
      report.rows += connection.Integer("SELECT count(*) FROM " + std::string(table)).value_or(0);
    }
    for (const auto& [table, column] : internal::BlobColumns()) {
      const std::string name(column);
      connection.Query("SELECT " + name + ", count(*), min(id) FROM " + std::string(table) + " WHERE " + name +
                           " <> '' GROUP BY " + name,
                       {}, "tii", [&](const Row& row) {
                         if (store.blobs().Has(row[0].text)) return;
                         report.problems.push_back("blob " + row[0].text + " is missing; " +
                                                   std::to_string(row[1].integer) + " rows of " + std::string(table) +
                                                   " need it, the first is " + std::to_string(row[2].integer) +
                                                   "; bring it back from a backup");
                       });
    }
    return Nothing{};
  };
  THIMBLE_EXPECT(StoreAccess::DatabaseOf(store).Read(look, /*snapshot=*/true));
  Blobs::Report blobs = store.blobs().Verify();
  report.blobs = blobs.blobs;
  report.stored_bytes = blobs.stored_bytes;
  report.problems.insert(report.problems.end(), blobs.problems.begin(), blobs.problems.end());
  return report;
}

}  // namespace thimble::studio
