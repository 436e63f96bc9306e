// All that the server keeps: typed functions over the database and the blobs. No SQL outside of this folder.
#ifndef THIMBLE_STUDIO_STORE_STORE_H_
#define THIMBLE_STUDIO_STORE_STORE_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "studio/store/blobs.h"
#include "studio/store/records.h"

namespace thimble::studio {

struct StoreOptions {
  std::filesystem::path folder{};        ///< made if need be
  std::string database{};                ///< postgresql://…; empty: SQLite in the folder
  std::function<int64_t()> now_ms{};     ///< milliseconds since 1970; the system's clock when empty
  std::function<int64_t()> steady_ms{};  ///< a clock that never jumps; the system's when empty
  int connections = 4;
};

/// Some of a list, and where the rest begins. Rows that come or go meanwhile make no other row appear twice or never.
template <typename Record>
struct Page {
  std::vector<Record> items;
  std::optional<int64_t> next;  ///< give it as `cursor`; none: this was the end
};

struct Paging {
  int64_t cursor = 0;  ///< 0: from the newest on
  int64_t limit = 100;
};

/// What every condition lets through. Empty ones let everything through.
struct SampleFilter {
  int64_t snapshot = 0;  ///< a project version's id, or 0: the data set
  std::optional<std::string> label{}, category{}, device_id{};
  std::string name_contains{};  ///< letters of any case
  std::optional<bool> enabled{};
  std::optional<double> min_length_ms{}, max_length_ms{};
};

struct SampleCount {
  std::string category, label;
  int64_t samples = 0;
  int64_t enabled = 0;
  double length_ms = 0;  ///< of the enabled ones
};

enum class SampleEdit : uint8_t { kRelabel, kMove, kEnable, kDisable, kDelete };

/// A stretch of a recording, in readings, and what is said about it where that is not what is said about the whole.
struct Stretch {
  int64_t first = 0;
  int64_t count = 0;
  std::optional<std::string> label{};
  std::optional<std::string> structured_labels{};  ///< JSON
};

/// A sample to be added, and its bytes.
struct NewSample {
  Sample sample;  ///< `blob` and `bytes` are filled in, an empty content_hash too
  StagedBlob content;
  bool refuse_duplicate = false;
};

struct AddSampleResult {
  int64_t id = 0;            ///< 0: it was not added,
  int64_t duplicate_of = 0;  ///< because this one says the same
};

/// What a job that ended says of itself, committed with it.
struct JobEnd {
  std::string error{};     ///< one sentence; empty: it went well
  bool cancelled = false;  ///< it stopped on request
  std::string result = "{}";
  std::vector<Artefact> artefacts{};  ///< their blobs are published already and still held
};

enum class LeaseState : uint8_t { kGoOn, kCancel, kLost };

/// How long, or how much, is kept of what nobody removes.
struct Retention {
  int64_t answers_ms = int64_t{24} * 3'600'000;
  int64_t audit_entries = 200'000;
  int64_t records_of_device = 10'000;  ///< and as many summaries
};

/// Thread-safe. Every error is a sentence:
///
///   kNotFound         there is no such row
///   kInvalidArgument  a text is not UTF-8, a name is taken
///   kOutOfMemory      a disk is full
///   kFailed           the database or the disk says why
///
/// Update… functions look at `version` and give the new one, or nothing when the row was changed or removed meanwhile.
class Store {
 public:
  ///   kFailed  another server uses the folder or the database; they do not belong together; the database is newer than
  ///            this program, or cannot be reached
  static Expected<std::unique_ptr<Store>> Open(const StoreOptions& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Blobs& blobs();
  const std::filesystem::path& folder() const;
  int64_t Now() const;

  // People. Callers hash passwords, tokens and keys.
  Expected<int64_t> AddUser(User user);
  Expected<User> GetUser(int64_t id);
  Expected<User> FindUser(std::string_view name_or_email);
  Expected<std::vector<User>> ListUsers();
  Expected<std::optional<int64_t>> UpdateUser(const User& user);
  Outcome RemoveUser(int64_t id);
  Expected<int64_t> AddSession(Session session);
  Expected<Session> FindSession(std::string_view token_hash);  ///< kNotFound also when its time is over
  Outcome RemoveSession(std::string_view token_hash);
  Outcome RemoveSessionsOf(int64_t user_id);
  Expected<int64_t> AddApiKey(ApiKey key);
  Expected<ApiKey> FindApiKey(std::string_view key_hash);
  Expected<std::vector<ApiKey>> ListApiKeys(int64_t project_id);
  Outcome RemoveApiKey(int64_t project_id, int64_t id);
  Expected<int64_t> AddHmacKey(HmacKey key);
  Expected<std::vector<HmacKey>> ListHmacKeys(int64_t project_id);
  Outcome RemoveHmacKey(int64_t project_id, int64_t id);

  // Projects.
  Expected<int64_t> AddProject(Project project);
  Expected<Project> GetProject(int64_t id);
  Expected<std::vector<Project>> ListProjects();
  Expected<std::vector<Project>> ListProjectsOf(int64_t user_id);  ///< that are theirs or whose member they are
  Expected<std::optional<int64_t>> UpdateProject(const Project& project);
  Outcome RemoveProject(int64_t id);  ///< with everything in it
  Outcome SetMember(const Member& member);
  Expected<std::vector<Member>> ListMembers(int64_t project_id);
  Outcome RemoveMember(int64_t project_id, int64_t user_id);

  /// Keeps data set and impulses as they are now. Costs rows, no bytes of recordings.
  Expected<ProjectVersion> SaveProjectVersion(int64_t project_id, std::string description);
  Expected<std::vector<ProjectVersion>> ListProjectVersions(int64_t project_id);
  /// Makes the project's data set and impulses what they were then.
  Outcome RestoreProjectVersion(int64_t project_id, int64_t version_id);
  Outcome RemoveProjectVersion(int64_t project_id, int64_t version_id);

  // Devices.
  /// Makes it, or brings type, abilities and last_seen up to date; its name stays.
  Expected<Device> SeeDevice(Device device);
  Expected<Device> GetDevice(int64_t project_id, std::string_view device_id);
  Expected<std::vector<Device>> ListDevices(int64_t project_id);
  Expected<std::optional<int64_t>> UpdateDevice(const Device& device);
  Outcome RemoveDevice(int64_t project_id, std::string_view device_id);

  // The data set.
  /// Bytes and row are durable when it returns. Calls from many threads share their syncs.
  Expected<AddSampleResult> AddSample(Sample sample, std::string_view content, bool refuse_duplicate = false);
  /// The same for many, or for contents that were written piece by piece (Blobs::StartWriting). One answer for each.
  std::vector<Expected<AddSampleResult>> AddSamples(std::vector<NewSample> samples);
  Expected<Sample> GetSample(int64_t project_id, int64_t id);
  Expected<Page<Sample>> ListSamples(int64_t project_id, const SampleFilter& filter, const Paging& paging);
  Expected<int64_t> CountSamples(int64_t project_id, const SampleFilter& filter);
  Expected<std::vector<SampleCount>> CountLabels(int64_t project_id);
  /// Those of the same content, oldest first.
  Expected<std::vector<Sample>> FindDuplicates(int64_t project_id, std::string_view content_hash);
  Expected<std::optional<int64_t>> UpdateSample(const Sample& sample);
  /// All in one transaction. `text`: the label or the category. Says how many there were.
  Expected<int64_t> EditSamples(int64_t project_id, std::span<const int64_t> ids, SampleEdit edit,
                                std::string_view text);
  Expected<int64_t> EditSamples(int64_t project_id, const SampleFilter& filter, SampleEdit edit, std::string_view text);
  /// Puts the first into training and the second into testing, in one transaction. Says how many there were.
  Expected<int64_t> MoveSamples(int64_t project_id, std::span<const int64_t> to_training,
                                std::span<const int64_t> to_testing);
  /// Makes it a part of itself. Its new version; nothing when it was changed meanwhile.
  Expected<std::optional<int64_t>> CropSample(const Sample& sample, const Stretch& stretch);
  /// Its parts take its place. Their ids; nothing when it was changed meanwhile.
  Expected<std::optional<std::vector<int64_t>>> SplitSample(const Sample& sample, std::span<const Stretch> stretches);

  // Impulses.
  Expected<int64_t> AddImpulse(Impulse impulse);
  Expected<Impulse> GetImpulse(int64_t project_id, int64_t id);
  Expected<std::vector<Impulse>> ListImpulses(int64_t project_id);
  Expected<std::optional<int64_t>> UpdateImpulse(const Impulse& impulse);
  Outcome RemoveImpulse(int64_t project_id, int64_t id);

  // Work. A claimed job belongs to `owner` while its lease is renewed; nobody else can end it.
  Expected<int64_t> AddJob(Job job);
  Expected<Job> GetJob(int64_t id);
  Expected<Page<Job>> ListJobs(Reference project_id, const Paging& paging);
  /// The oldest that waits, or whose lease ran out. One that was lost `most_attempts` times fails instead of running
  /// again. `owner` is unique for each claim in flight. Of its own leases the store knows by a steady clock that they
  /// hold: the others' end by the time of day.
  Expected<std::optional<Job>> ClaimJob(std::string_view owner, int64_t lease_ms, int64_t most_attempts = 3);
  Expected<LeaseState> RenewJob(int64_t id, std::string_view owner, int64_t lease_ms, double progress,
                                std::string_view message);
  Expected<LeaseState> LogJob(int64_t id, std::string_view owner, std::span<const std::string> lines);
  /// Ends it and keeps what it made, in one transaction: kLost, and nothing kept, when the lease went to another.
  Expected<LeaseState> FinishJob(int64_t id, std::string_view owner, const JobEnd& end);
  Expected<Job> CancelJob(int64_t id);  ///< at once when it waits, else its worker is told
  /// A server that starts gives back the jobs of the one before it in this folder: their leases are over.
  Expected<int64_t> ReleaseJobs(std::string_view owner_prefix);
  /// A server that ends in good order puts its own back into the queue, as if they had not been claimed.
  Expected<int64_t> ReturnJobs(std::string_view owner_prefix);
  Expected<std::vector<JobLine>> ReadJobLog(int64_t job_id, int64_t after_line_id, int64_t limit);
  Expected<Artefact> GetArtefact(int64_t id);
  Expected<std::vector<Artefact>> ListArtefacts(int64_t project_id,
                                                std::string_view kind);  ///< newest first; "": all kinds
  Expected<int64_t> AddArtefact(Artefact artefact);
  Outcome RemoveArtefact(int64_t project_id, int64_t id);

  // Requests.
  /// The answer that was given to this request, or nothing: then it is the caller's to give, by KeepAnswer.
  /// kInvalidArgument when the key came with another request.
  Expected<std::optional<IdempotentAnswer>> BeginAnswer(IdempotentAnswer answer);
  Outcome KeepAnswer(const IdempotentAnswer& answer);
  /// With `at_most_every_ms`: unless an entry of the same project, actor and action was written that lately.
  Outcome Audit(AuditEntry entry, int64_t at_most_every_ms = 0);
  Expected<Page<AuditEntry>> ListAudit(int64_t project_id, const Paging& paging);  ///< 0: of all

  // What models on devices say.
  Expected<int64_t> AddInferenceRecord(InferenceRecord record);
  Expected<Page<InferenceRecord>> ListInferenceRecords(int64_t project_id, std::string_view device_id,
                                                       const Paging& paging);
  Expected<int64_t> AddInferenceSummary(InferenceSummary summary);
  Expected<Page<InferenceSummary>> ListInferenceSummaries(int64_t project_id, std::string_view device_id,
                                                          const Paging& paging);

  // Settings; scope 0 is the server, others are project ids.
  Expected<std::optional<std::string>> GetSetting(int64_t scope, std::string_view key);
  Outcome SetSetting(int64_t scope, std::string_view key, std::string_view value);

  /// Removes what is older or more than that, and logins that are over. Where the clock has jumped since the last call,
  /// it does not judge by age this once.
  Outcome Forget(const Retention& retention);

  /// Removes blobs that no row refers to.
  Expected<Blobs::Collected> CollectGarbage();

 private:
  friend struct StoreAccess;
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_STORE_STORE_H_
