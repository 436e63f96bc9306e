// SQL through SOCI, its quirks wrapped once: typed rows, kept prepared statements, one writer for SQLite, errors.
#ifndef THIMBLE_STUDIO_STORE_INTERNAL_DATABASE_H_
#define THIMBLE_STUDIO_STORE_INTERNAL_DATABASE_H_

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace thimble::studio::internal {

/// What is bound to a `?`, or found in a column.
struct Value {
  enum class Kind : uint8_t { kInteger, kReal, kText };
  Kind kind = Kind::kInteger;
  bool null = false;
  int64_t integer = 0;
  double real = 0;
  std::string text;

  Value() = default;
  Value(int64_t value) : integer(value) {}
  Value(int value) : integer(value) {}
  Value(bool value) : integer(value ? 1 : 0) {}
  Value(double value) : kind(Kind::kReal), real(value) {}
  Value(std::string_view value) : kind(Kind::kText), text(value) {}
  Value(const std::string& value) : kind(Kind::kText), text(value) {}
  Value(const char* value) : kind(Kind::kText), text(value) {}
  Value(std::optional<int64_t> value) : null(!value), integer(value.value_or(0)) {}
};
using Values = std::vector<Value>;
using Row = std::vector<Value>;

/// How errors travel inside of the store: thrown where SQL is spoken, an Error for everyone else.
struct Fault {
  Error error;
};

/// One connection. Throws Fault or SOCI's exceptions; Database catches both.
class Connection {
 public:
  explicit Connection(const std::string& url);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool is_postgresql() const;

  /// Runs a statement with a `?` for each value (none in texts). Says how many rows it changed.
  int64_t Execute(const std::string& sql, const Values& values = {});

  /// Calls `visit` for each row. `kinds`: a letter a column, i (integer), d (real), t (text).
  void Query(const std::string& sql, const Values& values, std::string_view kinds,
             const std::function<void(const Row&)>& visit);

  /// The first column of the only row; nothing when there is none.
  std::optional<int64_t> Integer(const std::string& sql, const Values& values = {});

  /// Runs statements that end with semicolons, without values. Not kept prepared.
  void Script(std::string_view sql);

  void Begin(std::string_view how);
  void Commit();
  void Rollback();

 private:
  friend class Database;
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

/// A few connections, each used by one thread at a time.
class Database {
 public:
  /// `url`: a file of SQLite, or postgresql://…
  static Expected<std::unique_ptr<Database>> Open(const std::string& url, int connections);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  bool is_postgresql() const { return postgresql_; }

  /// Holds the database for this process, until it ends or loses its connection. Of SQLite the folder's lock says that.
  ///
  ///   kFailed  another process holds it
  Outcome HoldAlone();

  /// Runs `work` on a connection, in one state of the database if it is `snapshot`.
  template <typename Work>
  auto Read(const Work& work, bool snapshot = false) {
    return Run(work, snapshot ? Mode::kSnapshot : Mode::kRead);
  }

  /// Runs `work` in a transaction: all of it is kept, durably, or, when it fails, nothing. It may run more than once.
  template <typename Work>
  auto Write(const Work& work) {
    return Run(work, Mode::kWrite);
  }

 private:
  enum class Mode { kRead, kSnapshot, kWrite };
  struct Pool;
  explicit Database(std::unique_ptr<Pool> pool);
  Outcome RunErased(Mode mode, const std::function<Outcome(Connection&)>& work);

  template <typename Work>
  auto Run(const Work& work, Mode mode) -> decltype(work(std::declval<Connection&>())) {
    std::optional<decltype(work(std::declval<Connection&>()))> result;
    Outcome outcome = RunErased(mode, [&](Connection& connection) -> Outcome {
      result.emplace(work(connection));
      if (!result->ok()) return result->error();
      return Nothing{};
    });
    if (!outcome.ok()) return outcome.error();
    return *std::move(result);
  }

  std::unique_ptr<Pool> pool_;
  bool postgresql_ = false;
};

// ---- records (records.h) as rows

struct Columns {
  std::string names;  ///< "name, email, …": without id
  std::string marks;  ///< "?, ?, …"
  std::string sets;   ///< "name = ?, email = ?, …" without version
  std::string kinds;
};

template <typename Field>
constexpr char KindOf() {
  if constexpr (std::is_same_v<Field, std::string>) return 't';
  if constexpr (std::is_same_v<Field, double>) return 'd';
  return 'i';
}

template <typename Record>
const Columns& ColumnsOf() {
  static const Columns columns = [] {
    Columns made;
    Record record;
    Record::Fields(
        [&](const std::string& name, auto& field) {
          made.names += (made.names.empty() ? "" : ", ") + name;
          made.marks += made.marks.empty() ? "?" : ", ?";
          if (name != "version") made.sets += (made.sets.empty() ? "" : ", ") + name + " = ?";
          made.kinds += KindOf<std::decay_t<decltype(field)>>();
        },
        record);
    return made;
  }();
  return columns;
}

template <typename Record>
Values ValuesOf(const Record& record, bool with_version = true) {
  Values values;
  Record::Fields(
      [&](std::string_view name, const auto& field) {
        if (with_version || name != "version") values.emplace_back(field);
      },
      record);
  return values;
}

template <typename Record>
Record FromRow(const Row& row) {
  Record record;
  record.id = row[0].integer;
  size_t at = 1;
  Record::Fields(
      [&](std::string_view, auto& field) {
        using Field = std::decay_t<decltype(field)>;
        const Value& value = row[at++];
        if constexpr (std::is_same_v<Field, std::string>) {
          field = value.text;
        } else if constexpr (std::is_same_v<Field, double>) {
          field = value.real;
        } else if constexpr (std::is_same_v<Field, std::optional<int64_t>>) {
          if (!value.null) field = value.integer;
        } else {
          field = static_cast<Field>(value.integer);
        }
      },
      record);
  return record;
}

/// Gives their ids, in their order.
template <typename Record>
std::vector<int64_t> InsertAll(Connection& connection, std::span<const Record* const> records) {
  // A statement costs PostgreSQL a journey to another process, and SQLite nothing. Always a power of two of rows, so
  // that few statements have to be prepared.
  const size_t most = connection.is_postgresql() ? 32 : 1;
  std::vector<int64_t> ids;
  while (!records.empty()) {
    const size_t count = std::min(std::bit_floor(records.size()), most);
    std::string sql = std::string("INSERT INTO ") + Record::kTable + " (" + ColumnsOf<Record>().names + ") VALUES ";
    Values values;
    for (size_t i = 0; i < count; ++i) {
      sql.append(i == 0 ? "(" : ", (").append(ColumnsOf<Record>().marks).append(")");
      std::ranges::move(ValuesOf(*records[i]), std::back_inserter(values));
    }
    connection.Query(sql + " RETURNING id", values, "i", [&](const Row& row) { ids.push_back(row[0].integer); });
    records = records.subspan(count);
  }
  return ids;
}

/// Gives its id.
template <typename Record>
int64_t Insert(Connection& connection, const Record& record) {
  const Record* const one[] = {&record};
  return InsertAll<Record>(connection, one).front();
}

/// `rest`: "WHERE project_id = ? ORDER BY id".
template <typename Record>
std::vector<Record> Select(Connection& connection, const std::string& rest, const Values& values) {
  static const std::string head = "SELECT id, " + ColumnsOf<Record>().names + " FROM " + Record::kTable + " ";
  static const std::string kinds = "i" + ColumnsOf<Record>().kinds;
  std::vector<Record> records;
  connection.Query(head + rest, values, kinds, [&](const Row& row) { records.push_back(FromRow<Record>(row)); });
  return records;
}

/// Its new version; nothing when it is of another version now, or gone.
template <typename Record>
std::optional<int64_t> Update(Connection& connection, const Record& record) {
  static const std::string sql = std::string("UPDATE ") + Record::kTable + " SET " + ColumnsOf<Record>().sets +
                                 ", version = version + 1 WHERE id = ? AND version = ? RETURNING version";
  Values values = ValuesOf(record, false);
  values.emplace_back(record.id);
  values.emplace_back(record.version);
  return connection.Integer(sql, values);
}

}  // namespace thimble::studio::internal

#endif  // THIMBLE_STUDIO_STORE_INTERNAL_DATABASE_H_
