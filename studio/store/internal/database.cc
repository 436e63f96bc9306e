#include "studio/store/internal/database.h"

#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

namespace thimble::studio::internal {
namespace {

bool IsPostgresql(std::string_view url) { return url.starts_with("postgresql://") || url.starts_with("postgres://"); }

/// PostgreSQL refuses other texts, SQLite would keep them: neither gets them.
bool IsUtf8WithoutNul(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at++]);
    if (first == 0) return false;
    if (first < 0x80) continue;
    const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4 || at + static_cast<size_t>(more) > text.size()) return false;
    uint32_t point = first & (0x3fU >> more);
    for (int i = 0; i < more; ++i) {
      const auto next = static_cast<unsigned char>(text[at++]);
      if ((next & 0xc0) != 0x80) return false;
      point = point << 6 | (next & 0x3f);
    }
    const uint32_t least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
  }
  return true;
}

void Check(const Value& value) {
  if (value.kind == Value::Kind::kText && !IsUtf8WithoutNul(value.text)) {
    throw Fault{{Status::kInvalidArgument, "a text is not UTF-8, or has a NUL in it; send it as UTF-8"}};
  }
  if (value.kind == Value::Kind::kReal && !std::isfinite(value.real)) {
    throw Fault{{Status::kInvalidArgument, "a number is infinite or none; only finite numbers can be kept"}};
  }
}

/// What SOCI reads from and writes to. Its address must not change while a statement lives.
struct Cell {
  long long integer = 0;
  double real = 0;
  std::string text;
  soci::indicator indicator = soci::i_ok;
};

struct Prepared {
  explicit Prepared(soci::session& session) : statement(session) {}
  // Before the statement, whose exchange elements point here.
  std::deque<Cell> values, columns;
  soci::statement statement;
};

constexpr size_t kMostPrepared = 200;
constexpr int kHoldAttempts = 100;
constexpr std::chrono::milliseconds kHoldAgain{20};

/// ":p0" for the first `?`, and so on: names that repeat would be one parameter to SQLite and two to PostgreSQL.
std::string NameMarks(std::string_view sql) {
  std::string named;
  int count = 0;
  for (const char c : sql) {
    if (c == '?') {
      named += ":p" + std::to_string(count++);
    } else {
      named += c;
    }
  }
  return named;
}

/// Of the database, without SOCI's account of the statement and its values, which may be private.
std::string FirstLine(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  if (const size_t at = line.find(" while "); at != std::string::npos) line.resize(at);
  return line;
}

enum class Trouble { kNone, kAgain, kConnection };

Error Explain(const std::exception& exception, Trouble& trouble) {
  const std::string text = FirstLine(exception.what());
  const auto has = [&](std::string_view part) { return text.find(part) != std::string::npos; };
  const Error taken{Status::kInvalidArgument, "there is one of that name already (" + text + ")"};
  const Error dangling{Status::kNotFound,
                       "what it belongs to is not there, or something still belongs to it (" + text + ")"};
  const Error full{Status::kOutOfMemory, "the database's disk is full; free some space and try again"};
  if (const auto* postgresql = dynamic_cast<const soci::postgresql_soci_error*>(&exception)) {
    const std::string state = postgresql->sqlstate();
    if (state == "23505") return taken;
    if (state == "23503") return dangling;
    if (state == "53100") return full;
    if (state == "40P01" || state == "40001") trouble = Trouble::kAgain;
    if (state.starts_with("08") || state.starts_with("57P")) trouble = Trouble::kConnection;
  } else if (dynamic_cast<const soci::sqlite3_soci_error*>(&exception) != nullptr) {
    if (has("UNIQUE constraint")) return taken;
    if (has("FOREIGN KEY constraint")) return dangling;
    if (has("is full")) return full;
    if (has("readonly")) {
      return {Status::kFailed, "the database is read-only; make its disk and file writable (" + text + ")"};
    }
    if (has("malformed") || has("not a database")) {
      return {Status::kDataLoss, "the database is damaged; bring it back from a backup (" + text + ")"};
    }
    if (has("locked")) return {Status::kFailed, "another program holds the database; end it and try again"};
  }
  return {Status::kFailed, "the database says: " + text};
}

}  // namespace

struct Connection::Inside {
  soci::session session;
  bool postgresql = false;
  std::map<std::string, std::unique_ptr<Prepared>, std::less<>> prepared;
  bool broken = false;

