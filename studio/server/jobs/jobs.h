// Long work: queued, done by threads of its own, told about, cancelled, and taken up again by the next server.
#ifndef THIMBLE_STUDIO_SERVER_JOBS_JOBS_H_
#define THIMBLE_STUDIO_SERVER_JOBS_JOBS_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.h"
#include "studio/server/notices.h"
#include "studio/server/people/identity.h"
#include "studio/store/store.h"

namespace thimble::studio {

/// A job while it runs: what it was asked, where it puts what it makes. Thread-safe but for Keep.
class JobRun {
 public:
  Store& store() const { return store_; }
  const Job& job() const { return job_; }
  int64_t project_id() const { return job_.project_id.value_or(0); }

  /// Says how far it is, 0 … 1, and at what; a message that is empty leaves the last one. Pages hear of it at once, the
  /// store about once a second. False: stop, and end as kCancelled.
  bool Progress(double share, std::string_view message = {});
  bool goes_on() const { return !stop_; }
  /// Stopped on request: nobody will take it up again.
  bool is_cancelled() const { return cancelled_; }

  /// A line for whoever follows.
  void Log(std::string line);

  /// Keeps these bytes among the project's artefacts once the job ends well, with all others or not at all. `metadata`
  /// is a JSON object.
  Outcome Keep(std::string kind, std::string name, std::string_view bytes, std::string metadata = "{}");

  /// What else changes when it ends is to be told of as this.
  void Tell(const Notice& notice) { notices_.Tell(notice); }

 private:
  friend class Jobs;
  JobRun(Store& store, Notices& notices, Job job, std::string owner)
      : store_(store), notices_(notices), job_(std::move(job)), owner_(std::move(owner)) {}

  Store& store_;
  Notices& notices_;
  const Job job_;
  const std::string owner_;
  std::atomic<bool> stop_ = false, cancelled_ = false, lost_ = false;
  std::vector<Artefact> artefacts_;
  std::vector<StagedBlob> held_;

  std::mutex mutex_;
  double share_ = 0;
  std::string message_;
  int64_t told_ms_ = 0;
  std::vector<std::string> lines_;
};

/// A kind of long work.
struct JobKind {
  const char* name;
  Permission permission;
  const char* summary;  ///< one sentence
  const char* takes;    ///< JSON schema of the parameters, one object
  const char* gives;    ///< artefacts and result, one sentence
  /// Whether it can be begun with these parameters (JSON); said before the job is queued.
  Outcome (*check)(Store& store, int64_t project_id, const std::string& parameters);
  /// Gives the result, JSON. kCancelled when it stopped on request.
  Expected<std::string> (*run)(JobRun& run);
};

/// All kinds that there are.
std::span<const JobKind> JobKinds();
const JobKind* FindJobKind(std::string_view name);

struct JobsOptions {
  int workers = 1;
  int64_t lease_ms = 30'000;     ///< a worker that gave no sign of life for so long has lost its job
  int64_t heartbeat_ms = 1'000;  ///< how often progress and log go to the store
  int64_t most_attempts = 5;     ///< how often a job is begun when each time the server ends on the way
};

/// Thread-safe. Work is done at low priority, so that the server answers meanwhile. A job whose server was killed is
/// begun again by the next one; what it made is kept with its end, in one transaction, so that nothing is there twice.
class Jobs {
 public:
  /// Takes up at once what an earlier server left. Both must outlive it.
  Jobs(Store& store, Notices& notices, const JobsOptions& options = {});
  /// Stops what runs; the next server does it again.
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  /// Queues it.
  ///
  ///   kNotFound         no such kind (with those there are), or no such project
  ///   kInvalidArgument  what the parameters lack
  Expected<Job> Start(int64_t project_id, std::string_view kind, std::string parameters);

  /// At once when it waits, else as soon as its work looks up. One that has ended stays as it is.
  ///
  ///   kNotFound  the project has no such job
  Expected<Job> Cancel(int64_t project_id, int64_t id);

 private:
  void Work();
  void Do(const Job& job, const std::string& owner);
  void Beat();
  /// Progress, lease and lines of one job to the store.
  void Renew(JobRun& run);
  void TellState(const Job& job);

  Store& store_;
  Notices& notices_;
  const JobsOptions options_;
  std::string owner_prefix_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  uint64_t wake_ups_ = 0;
  int64_t claims_ = 0;
  std::list<JobRun*> running_;
  std::mutex renewing_;  ///< held while a job's row is renewed, so that none ends meanwhile
  std::vector<std::jthread> threads_;
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_JOBS_JOBS_H_
