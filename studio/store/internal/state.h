// What the parts of Store share.
#ifndef THIMBLE_STUDIO_STORE_INTERNAL_STATE_H_
#define THIMBLE_STUDIO_STORE_INTERNAL_STATE_H_

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "studio/store/internal/database.h"
#include "studio/store/internal/files.h"
#include "studio/store/internal/remembered.h"
#include "studio/store/store.h"

namespace thimble::studio {

/// A sample that waits for its group to become durable.
struct WaitingSample {
  NewSample sample;
  std::optional<Expected<AddSampleResult>> result;
  bool ends_call = false;  ///< the last of those that came together, which are in one group
};

struct Store::State {
  StoreOptions options;
  internal::File folder_lock;
  std::unique_ptr<Blobs> blobs;
  std::unique_ptr<internal::Database> database;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<WaitingSample*> waiting;
  bool publishing = false, inserting = false;

  std::mutex known_mutex;
  std::map<std::string, int64_t, std::less<>> leases;   ///< of this server, by owner: until when, of the steady clock
  std::map<std::string, int64_t, std::less<>> audited;  ///< entries that are not to come often: until when, likewise
  int64_t day_less_steady_ms = 0;                       ///< both clocks' difference when it was last looked at

  // Every upload asks for its key, for what signed it, and for its device.
  internal::Remembered<ApiKey> api_keys;                 ///< by hash
  internal::Remembered<std::vector<HmacKey>> hmac_keys;  ///< by project
  internal::Remembered<Device> devices;                  ///< by project and name

  /// Those whose leases of this server hold.
  std::vector<std::string> LivingOwners();
  void KeepLease(std::string_view owner, int64_t lease_ms);
  void ForgetLeases(std::string_view owner_prefix);

  /// False: they have their errors.
  bool PublishGroup(std::span<WaitingSample* const> group);
  void InsertGroup(std::span<WaitingSample* const> group);
  Expected<std::vector<AddSampleResult>> InsertSamples(std::span<WaitingSample* const> group);

  template <typename Record>
  Expected<int64_t> Add(const Record& record) {
    return database->Write(
        [&](internal::Connection& connection) -> Expected<int64_t> { return internal::Insert(connection, record); });
  }

  template <typename Record>
  Expected<std::vector<Record>> List(const std::string& rest, const internal::Values& values) {
    return database->Read([&](internal::Connection& connection) -> Expected<std::vector<Record>> {
      return internal::Select<Record>(connection, rest, values);
    });
  }

  /// `what`: "project 3".
  template <typename Record>
  Expected<Record> One(const std::string& rest, const internal::Values& values, const std::string& what) {
    THIMBLE_ASSIGN(std::vector<Record> found, List<Record>(rest, values));
    if (found.empty()) return {Status::kNotFound, "there is no " + what};
    return std::move(found.front());
  }

  template <typename Record>
  Expected<std::optional<int64_t>> Change(const Record& record) {
    return database->Write([&](internal::Connection& connection) -> Expected<std::optional<int64_t>> {
      return internal::Update(connection, record);
    });
  }

  /// Says how many rows it changed.
  Expected<int64_t> Execute(const std::string& sql, const internal::Values& values) {
    return database->Write(
        [&](internal::Connection& connection) -> Expected<int64_t> { return connection.Execute(sql, values); });
  }

  /// Execute that must change something. `what`: "project 3".
  Outcome Remove(const std::string& sql, const internal::Values& values, const std::string& what) {
    THIMBLE_ASSIGN(const int64_t changed_rows, Execute(sql, values));
    if (changed_rows == 0) return {Status::kNotFound, "there is no " + what};
    return Nothing{};
  }

  /// `where`: "WHERE project_id = ?", ended by the conditions of a page, newest first.
  template <typename Record>
  Expected<Page<Record>> ListPage(std::string where, internal::Values values, const Paging& paging) {
    if (paging.cursor > 0) {
      where += " AND id < ?";
      values.emplace_back(paging.cursor);
    }
    const int64_t limit = paging.limit < 1 ? 1 : paging.limit;
    values.emplace_back(limit + 1);  // one more says whether there is more
    THIMBLE_ASSIGN(std::vector<Record> found, List<Record>(where + " ORDER BY id DESC LIMIT ?", values));
    Page<Record> page{std::move(found), std::nullopt};
    if (static_cast<int64_t>(page.items.size()) > limit) {
      page.items.pop_back();
      page.next = page.items.back().id;
    }
    return page;
  }
};

/// For the functions of this folder that are not Store's.
struct StoreAccess {
  static internal::Database& DatabaseOf(Store& store) { return *store.state_->database; }
};

inline std::string Named(std::string_view kind, int64_t id) { return std::string(kind) + " " + std::to_string(id); }
inline std::string Named(std::string_view kind, std::string_view name) {
  return std::string(kind) + " '" + std::string(name) + "'";
}

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_STORE_INTERNAL_STATE_H_
