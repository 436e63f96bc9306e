#include "studio/server/jobs/jobs.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "http/coding.h"

namespace thimble::studio {
namespace {

using nlohmann::json;

constexpr int kNice = 10;
// A job that was queued by another server of the same database, or whose server there was killed, is found so late.
constexpr std::chrono::seconds kLookAgain{5};
constexpr int64_t kTellEveryMs = 50;
constexpr size_t kMostWaitingLines = 10'000;

int64_t SteadyMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string Text(const json& object) { return object.dump(-1, ' ', false, json::error_handler_t::replace); }

/// Names this machine and folder, so that of several servers on one database each takes back only its own.
std::string PrefixOf(const Store& store) {
  char host[256] = {};
  static_cast<void>(::gethostname(host, sizeof host - 1));
  std::error_code error;
  const auto folder = std::filesystem::weakly_canonical(store.folder(), error);
  return Sha256(std::string(host) + "\n" + folder.string()).substr(0, 16) + "/";
}

json Describe(const Job& job) {
  return {{"id", job.id},           {"kind", job.kind},  {"state", job.state}, {"progress", job.progress},
          {"message", job.message}, {"error", job.error}};
}

/// As the store takes it: names of foreign files may hold anything.
std::string Clean(std::string text) {
  const bool is_utf8 = http::IsUtf8(text);
  for (char& c : text) {
    if (c == '\0' || (!is_utf8 && static_cast<unsigned char>(c) >= 0x80)) c = '?';
  }
  return text;
}

/// Nothing that one job runs into ends the server.
Expected<std::string> RunKind(const JobKind* kind, JobRun& run) {
  if (kind == nullptr) {
    return {Status::kNotFound, "there is no job '" + run.job().kind + "' in this version of the server"};
  }
  try {
    return kind->run(run);
  } catch (const std::bad_alloc&) {
    return {Status::kOutOfMemory,
            "this computer has not enough memory for it; take fewer recordings or smaller windows"};
  } catch (const std::exception& fault) {
    return {Status::kFailed, std::string("the program failed: ") + fault.what()};
  }
}

}  // namespace

bool JobRun::Progress(double share, std::string_view said) {
  const std::string message = Clean(std::string(said));
  json told;
  {
    const std::lock_guard lock(mutex_);
    const bool says_more = !message.empty() && message != message_;
    share_ = std::clamp(share, 0.0, 1.0);
    if (says_more) message_ = message;
    const int64_t now = SteadyMs();
    if (says_more || now - told_ms_ >= kTellEveryMs) {
      told_ms_ = now;
      told = {{"id", job_.id}, {"kind", job_.kind}, {"state", "running"}, {"progress", share_}, {"message", message_}};
    }
  }
  if (!told.is_null()) notices_.Tell({project_id(), "job", Text(told)});
  return !stop_;
}

void JobRun::Log(std::string line) {
  line = Clean(std::move(line));
  const json told = {{"id", job_.id}, {"kind", job_.kind}, {"state", "running"}, {"log", line}};
  {
    const std::lock_guard lock(mutex_);
    if (lines_.size() < kMostWaitingLines) lines_.push_back(std::move(line));
  }
  notices_.Tell({project_id(), "job", Text(told)});
}

Outcome JobRun::Keep(std::string kind, std::string name, std::string_view bytes, std::string metadata) {
  THIMBLE_ASSIGN(StagedBlob blob, store_.blobs().Put(bytes));
  artefacts_.push_back({.kind = std::move(kind),
                        .name = std::move(name),
                        .blob = blob.hash(),
                        .bytes = blob.bytes(),
                        .metadata = std::move(metadata)});
  held_.push_back(std::move(blob));
  return Nothing{};
}

const JobKind* FindJobKind(std::string_view name) {
  for (const JobKind& kind : JobKinds()) {
    if (name == kind.name) return &kind;
  }
  return nullptr;
}

Jobs::Jobs(Store& store, Notices& notices, const JobsOptions& options)
    : store_(store), notices_(notices), options_(options), owner_prefix_(PrefixOf(store)) {
  // The folder has one server at a time: whoever ran a job of it is gone.
  static_cast<void>(store_.ReleaseJobs(owner_prefix_));
  std::random_device random;
  owner_prefix_ += std::to_string(random()) + "/";
  threads_.emplace_back([this] { Beat(); });
  for (int i = 0; i < std::max(options_.workers, 1); ++i) threads_.emplace_back([this] { Work(); });
}

Jobs::~Jobs() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (JobRun* run : running_) run->stop_ = true;
  }
  changed_.notify_all();
  threads_.clear();
  static_cast<void>(store_.ReturnJobs(owner_prefix_));
}

Expected<Job> Jobs::Start(int64_t project_id, std::string_view kind, std::string parameters) {
  const JobKind* const found = FindJobKind(kind);
  if (found == nullptr) {
    std::string names;
    for (const JobKind& one : JobKinds()) names += (names.empty() ? "" : ", ") + std::string(one.name);
    return {Status::kNotFound, "there is no job '" + std::string(kind) + "'; there are " + names};
  }
  THIMBLE_ASSIGN(const Project project, store_.GetProject(project_id));
  if (parameters.empty()) parameters = "{}";
  THIMBLE_EXPECT(found->check(store_, project.id, parameters));
  THIMBLE_ASSIGN(const int64_t id,
                 store_.AddJob({.project_id = project.id, .kind = found->name, .parameters = std::move(parameters)}));
  THIMBLE_ASSIGN(Job job, store_.GetJob(id));
  TellState(job);
  {
    const std::lock_guard lock(mutex_);
    ++wake_ups_;
  }
  changed_.notify_all();
  return job;
}

