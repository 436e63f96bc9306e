// Store: answers that may be asked for again, the audit log, what models on devices say, settings.
#include <cstdlib>
#include <utility>

#include "studio/store/internal/state.h"

namespace thimble::studio {

using internal::Connection;
using internal::Row;

namespace {

// Clocks that only run badly differ less in the time between two calls.
constexpr int64_t kMostDriftMs = 600'000;

}  // namespace

Expected<std::optional<IdempotentAnswer>> Store::BeginAnswer(IdempotentAnswer answer) {
  answer.http_status = 0;
  answer.created_ms = Now();
  return state_->database->Write([&](Connection& connection) -> Expected<std::optional<IdempotentAnswer>> {
    const auto id = connection.Integer(
        "INSERT INTO idempotent_answers (" + internal::ColumnsOf<IdempotentAnswer>().names + ") VALUES (" +
            internal::ColumnsOf<IdempotentAnswer>().marks + ") ON CONFLICT (scope, key) DO NOTHING RETURNING id",
        internal::ValuesOf(answer));
    if (id) return std::optional<IdempotentAnswer>();
    auto found =
        internal::Select<IdempotentAnswer>(connection, "WHERE scope = ? AND key = ?", {answer.scope, answer.key});
    if (found.empty()) return std::optional<IdempotentAnswer>();
    if (found[0].request_hash != answer.request_hash) {
      return {Status::kInvalidArgument,
              "idempotency key '" + answer.key + "' came with another request before; use a new key"};
    }
    return std::optional<IdempotentAnswer>(std::move(found[0]));
  });
}

Outcome Store::KeepAnswer(const IdempotentAnswer& answer) {
  return state_->Remove("UPDATE idempotent_answers SET http_status = ?, body = ? WHERE scope = ? AND key = ?",
                        {answer.http_status, answer.body, answer.scope, answer.key},
                        Named("idempotency key", answer.key));
}

Outcome Store::Audit(AuditEntry entry, int64_t at_most_every_ms) {
  const std::string what = std::to_string(entry.project_id) + "\n" + entry.actor + "\n" + entry.action;
  if (at_most_every_ms > 0) {
    const int64_t now = state_->options.steady_ms();
    const std::lock_guard lock(state_->known_mutex);
    std::erase_if(state_->audited, [now](const auto& one) { return one.second <= now; });
    if (!state_->audited.emplace(what, now + at_most_every_ms).second) return Nothing{};
  }
  entry.time_ms = Now();
  const Expected<int64_t> added = state_->Add(entry);
  if (added.ok()) return Nothing{};
  const std::lock_guard lock(state_->known_mutex);
  state_->audited.erase(what);
  return added.error();
}

Outcome Store::Forget(const Retention& retention) {
  const int64_t now = Now(), day_less_steady_ms = now - state_->options.steady_ms();
  bool jumped = false;
  {
    const std::lock_guard lock(state_->known_mutex);
    const int64_t before = std::exchange(state_->day_less_steady_ms, day_less_steady_ms);
    jumped = std::abs(day_less_steady_ms - before) > kMostDriftMs;
  }
  return state_->database->Write([&](Connection& connection) -> Outcome {
    if (!jumped) {
      connection.Execute("DELETE FROM sessions WHERE expires_ms <= ?", {now});
      // Those of the future are older than the clock, which was put back.
      connection.Execute("DELETE FROM idempotent_answers WHERE created_ms < ? OR created_ms > ?",
                         {now - retention.answers_ms, now + retention.answers_ms});
    }
    connection.Execute("DELETE FROM audit_entries WHERE id <= (SELECT max(id) FROM audit_entries) - ?",
                       {retention.audit_entries});
    for (const char* table : {"inference_records", "inference_summaries"}) {
      connection.Execute("DELETE FROM " + std::string(table) +
                             " WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY project_id, "
                             "device_id ORDER BY id DESC) AS place FROM " +
                             table + ") AS placed WHERE place > ?)",
                         {retention.records_of_device});
    }
    return Nothing{};
  });
}

Expected<Page<AuditEntry>> Store::ListAudit(int64_t project_id, const Paging& paging) {
  if (project_id == 0) return state_->ListPage<AuditEntry>("WHERE id > 0", {}, paging);
  return state_->ListPage<AuditEntry>("WHERE project_id = ?", {project_id}, paging);
}

Expected<int64_t> Store::AddInferenceRecord(InferenceRecord record) {
  record.created_ms = Now();
  return state_->Add(record);
}

Expected<Page<InferenceRecord>> Store::ListInferenceRecords(int64_t project_id, std::string_view device_id,
                                                            const Paging& paging) {
  return state_->ListPage<InferenceRecord>("WHERE project_id = ? AND device_id = ?", {project_id, device_id}, paging);
}

Expected<int64_t> Store::AddInferenceSummary(InferenceSummary summary) {
  summary.created_ms = Now();
  return state_->Add(summary);
}

Expected<Page<InferenceSummary>> Store::ListInferenceSummaries(int64_t project_id, std::string_view device_id,
                                                               const Paging& paging) {
  return state_->ListPage<InferenceSummary>("WHERE project_id = ? AND device_id = ?", {project_id, device_id}, paging);
}

Expected<std::optional<std::string>> Store::GetSetting(int64_t scope, std::string_view key) {
  return state_->database->Read([&](Connection& connection) -> Expected<std::optional<std::string>> {
    std::optional<std::string> value;
    connection.Query("SELECT value FROM settings WHERE scope = ? AND key = ?", {scope, key}, "t",
                     [&](const Row& row) { value = row[0].text; });
    return value;
  });
}

Outcome Store::SetSetting(int64_t scope, std::string_view key, std::string_view value) {
  THIMBLE_EXPECT(state_->Execute(
      "INSERT INTO settings (scope, key, value) VALUES (?, ?, ?) ON CONFLICT (scope, key) DO UPDATE SET value = "
      "excluded.value",
      {scope, key, value}));
  return Nothing{};
}

}  // namespace thimble::studio
