#include "studio/store/internal/schema.h"

namespace thimble::studio::internal {
namespace {

// Forward only: a step that was released never changes, a new one is put at the end. Columns are BIGINT, DOUBLE
// PRECISION or TEXT, which both databases know. <id> is how each of them counts rows by itself; ids are never given
// twice.
constexpr std::string_view kSteps[] = {
    R"sql(
CREATE TABLE users (
  id <id>, name TEXT NOT NULL UNIQUE, email TEXT NOT NULL, password_hash TEXT NOT NULL, administrator BIGINT NOT NULL,
  created_ms BIGINT NOT NULL, version BIGINT NOT NULL);
CREATE TABLE sessions (
  id <id>, token_hash TEXT NOT NULL UNIQUE, user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  csrf_token TEXT NOT NULL, created_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL);
CREATE INDEX sessions_user ON sessions(user_id);
CREATE TABLE projects (
  id <id>, name TEXT NOT NULL, description TEXT NOT NULL, owner_id BIGINT REFERENCES users(id) ON DELETE SET NULL,
  settings TEXT NOT NULL, created_ms BIGINT NOT NULL, version BIGINT NOT NULL);
CREATE INDEX projects_owner ON projects(owner_id);
CREATE TABLE members (
  id <id>, project_id BIGINT NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
  user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE, role TEXT NOT NULL, UNIQUE (project_id, user_id));
CREATE INDEX members_user ON members(user_id);
CREATE TABLE api_keys (
  id <id>, project_id BIGINT NOT NULL REFERENCES projects(id) ON DELETE CASCADE, name TEXT NOT NULL,
  key_hash TEXT NOT NULL UNIQUE, hint TEXT NOT NULL, role TEXT NOT NULL, development BIGINT NOT NULL,
  created_ms BIGINT NOT NULL);
CREATE INDEX api_keys_project ON api_keys(project_id);
CREATE TABLE hmac_keys (
  id <id>, project_id BIGINT NOT NULL REFERENCES projects(id) ON DELETE CASCADE, name TEXT NOT NULL, key TEXT NOT NULL,
  created_ms BIGINT NOT NULL);
CREATE INDEX hmac_keys_project ON hmac_keys(project_id);
CREATE TABLE devices (
  id <id>, project_id BIGINT NOT NULL REFERENCES projects(id) ON DELETE CASCADE, device_id TEXT NOT NULL,
  name TEXT NOT NULL, type TEXT NOT NULL, abilities TEXT NOT NULL, created_ms BIGINT NOT NULL,
  last_seen_ms BIGINT NOT NULL, version BIGINT NOT NULL, UNIQUE (project_id, device_id));
CREATE TABLE project_versions (
  id <id>, project_id BIGINT NOT NULL REFERENCES projects(id) ON DELETE CASCADE, number BIGINT NOT NULL,
  description TEXT NOT NULL, created_ms BIGINT NOT NULL, UNIQUE (project_id, number));
CREATE TABLE samples (
  id <id>, project_id BIGINT NOT NULL REFERENCES projects(id) ON DELETE CASCADE, snapshot BIGINT NOT NULL,
  name TEXT NOT NULL, file_name TEXT NOT NULL, label TEXT NOT NULL, category TEXT NOT NULL, enabled BIGINT NOT NULL,
  blob TEXT NOT NULL, content_hash TEXT NOT NULL, kind TEXT NOT NULL, axes TEXT NOT NULL,
  interval_ms DOUBLE PRECISION NOT NULL, length_ms DOUBLE PRECISION NOT NULL, frequency_hz DOUBLE PRECISION NOT NULL,
  values_count BIGINT NOT NULL, first_value BIGINT NOT NULL, bytes BIGINT NOT NULL, part_of BIGINT,
  device_id TEXT NOT NULL, device_type TEXT NOT NULL, metadata TEXT NOT NULL, bounding_boxes TEXT NOT NULL,
  structured_labels TEXT NOT NULL, signature TEXT NOT NULL, created_ms BIGINT NOT NULL, version BIGINT NOT NULL);
CREATE INDEX samples_list ON samples(project_id, snapshot, id);
CREATE INDEX samples_label ON samples(project_id, snapshot, label, category);
CREATE INDEX samples_content ON samples(project_id, snapshot, content_hash);
CREATE INDEX samples_blob ON samples(blob);
CREATE TABLE impulses (
  id <id>, project_id BIGINT NOT NULL REFERENCES projects(id) ON DELETE CASCADE, snapshot BIGINT NOT NULL,
  name TEXT NOT NULL, design TEXT NOT NULL, created_ms BIGINT NOT NULL, version BIGINT NOT NULL);
CREATE INDEX impulses_list ON impulses(project_id, snapshot, id);
CREATE TABLE jobs (
  id <id>, project_id BIGINT REFERENCES projects(id) ON DELETE CASCADE, kind TEXT NOT NULL, parameters TEXT NOT NULL,
  state TEXT NOT NULL, progress DOUBLE PRECISION NOT NULL, message TEXT NOT NULL, attempts BIGINT NOT NULL,
  cancel_requested BIGINT NOT NULL, error TEXT NOT NULL, result TEXT NOT NULL, owner TEXT NOT NULL,
  lease_until_ms BIGINT NOT NULL, created_ms BIGINT NOT NULL, started_ms BIGINT NOT NULL, finished_ms BIGINT NOT NULL);
CREATE INDEX jobs_state ON jobs(state, id);
CREATE INDEX jobs_project ON jobs(project_id, id);
CREATE TABLE job_lines (
  id <id>, job_id BIGINT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, time_ms BIGINT NOT NULL, text TEXT NOT NULL);
CREATE INDEX job_lines_job ON job_lines(job_id, id);
CREATE TABLE artefacts (
  id <id>, project_id BIGINT REFERENCES projects(id) ON DELETE CASCADE,
  job_id BIGINT REFERENCES jobs(id) ON DELETE SET NULL, kind TEXT NOT NULL, name TEXT NOT NULL, blob TEXT NOT NULL,
  bytes BIGINT NOT NULL, metadata TEXT NOT NULL, created_ms BIGINT NOT NULL);
CREATE INDEX artefacts_project ON artefacts(project_id, kind, id);
CREATE INDEX artefacts_job ON artefacts(job_id);
CREATE INDEX artefacts_blob ON artefacts(blob);
CREATE TABLE idempotent_answers (
  id <id>, scope TEXT NOT NULL, key TEXT NOT NULL, request_hash TEXT NOT NULL, http_status BIGINT NOT NULL,
  body TEXT NOT NULL, created_ms BIGINT NOT NULL, UNIQUE (scope, key));
CREATE TABLE audit_entries (
  id <id>, project_id BIGINT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
  detail TEXT NOT NULL, time_ms BIGINT NOT NULL);
CREATE INDEX audit_entries_project ON audit_entries(project_id, id);
CREATE TABLE inference_records (
  id <id>, project_id BIGINT NOT NULL REFERENCES projects(id) ON DELETE CASCADE, device_id TEXT NOT NULL,
  number BIGINT NOT NULL, device_time_ms BIGINT NOT NULL, result TEXT NOT NULL, blob TEXT NOT NULL, media TEXT NOT NULL,
  created_ms BIGINT NOT NULL);
CREATE INDEX inference_records_device ON inference_records(project_id, device_id, id);
CREATE INDEX inference_records_blob ON inference_records(blob);
CREATE TABLE inference_summaries (
  id <id>, project_id BIGINT NOT NULL REFERENCES projects(id) ON DELETE CASCADE, device_id TEXT NOT NULL,
  first_number BIGINT NOT NULL, last_number BIGINT NOT NULL, summary TEXT NOT NULL, created_ms BIGINT NOT NULL);
CREATE INDEX inference_summaries_device ON inference_summaries(project_id, device_id, id);
CREATE TABLE settings (
  id <id>, scope BIGINT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, UNIQUE (scope, key));
)sql",
    // The one that has the contents of its rows.
    "CREATE TABLE data_folder (id TEXT NOT NULL);\n",
    "ALTER TABLE samples ADD COLUMN findings TEXT NOT NULL DEFAULT '';\n",
};

constexpr std::string_view kTables[] = {"users",
                                        "sessions",
                                        "projects",
                                        "members",
                                        "api_keys",
                                        "hmac_keys",
                                        "devices",
                                        "project_versions",
                                        "samples",
                                        "impulses",
                                        "jobs",
                                        "job_lines",
                                        "artefacts",
                                        "idempotent_answers",
                                        "audit_entries",
                                        "inference_records",
                                        "inference_summaries",
                                        "settings"};

constexpr BlobColumn kBlobColumns[] = {{"samples", "blob"}, {"artefacts", "blob"}, {"inference_records", "blob"}};

std::string WithIds(std::string_view step, bool postgresql) {
  const std::string id =
      postgresql ? "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY" : "INTEGER PRIMARY KEY AUTOINCREMENT";
  std::string text(step);
  for (size_t at = 0; (at = text.find("<id>", at)) != std::string::npos; at += id.size()) text.replace(at, 4, id);
  return text;
}

}  // namespace