  Prepared& Prepare(const std::string& sql, const Values& values, std::string_view kinds) {
    if (const auto found = prepared.find(sql); found != prepared.end()) return *found->second;
    if (prepared.size() >= kMostPrepared) prepared.clear();
    auto made = std::make_unique<Prepared>(session);
    soci::statement& statement = made->statement;
    for (const Value& value : values) {
      Cell& cell = made->values.emplace_back();
      switch (value.kind) {
        case Value::Kind::kInteger:
          statement.exchange(soci::use(cell.integer, cell.indicator));
          break;
        case Value::Kind::kReal:
          statement.exchange(soci::use(cell.real, cell.indicator));
          break;
        case Value::Kind::kText:
          statement.exchange(soci::use(cell.text, cell.indicator));
          break;
      }
    }
    for (const char kind : kinds) {
      Cell& cell = made->columns.emplace_back();
      if (kind == 'i') {
        statement.exchange(soci::into(cell.integer, cell.indicator));
      } else if (kind == 'd') {
        statement.exchange(soci::into(cell.real, cell.indicator));
      } else {
        statement.exchange(soci::into(cell.text, cell.indicator));
      }
    }
    statement.alloc();
    statement.prepare(NameMarks(sql));
    statement.define_and_bind();
    return *prepared.emplace(sql, std::move(made)).first->second;
  }

  Prepared& Bind(const std::string& sql, const Values& values, std::string_view kinds) {
    for (const Value& value : values) Check(value);
    Prepared& ready = Prepare(sql, values, kinds);
    for (size_t i = 0; i < values.size(); ++i) {
      Cell& cell = ready.values[i];
      cell.integer = values[i].integer;
      cell.real = values[i].real;
      cell.text = values[i].text;
      cell.indicator = values[i].null ? soci::i_null : soci::i_ok;
    }
    return ready;
  }
};

