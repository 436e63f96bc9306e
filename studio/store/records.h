// What the server keeps about everything but the bytes themselves: one struct a table, its columns listed once.
#ifndef THIMBLE_STUDIO_STORE_RECORDS_H_
#define THIMBLE_STUDIO_STORE_RECORDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Of every record: `id` is given by the store and rises in the order of making, whatever the clock does. Times are
// milliseconds since 1970 and only for people to read. `version` rises with every change: an ETag. Texts are UTF-8
// without NUL. Texts called "JSON" are not looked into here.
namespace thimble::studio {

/// Of one row of another table, or of none.
using Reference = std::optional<int64_t>;

struct User {
  static constexpr const char* kTable = "users";
  int64_t id = 0;
  std::string name{};  ///< unique
  std::string email{};
  std::string password_hash{};  ///< as libsodium writes it, with its parameters
  bool administrator = false;
  int64_t created_ms = 0;
  int64_t version = 1;
  static void Fields(auto&& visit, auto& r) {
    visit("name", r.name), visit("email", r.email), visit("password_hash", r.password_hash);
    visit("administrator", r.administrator), visit("created_ms", r.created_ms), visit("version", r.version);
  }
};

/// A person who is logged in. Of the token only a hash is kept.
struct Session {
  static constexpr const char* kTable = "sessions";
  int64_t id = 0;
  std::string token_hash{};  ///< unique
  int64_t user_id = 0;
  std::string csrf_token{};
  int64_t created_ms = 0;
  int64_t expires_ms = 0;
  static void Fields(auto&& visit, auto& r) {
    visit("token_hash", r.token_hash), visit("user_id", r.user_id), visit("csrf_token", r.csrf_token);
    visit("created_ms", r.created_ms), visit("expires_ms", r.expires_ms);
  }
};

/// One of a project's keys "ei_…". Of the key only a hash is kept.
struct ApiKey {
  static constexpr const char* kTable = "api_keys";
  int64_t id = 0;
  int64_t project_id = 0;
  std::string name{};
  std::string key_hash{};  ///< unique
  std::string hint{};      ///< the first characters, for lists
  std::string role{};      ///< admin, readonly, ingestiononly, ingestion_deployment
  bool development = false;
  int64_t created_ms = 0;
  static void Fields(auto&& visit, auto& r) {
    visit("project_id", r.project_id), visit("name", r.name), visit("key_hash", r.key_hash), visit("hint", r.hint);
    visit("role", r.role), visit("development", r.development), visit("created_ms", r.created_ms);
  }
};

/// What devices sign recordings with. Checking a signature needs the key itself.
struct HmacKey {
  static constexpr const char* kTable = "hmac_keys";
  int64_t id = 0;
  int64_t project_id = 0;
  std::string name{};
  std::string key{};
  int64_t created_ms = 0;
  static void Fields(auto&& visit, auto& r) {
    visit("project_id", r.project_id), visit("name", r.name), visit("key", r.key), visit("created_ms", r.created_ms);
  }
};

struct Project {
  static constexpr const char* kTable = "projects";
  int64_t id = 0;
  std::string name{};
  std::string description{};
  Reference owner_id{};         ///< none: of the machine's one user
  std::string settings = "{}";  ///< JSON
  int64_t created_ms = 0;
  int64_t version = 1;
  static void Fields(auto&& visit, auto& r) {
    visit("name", r.name), visit("description", r.description), visit("owner_id", r.owner_id);
    visit("settings", r.settings), visit("created_ms", r.created_ms), visit("version", r.version);
  }
};

struct Member {
  static constexpr const char* kTable = "members";
  int64_t id = 0;
  int64_t project_id = 0;
  int64_t user_id = 0;  ///< unique in the project
  std::string role{};   ///< admin, readonly
  static void Fields(auto&& visit, auto& r) {
    visit("project_id", r.project_id), visit("user_id", r.user_id), visit("role", r.role);
  }
};

struct Device {
  static constexpr const char* kTable = "devices";
  int64_t id = 0;
  int64_t project_id = 0;
  std::string device_id{};  ///< as it calls itself, unique in the project
  std::string name{};
  std::string type{};
  std::string abilities = "{}";  ///< JSON: what its hello said
  int64_t created_ms = 0;
  int64_t last_seen_ms = 0;
  int64_t version = 1;
  static void Fields(auto&& visit, auto& r) {
    visit("project_id", r.project_id), visit("device_id", r.device_id), visit("name", r.name), visit("type", r.type);
    visit("abilities", r.abilities), visit("created_ms", r.created_ms), visit("last_seen_ms", r.last_seen_ms);
    visit("version", r.version);
  }
};

/// One recording, or a part of one: parts share the blob.
struct Sample {
  static constexpr const char* kTable = "samples";
  int64_t id = 0;
  int64_t project_id = 0;
  int64_t snapshot = 0;  ///< 0: it is in the data set; else it belongs to the project version of that id
  std::string name{};
  std::string file_name{};
  std::string label{};                ///< empty: none
  std::string category = "training";  ///< training, testing, anomaly, post-processing
  bool enabled = true;
  std::string blob{};          ///< Sha256 of the bytes as they are kept
  std::string content_hash{};  ///< of what the recording says, for finding duplicates
  std::string kind{};          ///< time-series, image, features
  std::string axes = "[]";     ///< JSON: [{"name": "accX", "units": "m/s2"}]
  double interval_ms = 0;
  double length_ms = 0;
  double frequency_hz = 0;
  int64_t values_count = 0;  ///< readings, each of all axes
  int64_t first_value = 0;   ///< of the blob's readings: this one is the first
  int64_t bytes = 0;         ///< of the plain blob
  Reference part_of{};       ///< the sample that it was cut from, also when that is gone
  std::string device_id{};
  std::string device_type{};
  std::string metadata = "{}";           ///< JSON
  std::string bounding_boxes = "[]";     ///< JSON
  std::string structured_labels = "[]";  ///< JSON
  std::string signature{};               ///< valid, invalid, none
  std::string findings{};                ///< JSON: what a look at all its file's readings found; empty: nobody looked
  int64_t created_ms = 0;
  int64_t version = 1;
  static void Fields(auto&& visit, auto& r) {
    visit("project_id", r.project_id), visit("snapshot", r.snapshot), visit("name", r.name);
    visit("file_name", r.file_name), visit("label", r.label), visit("category", r.category);
    visit("enabled", r.enabled), visit("blob", r.blob), visit("content_hash", r.content_hash), visit("kind", r.kind);
    visit("axes", r.axes), visit("interval_ms", r.interval_ms), visit("length_ms", r.length_ms);
    visit("frequency_hz", r.frequency_hz), visit("values_count", r.values_count), visit("first_value", r.first_value);
    visit("bytes", r.bytes), visit("part_of", r.part_of), visit("device_id", r.device_id);
    visit("device_type", r.device_type), visit("metadata", r.metadata), visit("bounding_boxes", r.bounding_boxes);
    visit("structured_labels", r.structured_labels), visit("signature", r.signature);
    visit("findings", r.findings), visit("created_ms", r.created_ms), visit("version", r.version);
  }
};

struct Impulse {
  static constexpr const char* kTable = "impulses";
  int64_t id = 0;
  int64_t project_id = 0;
  int64_t snapshot = 0;  ///< as in Sample
  std::string name{};
  std::string design = "{}";  ///< JSON
  int64_t created_ms = 0;
  int64_t version = 1;
  static void Fields(auto&& visit, auto& r) {
    visit("project_id", r.project_id), visit("snapshot", r.snapshot), visit("name", r.name);
    visit("design", r.design), visit("created_ms", r.created_ms), visit("version", r.version);
  }
};

/// Data set and impulses as they were once.
struct ProjectVersion {
  static constexpr const char* kTable = "project_versions";
  int64_t id = 0;
  int64_t project_id = 0;
  int64_t number = 0;  ///< 1, 2, 3 in the project
  std::string description{};
  int64_t created_ms = 0;
  static void Fields(auto&& visit, auto& r) {
    visit("project_id", r.project_id), visit("number", r.number), visit("description", r.description);
    visit("created_ms", r.created_ms);
  }
};

/// Long work. queued → running → done, failed or cancelled; from running back to queued when its worker vanishes.
struct Job {
  static constexpr const char* kTable = "jobs";
  int64_t id = 0;
  Reference project_id{};
  std::string kind{};             ///< features, train, test, tune, build …
  std::string parameters = "{}";  ///< JSON
  std::string state = "queued";
  double progress = 0;    ///< 0 … 1
  std::string message{};  ///< what it is at, one sentence
  int64_t attempts = 0;
  bool cancel_requested = false;
  std::string error{};         ///< why it failed, one sentence
  std::string result = "{}";   ///< JSON
  std::string owner{};         ///< the worker that runs it
  int64_t lease_until_ms = 0;  ///< without a sign of life until then, another may have it
  int64_t created_ms = 0;
  int64_t started_ms = 0;
  int64_t finished_ms = 0;
  static void Fields(auto&& visit, auto& r) {
    visit("project_id", r.project_id), visit("kind", r.kind), visit("parameters", r.parameters);
    visit("state", r.state), visit("progress", r.progress), visit("message", r.message);
    visit("attempts", r.attempts), visit("cancel_requested", r.cancel_requested), visit("error", r.error);
    visit("result", r.result), visit("owner", r.owner), visit("lease_until_ms", r.lease_until_ms);
    visit("created_ms", r.created_ms), visit("started_ms", r.started_ms), visit("finished_ms", r.finished_ms);
  }
};

struct JobLine {
  static constexpr const char* kTable = "job_lines";
  int64_t id = 0;
  int64_t job_id = 0;
  int64_t time_ms = 0;
  std::string text{};
  static void Fields(auto&& visit, auto& r) {
    visit("job_id", r.job_id), visit("time_ms", r.time_ms), visit("text", r.text);
  }
};

/// What a job made: a model, a build, a table of features.
struct Artefact {
  static constexpr const char* kTable = "artefacts";
  int64_t id = 0;
  Reference project_id{};
  Reference job_id{};
  std::string kind{};
  std::string name{};
  std::string blob{};
  int64_t bytes = 0;
  std::string metadata = "{}";  ///< JSON
  int64_t created_ms = 0;
  static void Fields(auto&& visit, auto& r) {
    visit("project_id", r.project_id), visit("job_id", r.job_id), visit("kind", r.kind), visit("name", r.name);
    visit("blob", r.blob), visit("bytes", r.bytes), visit("metadata", r.metadata), visit("created_ms", r.created_ms);
  }
};

/// The answer to a request that may come again.
struct IdempotentAnswer {
  static constexpr const char* kTable = "idempotent_answers";
  int64_t id = 0;
  std::string scope{};  ///< who asked
  std::string key{};    ///< unique in the scope
  std::string request_hash{};
  int64_t http_status = 0;  ///< 0: being worked at
  std::string body{};
  int64_t created_ms = 0;
  static void Fields(auto&& visit, auto& r) {
    visit("scope", r.scope), visit("key", r.key), visit("request_hash", r.request_hash);
    visit("http_status", r.http_status), visit("body", r.body), visit("created_ms", r.created_ms);
  }
};

struct AuditEntry {
  static constexpr const char* kTable = "audit_entries";
  int64_t id = 0;
  int64_t project_id = 0;  ///< 0: of the whole server. No reference: it outlives the project
  std::string actor{};     ///< "user 3", "key 12"
  std::string action{};    ///< "sample.delete"
  std::string subject{};
  std::string detail = "{}";  ///< JSON
  int64_t time_ms = 0;
  static void Fields(auto&& visit, auto& r) {
    visit("project_id", r.project_id), visit("actor", r.actor), visit("action", r.action);
    visit("subject", r.subject), visit("detail", r.detail), visit("time_ms", r.time_ms);
  }
};

/// One answer of a model on a device.
struct InferenceRecord {
  static constexpr const char* kTable = "inference_records";
  int64_t id = 0;
  int64_t project_id = 0;
  std::string device_id{};
  int64_t number = 0;  ///< the device's count
  int64_t device_time_ms = 0;
  std::string result = "{}";  ///< JSON
  std::string blob{};         ///< the input, or empty
  std::string media{};        ///< jpg, wav
  int64_t created_ms = 0;
  static void Fields(auto&& visit, auto& r) {
    visit("project_id", r.project_id), visit("device_id", r.device_id), visit("number", r.number);
    visit("device_time_ms", r.device_time_ms), visit("result", r.result), visit("blob", r.blob);
    visit("media", r.media), visit("created_ms", r.created_ms);
  }
};

/// What a device says of many answers at once.
struct InferenceSummary {
  static constexpr const char* kTable = "inference_summaries";
  int64_t id = 0;
  int64_t project_id = 0;
  std::string device_id{};
  int64_t first_number = 0;
  int64_t last_number = 0;
  std::string summary = "{}";  ///< JSON
  int64_t created_ms = 0;
  static void Fields(auto&& visit, auto& r) {
    visit("project_id", r.project_id), visit("device_id", r.device_id), visit("first_number", r.first_number);
    visit("last_number", r.last_number), visit("summary", r.summary), visit("created_ms", r.created_ms);
  }
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_STORE_RECORDS_H_