int64_t NewestSchema() { return static_cast<int64_t>(std::size(kSteps)); }
std::span<const std::string_view> TablesInOrder() { return kTables; }
std::span<const BlobColumn> BlobColumns() { return kBlobColumns; }

Outcome Migrate(Database& database, int64_t wanted) {
  while (true) {
    const Expected<bool> done = database.Write([&](Connection& connection) -> Expected<bool> {
      // Two servers that start at the same time on one PostgreSQL: one after the other. The number means nothing.
      if (connection.is_postgresql())
        connection.Query("SELECT 1 FROM pg_advisory_xact_lock(7448625)", {}, "i", [](const Row&) {});
      connection.Script("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL);");
      const int64_t version = connection.Integer("SELECT version FROM schema_version").value_or(0);
      if (version == wanted) return true;
      if (version > wanted) {
        return {Status::kFailed, "the database was written by a newer thimble (schema " + std::to_string(version) +
                                     ", this program knows " + std::to_string(wanted) + "); update this one"};
      }
      connection.Script(WithIds(kSteps[version], connection.is_postgresql()));
      if (version == 0) connection.Execute("INSERT INTO schema_version (version) VALUES (0)");
      connection.Execute("UPDATE schema_version SET version = ?", {version + 1});
      return false;
    });
    if (!done.ok()) return done.error();
    if (*done) return Nothing{};
  }
}

}  // namespace thimble::studio::internal