Connection::Connection(const std::string& url) : inside_(std::make_unique<Inside>()) {
  inside_->postgresql = IsPostgresql(url);
  if (inside_->postgresql) {
    inside_->session.open(soci::postgresql, url);
    Script("SET client_min_messages = warning;");
  } else {
    inside_->session.open(soci::sqlite3, "dbname=\"" + url + "\" timeout=20");
    Script(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 20000;");
  }
}

Connection::~Connection() {
  try {
    inside_->prepared.clear();
    inside_.reset();
  } catch (const std::exception&) {
    // A lost connection cannot take leave.
  }
}

bool Connection::is_postgresql() const { return inside_->postgresql; }

int64_t Connection::Execute(const std::string& sql, const Values& values) {
  Prepared& ready = inside_->Bind(sql, values, "");
  ready.statement.execute(true);
  return ready.statement.get_affected_rows();
}

void Connection::Query(const std::string& sql, const Values& values, std::string_view kinds,
                       const std::function<void(const Row&)>& visit) {
  Prepared& ready = inside_->Bind(sql, values, kinds);
  Row row(kinds.size());
  ready.statement.execute(false);
  // To the end in any case: an open statement keeps SQLite's read transaction open.
  while (ready.statement.fetch()) {
    for (size_t i = 0; i < kinds.size(); ++i) {
      Cell& cell = ready.columns[i];
      row[i].null = cell.indicator == soci::i_null;
      row[i].integer = row[i].null ? 0 : cell.integer;
      row[i].real = row[i].null ? 0 : cell.real;
      if (kinds[i] == 't') row[i].text = row[i].null ? std::string() : cell.text;
    }
    visit(row);
  }
}

std::optional<int64_t> Connection::Integer(const std::string& sql, const Values& values) {
  std::optional<int64_t> result;
  Query(sql, values, "i", [&](const Row& row) { result = row[0].integer; });
  return result;
}

void Connection::Script(std::string_view sql) {
  while (true) {
    const size_t end = sql.find(';');
    if (end == std::string_view::npos) return;
    inside_->session.once << std::string(sql.substr(0, end));
    sql.remove_prefix(end + 1);
  }
}

void Connection::Begin(std::string_view how) { inside_->session.once << std::string(how); }
void Connection::Commit() { inside_->session.once << "COMMIT"; }
void Connection::Rollback() { inside_->session.once << "ROLLBACK"; }

struct Database::Pool {
  std::string url;
  std::mutex mutex;
  std::condition_variable freed;
  std::vector<std::unique_ptr<Connection>> idle;
  std::unique_ptr<Connection> writer;  ///< SQLite has one; PostgreSQL writes on all
  std::unique_ptr<Connection> holder;  ///< of the lock on the whole database

  std::unique_ptr<Connection> Take(bool write) {
    std::unique_lock lock(mutex);
    std::unique_ptr<Connection> taken;
    if (write) {
      freed.wait(lock, [&] { return writer != nullptr; });
      taken = std::move(writer);
    } else {
      freed.wait(lock, [&] { return !idle.empty(); });
      taken = std::move(idle.back());
      idle.pop_back();
    }
    return taken;
  }

  void Give(std::unique_ptr<Connection> connection, bool write) {
    const std::lock_guard lock(mutex);
    if (write) {
      writer = std::move(connection);
    } else {
      idle.push_back(std::move(connection));
    }
    freed.notify_all();
  }
};

Database::Database(std::unique_ptr<Pool> pool) : pool_(std::move(pool)) {}
Database::~Database() = default;

Expected<std::unique_ptr<Database>> Database::Open(const std::string& url, int connections) {
  auto pool = std::make_unique<Pool>();
  pool->url = url;
  try {
    for (int i = 0; i < connections; ++i) pool->idle.push_back(std::make_unique<Connection>(url));
    if (!IsPostgresql(url)) pool->writer = std::make_unique<Connection>(url);
  } catch (const std::exception& exception) {
    Trouble trouble = Trouble::kNone;
    const Error error = Explain(exception, trouble);
    // The URL may hold a password: only PostgreSQL's own words are passed on.
    return {error.status, "the database cannot be opened: " + error.message};
  }
  std::unique_ptr<Database> database(new Database(std::move(pool)));
  database->postgresql_ = IsPostgresql(url);
  return database;
}

Outcome Database::HoldAlone() {
  if (!postgresql_) return Nothing{};
  try {
    auto holder = std::make_unique<Connection>(pool_->url);
    // Of a process that was killed, PostgreSQL learns within moments.
    for (int attempt = 0; attempt < kHoldAttempts; ++attempt) {
      if (attempt > 0) std::this_thread::sleep_for(kHoldAgain);
      const auto held = holder->Integer(
          "SELECT CASE WHEN pg_try_advisory_lock(7448626, hashtext(current_schema())) THEN 1 ELSE 0 END");
      if (held == 1) {
        pool_->holder = std::move(holder);
        return Nothing{};
      }
    }
  } catch (const std::exception& exception) {
    Trouble trouble = Trouble::kNone;
    return Explain(exception, trouble);
  }
  return {Status::kFailed, "another thimble serves from this database; end that one, or choose another database"};
}

Outcome Database::RunErased(Mode mode, const std::function<Outcome(Connection&)>& work) {
  const bool one_writer = mode == Mode::kWrite && !postgresql_;
  std::unique_ptr<Connection> connection = pool_->Take(one_writer);
  Outcome outcome = Nothing{};
  for (int attempt = 0; attempt < 5; ++attempt) {
    Trouble trouble = Trouble::kNone;
    bool begun = false, committing = false, thrown = false;
    try {
      if (connection == nullptr || connection->inside_->broken) connection = std::make_unique<Connection>(pool_->url);
      if (mode == Mode::kWrite) connection->Begin(postgresql_ ? "BEGIN" : "BEGIN IMMEDIATE");
      if (mode == Mode::kSnapshot)
        connection->Begin(postgresql_ ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN");
      begun = mode != Mode::kRead;
      outcome = work(*connection);
      if (begun && outcome.ok()) {
        committing = true;
        connection->Commit();
        begun = false;
      }
    } catch (const Fault& fault) {
      outcome = fault.error;
    } catch (const std::exception& exception) {
      outcome = Explain(exception, trouble);
      thrown = true;
    }
    if (connection != nullptr) {
      try {
        if (begun) connection->Rollback();
        if (thrown) {
          connection->inside_->broken = !connection->inside_->session.is_connected();
        }
      } catch (const std::exception&) {
        connection->inside_->broken = true;
      }
      if (connection->inside_->broken) trouble = Trouble::kConnection;
      // A statement that failed halfway may be in any state.
      if (thrown && !connection->inside_->broken) connection->inside_->prepared.clear();
    }
    const bool lost_before_commit = trouble == Trouble::kConnection && !committing;
    if (outcome.ok() || !(trouble == Trouble::kAgain || lost_before_commit)) break;
  }
  pool_->Give(std::move(connection), one_writer);
  return outcome;
}

}  // namespace thimble::studio::internal