Expected<Job> Jobs::Cancel(int64_t project_id, int64_t id) {
  const Error stranger{Status::kNotFound, "there is no job " + std::to_string(id)};
  THIMBLE_ASSIGN(const Job before, store_.GetJob(id));
  if (before.project_id != project_id) return stranger;
  THIMBLE_ASSIGN(Job job, store_.CancelJob(id));
  {
    const std::lock_guard lock(mutex_);
    for (JobRun* run : running_) {
      if (run->job_.id == id && job.cancel_requested) run->stop_ = run->cancelled_ = true;
    }
  }
  TellState(job);
  return job;
}

void Jobs::TellState(const Job& job) { notices_.Tell({job.project_id.value_or(0), "job", Text(Describe(job))}); }

void Jobs::Work() {
  // Of Linux: of this thread alone, and of those that it starts.
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, kNice));
  for (;;) {
    std::string owner;
    uint64_t seen = 0;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      seen = wake_ups_;
      owner = owner_prefix_ + std::to_string(++claims_);
    }
    const auto claimed = store_.ClaimJob(owner, options_.lease_ms, options_.most_attempts);
    if (claimed.ok() && claimed->has_value()) {
      Do(**claimed, owner);
      continue;
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLookAgain, [&] { return stopping_ || wake_ups_ != seen; });
  }
}

void Jobs::Do(const Job& job, const std::string& owner) {
  JobRun run(store_, notices_, job, owner);
  const auto place = [&] {
    const std::lock_guard lock(mutex_);
    if (stopping_) run.stop_ = true;
    return running_.insert(running_.end(), &run);
  }();
  if (job.cancel_requested) run.stop_ = run.cancelled_ = true;
  if (job.attempts > 1) {
    run.Log("the server ended while this job ran; it begins again, for the " + std::to_string(job.attempts) +
            (job.attempts == 2   ? "nd"
             : job.attempts == 3 ? "rd"
                                 : "th") +
            " time");
  }
  TellState(job);

  const JobKind* const kind = FindJobKind(job.kind);
  const Expected<std::string> result = RunKind(kind, run);
  const bool failed = !result.ok() && !(run.stop_ && result.error().status == Status::kCancelled);
  JobEnd end;
  if (failed) {
    end.error = Clean(result.error().message);
    run.Log(end.error);
  } else if (!result.ok()) {
    end.cancelled = true;
    if (!run.cancelled_) run.Log("the server closes; the next one begins this job again");
  } else {
    end.result = *result;
    end.artefacts = run.artefacts_;
  }
  {
    const std::lock_guard lock(mutex_);
    running_.erase(place);
  }
  changed_.notify_all();
  // A heartbeat that is under way holds a pointer to the run.
  const std::lock_guard renewing(renewing_);
  Renew(run);
  // Nobody asked to cancel: the server is closing, and the next one does it again.
  if (run.lost_ || (end.cancelled && !run.cancelled_)) return;
  Expected<LeaseState> finished = store_.FinishJob(job.id, owner, end);
  if (!finished.ok()) finished = store_.FinishJob(job.id, owner, {.error = Clean(finished.error().message)});
  if (!finished.ok() || *finished == LeaseState::kLost) return;
  if (const auto ended = store_.GetJob(job.id); ended.ok()) TellState(*ended);
}

void Jobs::Beat() {
  std::unique_lock lock(mutex_);
  while (!stopping_ || !running_.empty()) {
    // Asked to end, it goes on renewing leases until the last job has looked up.
    changed_.wait_for(lock, std::chrono::milliseconds(options_.heartbeat_ms),
                      [&] { return stopping_ && running_.empty(); });
    if (running_.empty()) continue;
    lock.unlock();
    {
      const std::lock_guard renewing(renewing_);
      lock.lock();
      const std::vector<JobRun*> runs(running_.begin(), running_.end());
      lock.unlock();
      for (JobRun* run : runs) Renew(*run);
    }
    lock.lock();
  }
}

void Jobs::Renew(JobRun& run) {
  double share = 0;
  std::string message;
  std::vector<std::string> lines;
  {
    const std::lock_guard lock(run.mutex_);
    share = run.share_;
    message = run.message_;
    lines.swap(run.lines_);
  }
  if (!lines.empty()) static_cast<void>(store_.LogJob(run.job_.id, run.owner_, lines));
  const auto lease = store_.RenewJob(run.job_.id, run.owner_, options_.lease_ms, share, message);
  if (!lease.ok()) return;  // the database may be back before the lease ends
  if (*lease == LeaseState::kLost) run.stop_ = run.lost_ = true;
  if (*lease == LeaseState::kCancel) run.stop_ = run.cancelled_ = true;
}

}  // namespace thimble::studio
