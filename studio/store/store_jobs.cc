// Store: jobs, their logs, and what they made.
#include <algorithm>

#include "studio/store/internal/state.h"

namespace thimble::studio {
namespace {

using internal::Connection;
using internal::Row;
using internal::Values;

// No worker may ask for more: a lease that ends later was given before the clock was put back.
constexpr int64_t kLongestLeaseMs = 3'600'000;

}  // namespace

Expected<int64_t> Store::AddJob(Job job) {
  job.state = "queued";
  job.created_ms = Now();
  return state_->Add(job);
}

Expected<Job> Store::GetJob(int64_t id) { return state_->One<Job>("WHERE id = ?", {id}, Named("job", id)); }

Expected<Page<Job>> Store::ListJobs(Reference project_id, const Paging& paging) {
  if (!project_id) return state_->ListPage<Job>("WHERE id > 0", {}, paging);
  return state_->ListPage<Job>("WHERE project_id = ?", {*project_id}, paging);
}

Expected<std::optional<Job>> Store::ClaimJob(std::string_view owner, int64_t lease_ms, int64_t most_attempts) {
  const int64_t now = Now();
  const int64_t until = now + std::min(lease_ms, kLongestLeaseMs);
  const int64_t latest = now + kLongestLeaseMs;
  // The time of day may jump; the workers of this server are known to live.
  const std::vector<std::string> living = state_->LivingOwners();
  std::string lapsed = "state = 'running' AND (lease_until_ms < ? OR lease_until_ms > ?)";
  for (size_t i = 0; i < living.size(); ++i) lapsed += i == 0 ? " AND owner NOT IN (?" : ", ?";
  if (!living.empty()) lapsed += ")";
  const auto with_lapsed = [&](Values values) {
    values.insert(values.end(), {now, latest});
    values.insert(values.end(), living.begin(), living.end());
    return values;
  };
  THIMBLE_ASSIGN(
      std::optional<Job> job, state_->database->Write([&](Connection& connection) -> Expected<std::optional<Job>> {
        connection.Execute(
            "UPDATE jobs SET state = 'cancelled', owner = '', finished_ms = ? WHERE cancel_requested = 1 AND " + lapsed,
            with_lapsed({now}));
        connection.Execute(
            "UPDATE jobs SET state = 'failed', owner = '', finished_ms = ?, "
            "error = 'the server ended each time while this job ran; look at its log' WHERE attempts >= ? AND " +
                lapsed,
            with_lapsed({now, most_attempts}));
        std::optional<Job> claimed;
        connection.Query(
            "UPDATE jobs SET state = 'running', owner = ?, lease_until_ms = ?, attempts = attempts + 1, progress = 0, "
            "started_ms = ? WHERE id = (SELECT id FROM jobs WHERE state = 'queued' OR (" +
                lapsed + ") ORDER BY id LIMIT 1" + (connection.is_postgresql() ? " FOR UPDATE SKIP LOCKED" : "") +
                ") RETURNING id, " + internal::ColumnsOf<Job>().names,
            with_lapsed({owner, until, now}), "i" + internal::ColumnsOf<Job>().kinds,
            [&](const Row& row) { claimed = internal::FromRow<Job>(row); });
        return claimed;
      }));
  if (job) state_->KeepLease(owner, lease_ms);
  return job;
}

Expected<LeaseState> Store::RenewJob(int64_t id, std::string_view owner, int64_t lease_ms, double progress,
                                     std::string_view message) {
  const int64_t until = Now() + std::min(lease_ms, kLongestLeaseMs);
  THIMBLE_ASSIGN(const LeaseState state, state_->database->Write([&](Connection& connection) -> Expected<LeaseState> {
    const auto cancel = connection.Integer(
        "UPDATE jobs SET lease_until_ms = ?, progress = ?, message = ? WHERE id = ? AND owner = ? AND state = "
        "'running' "
        "RETURNING cancel_requested",
        {until, progress, message, id, owner});
    if (!cancel) return LeaseState::kLost;
    return *cancel != 0 ? LeaseState::kCancel : LeaseState::kGoOn;
  }));
  if (state != LeaseState::kLost) state_->KeepLease(owner, lease_ms);
  return state;
}

Expected<LeaseState> Store::LogJob(int64_t id, std::string_view owner, std::span<const std::string> lines) {
  const int64_t now = Now();
  return state_->database->Write([&](Connection& connection) -> Expected<LeaseState> {
    const auto cancel = connection.Integer(
        "SELECT cancel_requested FROM jobs WHERE id = ? AND owner = ? AND state = 'running'", {id, owner});
    if (!cancel) return LeaseState::kLost;
    for (const std::string& line : lines) internal::Insert(connection, JobLine{0, id, now, line});
    return *cancel != 0 ? LeaseState::kCancel : LeaseState::kGoOn;
  });
}

Expected<LeaseState> Store::FinishJob(int64_t id, std::string_view owner, const JobEnd& end) {
  const int64_t now = Now();
  const char* state = end.cancelled ? "cancelled" : end.error.empty() ? "done" : "failed";
  return state_->database->Write([&](Connection& connection) -> Expected<LeaseState> {
    // The same statement asks for the lease and takes it: two workers cannot both end a job.
    const Values values = {state, end.error, end.result, now, state, id, owner};
    Reference project_id;
    bool held = false;
    connection.Query(
        "UPDATE jobs SET state = ?, error = ?, result = ?, finished_ms = ?, owner = '', "
        "progress = CASE WHEN CAST(? AS TEXT) = 'done' THEN 1 ELSE progress END "
        "WHERE id = ? AND owner = ? AND state = 'running' RETURNING project_id",
        values, "i", [&](const Row& row) {
          held = true;
          if (!row[0].null) project_id = row[0].integer;
        });
    if (!held) return LeaseState::kLost;
    for (Artefact artefact : end.artefacts) {
      artefact.project_id = project_id;
      artefact.job_id = id;
      artefact.created_ms = now;
      internal::Insert(connection, artefact);
    }
    return LeaseState::kGoOn;
  });
}

Expected<Job> Store::CancelJob(int64_t id) {
  THIMBLE_EXPECT(state_->Execute(
      "UPDATE jobs SET cancel_requested = 1, finished_ms = CASE WHEN state = 'queued' THEN CAST(? AS BIGINT) ELSE "
      "finished_ms END, state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END "
      "WHERE id = ? AND state IN ('queued', 'running')",
      {Now(), id}));
  return GetJob(id);
}

Expected<int64_t> Store::ReleaseJobs(std::string_view owner_prefix) {
  state_->ForgetLeases(owner_prefix);
  return state_->Execute("UPDATE jobs SET lease_until_ms = 0 WHERE state = 'running' AND substr(owner, 1, ?) = ?",
                         {static_cast<int64_t>(owner_prefix.size()), owner_prefix});
}

Expected<int64_t> Store::ReturnJobs(std::string_view owner_prefix) {
  state_->ForgetLeases(owner_prefix);
  return state_->Execute(
      "UPDATE jobs SET state = 'queued', owner = '', attempts = attempts - 1 WHERE state = 'running' AND "
      "substr(owner, 1, ?) = ?",
      {static_cast<int64_t>(owner_prefix.size()), owner_prefix});
}

std::vector<std::string> Store::State::LivingOwners() {
  const int64_t now = options.steady_ms();
  const std::lock_guard lock(known_mutex);
  std::erase_if(leases, [now](const auto& lease) { return lease.second < now; });
  std::vector<std::string> owners;
  for (const auto& lease : leases) owners.push_back(lease.first);
  return owners;
}

void Store::State::KeepLease(std::string_view owner, int64_t lease_ms) {
  const int64_t until = options.steady_ms() + std::min(lease_ms, kLongestLeaseMs);
  const std::lock_guard lock(known_mutex);
  leases.insert_or_assign(std::string(owner), until);
}

void Store::State::ForgetLeases(std::string_view owner_prefix) {
  const std::lock_guard lock(known_mutex);
  std::erase_if(leases, [&](const auto& lease) { return lease.first.starts_with(owner_prefix); });
}

Expected<std::vector<JobLine>> Store::ReadJobLog(int64_t job_id, int64_t after_line_id, int64_t limit) {
  return state_->List<JobLine>("WHERE job_id = ? AND id > ? ORDER BY id LIMIT ?", {job_id, after_line_id, limit});
}

Expected<Artefact> Store::GetArtefact(int64_t id) {
  return state_->One<Artefact>("WHERE id = ?", {id}, Named("artefact", id));
}

Expected<std::vector<Artefact>> Store::ListArtefacts(int64_t project_id, std::string_view kind) {
  return state_->List<Artefact>("WHERE project_id = ? AND (kind = ? OR ? = '') ORDER BY id DESC",
                                {project_id, kind, kind});
}

Expected<int64_t> Store::AddArtefact(Artefact artefact) {
  artefact.created_ms = Now();
  return state_->Add(artefact);
}

Outcome Store::RemoveArtefact(int64_t project_id, int64_t id) {
  return state_->Remove("DELETE FROM artefacts WHERE project_id = ? AND id = ?", {project_id, id},
                        Named("artefact", id));
}

}  // namespace thimble::studio
