// What jobs that learn share: which data, which design, what they say on the way, and what was learnt before.
#ifndef THIMBLE_STUDIO_SERVER_JOBS_LEARNING_TOOLS_H_
#define THIMBLE_STUDIO_SERVER_JOBS_LEARNING_TOOLS_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "base/aligned_memory.h"
#include "base/error.h"
#include "compiler/impulse_file.h"
#include "studio/events.h"
#include "studio/server/jobs/design.h"
#include "studio/server/jobs/jobs.h"
#include "studio/server/jobs/members.h"

namespace thimble::studio {

/// An impulse's design, and the recordings that it is for.
struct LearningJob {
  Project project;
  int64_t impulse_id = 0;  ///< 0: the design came with the parameters
  int64_t snapshot = 0;    ///< of the data; 0: as it is now
  std::string design_json = "{}";
  ImpulseDesign design;
};

/// {"impulse": id} or {"design": {…}}, and perhaps {"version": id}; asks `members` for them. Neither of the first two:
/// everything is chosen.
///
///   kNotFound         there is no such impulse or version in the project
///   kInvalidArgument  what ParseDesign says
Expected<LearningJob> ReadLearningJob(Store& store, int64_t project_id, Members& members);

/// Makes `data` read the project's recordings. `run` must outlive it.
void ReadFromStore(JobRun& run, int64_t snapshot, bool with_anomalies, DataOptions& data);

/// What happens while learning, as progress and log of a job. Copies share what they count.
class EventTeller {
 public:
  explicit EventTeller(JobRun& run) : run_(&run), state_(std::make_shared<State>()) {}
  bool operator()(const Event& event) const;

 private:
  struct State {
    int trainings = 0;  ///< that have ended
    double share = 0;
    std::string step;
    std::chrono::steady_clock::time_point epoch_told{};
  };
  JobRun* run_;
  std::shared_ptr<State> state_;
};

/// Kinds of artefacts that a training keeps.
inline constexpr const char* kImpulseArtefact = "impulse";
inline constexpr const char* kModelArtefact = "model";
inline constexpr const char* kFloatModelArtefact = "float_model";
inline constexpr const char* kReportArtefact = "report";

/// What a job learnt.
struct Trained {
  int64_t job_id = 0;
  compiler::ImpulseDescription impulse;
  AlignedMemory model;             ///< int8; empty where the impulse has no network
  std::string design_json = "{}";  ///< it was trained by
};

/// Of the job `job_id`, or with 0 of the newest that learnt something.
///
///   kNotFound  nothing was learnt yet, or that job did not
Expected<Trained> LoadTrained(Store& store, int64_t project_id, int64_t job_id);

/// Keeps impulse.json, the models (either may be empty) and report.json.
Outcome KeepTrained(JobRun& run, const LearningJob& job, const compiler::ImpulseDescription& impulse,
                    std::span<const std::byte> model, std::span<const std::byte> float_model,
                    const nlohmann::ordered_json& result, const nlohmann::ordered_json& report);

/// Learns what the design says, keeps it, and gives the result for Job::result. `options` are the design's, or what a
/// search made of them.
Expected<std::string> LearnAndKeep(JobRun& run, const LearningJob& job, const TrainingOptions& options,
                                   const nlohmann::ordered_json& more);

// The functions of the table.
Outcome CheckTrain(Store& store, int64_t project_id, const std::string& parameters);
Expected<std::string> RunTrain(JobRun& run);
Expected<std::string> RunFeatures(JobRun& run);
Outcome CheckTest(Store& store, int64_t project_id, const std::string& parameters);
Expected<std::string> RunTest(JobRun& run);
Outcome CheckTune(Store& store, int64_t project_id, const std::string& parameters);
Expected<std::string> RunTune(JobRun& run);
Outcome CheckBuild(Store& store, int64_t project_id, const std::string& parameters);
Expected<std::string> RunBuild(JobRun& run);
Outcome CheckImport(Store& store, int64_t project_id, const std::string& parameters);
Expected<std::string> RunImport(JobRun& run);
Outcome CheckExport(Store& store, int64_t project_id, const std::string& parameters);
Expected<std::string> RunExport(JobRun& run);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_JOBS_LEARNING_TOOLS_H_
