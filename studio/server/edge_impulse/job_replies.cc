// Impulses, jobs and what devices run, as Edge Impulse's tools ask for them.
#include <algorithm>
#include <utility>

#include "runner/eim_file.h"
#include "studio/server/application.h"
#include "studio/server/edge_impulse/edge_impulse_routes.h"
#include "studio/server/edge_impulse/reply.h"
#include "studio/server/jobs/jobs.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

constexpr int64_t kMostJobs = 1000;
constexpr int64_t kMostId = int64_t{1} << 53;

// --- impulses -------------------------------------------------------------------------------------------------------

/// What the project designs now; what its versions keep is passed over.
Expected<std::vector<Impulse>> ImpulsesOf(Call& call) {
  THIMBLE_ASSIGN(std::vector<Impulse> impulses, call.application.store.ListImpulses(call.project_id));
  std::erase_if(impulses, [](const Impulse& impulse) { return impulse.snapshot != 0; });
  std::ranges::sort(impulses, {}, &Impulse::id);
  return impulses;
}

json JsonOf(const Impulse& impulse) {
  const json design = Stored(impulse.design);
  const auto member = [&](const char* name) {
    return design.is_object() && design.contains(name) ? design[name] : json();
  };
  json dsp_blocks = json::array();
  const json block = member("block");
  const bool named = block.is_object() && block.contains("name") && block["name"].is_string();
  if (named) {
    std::string type = block["name"];
    std::ranges::replace(type, '_', '-');
    dsp_blocks.push_back({{"id", 2}, {"type", type}, {"name", type}, {"title", type}, {"axes", json::array()}});
  }
  const json learn = member("learn");
  const char* type = learn == "anomaly" ? "keras-anomaly" : learn == "regression" ? "keras-regression" : "keras";
  const json window_ms = member("window_ms"), stride_ms = member("stride_ms");
  const json input = {{"id", 1},
                      {"type", "time-series"},
                      {"name", "Time series data"},
                      {"title", "Time series data"},
                      {"windowSizeMs", window_ms.is_number() ? window_ms : json(0)},
                      {"windowIncreaseMs", stride_ms.is_number() ? stride_ms : json(0)}};
  const json learner = {
      {"id", 3}, {"type", type}, {"name", type}, {"title", type}, {"dsp", named ? json{2} : json::array()}};
  return {{"id", impulse.id},
          {"name", impulse.name},
          {"type", "time-series"},
          {"inputBlocks", json::array({input})},
          {"dspBlocks", std::move(dsp_blocks)},
          {"learnBlocks", json::array({learner})},
          {"postProcessingBlocks", json::array()}};
}

Expected<Response> ListImpulses(Call& call) {
  THIMBLE_ASSIGN(const std::vector<Impulse> impulses, ImpulsesOf(call));
  json list = json::array();
  for (const Impulse& impulse : impulses) list.push_back(JsonOf(impulse));
  return Success({{"impulses", std::move(list)}});
}

/// The one that the query names, else the first; nothing in a project that has none.
Expected<std::optional<Impulse>> ImpulseOf(Call& call) {
  THIMBLE_ASSIGN(const int64_t id, NumberOf(call, "impulseId", 0, kMostId));
  THIMBLE_ASSIGN(std::vector<Impulse> impulses, ImpulsesOf(call));
  for (Impulse& impulse : impulses) {
    if (id == 0 || impulse.id == id) return std::optional(std::move(impulse));
  }
  if (id == 0) return std::optional<Impulse>();
  return {Status::kNotFound, "there is no impulse " + std::to_string(id)};
}

Expected<Response> GetImpulse(Call& call) {
  THIMBLE_ASSIGN(const std::optional<Impulse> impulse, ImpulseOf(call));
  return impulse ? Success({{"impulse", JsonOf(*impulse)}}) : Success();
}

/// What is built has whole numbers of eight bits.
Expected<Response> ListVariants(Call&) {
  const json variant = {{"variant", "int8"}, {"isReferenceVariant", true}, {"isEnabled", true}, {"isSelected", true}};
  return Success({{"modelVariants", json::array({variant})}});
}

// --- what devices run -----------------------------------------------------------------------------------------------

struct Deployment {
  const char* type;  ///< as the tools name it
  const char* kind;  ///< of the job "build"
  const char* name;
};
constexpr Deployment kDeployments[] = {
    {"zip", "cmake", "C++ library"},
    {"arduino", "arduino", "Arduino library"},
    {"c", "c", "C++ sources"},
    {"platformio", "platformio", "PlatformIO library"},
    {"zephyr", "zephyr", "Zephyr module"},
    {"esp-idf", "esp-idf", "ESP-IDF component"},
    {runner::kTarget, "eim", "Linux program"},
};
// The model is compiled, there is no interpreter: what Edge Impulse calls the EON compiler.
constexpr const char* kEngine = "tflite-eon";
constexpr const char* kNoFloats = "what is built has whole numbers of eight bits";

Expected<Deployment> DeploymentOf(Call& call) {
  const auto type = http::Find(call.request.query, "type");
  std::string known;
  for (const Deployment& one : kDeployments) {
    if (type && *type == one.type) return one;
    known += (known.empty() ? "" : ", ") + std::string(one.type);
  }
  return {Status::kInvalidArgument,
          (type ? "there is no deployment '" + std::string(*type) + "'" : std::string("type is missing")) +
              "; there are " + known};
}

Expected<Response> ListTargets(Call&) {
  json targets = json::array();
  for (const Deployment& one : kDeployments) {
    targets.push_back(
        {{"name", one.name},
         {"description", one.name},
         {"image", ""},
         {"imageClasses", ""},
         {"format", one.type},
         {"hasEonCompiler", true},
         {"hideOptimizations", true},
         {"uiSection", "library"},
         {"supportedEngines", {kEngine}},
         {"preferredEngine", kEngine},
         {"docsUrl", ""},
         // Tools that find none end at once.
         {"modelVariants", json::array({{{"variant", "int8"}, {"supported", true}},
                                        {{"variant", "float32"}, {"supported", false}, {"hint", kNoFloats}}})},
         {"parameters", json::array()}});
  }
  return Success({{"targets", std::move(targets)}});
}

/// The jobs that trained the impulse that the query names, newest first; nothing where it names none, so that any will
/// do.
Expected<std::optional<std::vector<int64_t>>> TrainingsOf(Call& call) {
  THIMBLE_ASSIGN(const int64_t impulse_id, NumberOf(call, "impulseId", 0, kMostId));
  if (impulse_id == 0) return std::optional<std::vector<int64_t>>();
  THIMBLE_EXPECT(ImpulseOf(call));
  Store& store = call.application.store;
  std::vector<int64_t> trainings;
  THIMBLE_ASSIGN(const std::vector<Artefact> artefacts, store.ListArtefacts(call.project_id, "impulse"));
  for (const Artefact& artefact : artefacts) {
    if (!artefact.job_id) continue;
    const auto job = store.GetJob(*artefact.job_id);
    if (!job.ok()) continue;
    const json parameters = Stored(job->parameters);
    if (parameters.is_object() && parameters.value("impulse", json()) == impulse_id) trainings.push_back(job->id);
  }
  return std::optional(std::move(trainings));
}

/// The newest build of that type and impulse.
Expected<std::optional<Artefact>> NewestBuild(Call& call) {
  THIMBLE_ASSIGN(const Deployment deployment, DeploymentOf(call));
  THIMBLE_ASSIGN(const auto trainings, TrainingsOf(call));
  THIMBLE_ASSIGN(std::vector<Artefact> builds, call.application.store.ListArtefacts(call.project_id, "build"));
  for (Artefact& build : builds) {
    const json metadata = Stored(build.metadata);
    if (!metadata.is_object() || metadata.value("kind", json()) != deployment.kind) continue;
    const json training = metadata.value("training", json());
    const bool fits = !trainings || std::ranges::any_of(*trainings, [&](int64_t id) { return training == id; });
    if (fits) return std::optional(std::move(build));
  }
  return std::optional<Artefact>();
}

Expected<Response> GetDeployment(Call& call) {
  THIMBLE_ASSIGN(const std::optional<Artefact> build, NewestBuild(call));
  if (!build) return Success({{"hasDeployment", false}});
  // The job that built it: rises with every build, and is the version that a .eim says of itself.
  return Success({{"hasDeployment", true}, {"version", build->job_id.value_or(build->id)}});
}

Expected<Response> DownloadDeployment(Call& call) {
  THIMBLE_ASSIGN(const std::optional<Artefact> build, NewestBuild(call));
  if (!build) return {Status::kNotFound, "nothing of this type is built yet; start the job build-ondevice-model"};
  return Download(call, build->blob, build->name);
}

// --- jobs -----------------------------------------------------------------------------------------------------------

bool HasEnded(const Job& job) { return job.state != "queued" && job.state != "running"; }

json JsonOf(const Job& job) {
  json object = {{"id", job.id},
                 {"category", job.kind},
                 {"categoryKey", job.kind},
                 {"key", job.kind + "-" + std::to_string(job.id)},
                 {"created", IsoTime(job.created_ms)},
                 {"jobNotificationUids", json::array()}};
  if (job.started_ms > 0) object["started"] = IsoTime(job.started_ms);
  // Only of what has ended: tools take false for a failure.
  if (HasEnded(job)) {
    object["finished"] = IsoTime(job.finished_ms);
    object["finishedSuccessful"] = job.state == "done";
  }
  return object;
}

Expected<Response> Begin(Call& call, const char* kind, const json& parameters) {
  THIMBLE_ASSIGN(const Job job, call.application.jobs.Start(call.project_id, kind, TextOf(parameters)));
  Tell(call, "job", "job.start", std::to_string(job.id), {{"kind", kind}});
  return Success({{"id", job.id}});
}

Expected<Response> StartBuild(Call& call) {
  THIMBLE_ASSIGN(const json body, ObjectOf(call));
  THIMBLE_ASSIGN(const Deployment deployment, DeploymentOf(call));
  if (body.contains("engine") && body["engine"] != kEngine) {
    return {Status::kInvalidArgument, std::string("the one engine here is ") + kEngine + ": models are compiled"};
  }
  if (body.contains("modelType") && body["modelType"] != "int8") {
    return {Status::kInvalidArgument, std::string(kNoFloats) + ": modelType int8"};
  }
  json parameters = {{"kind", deployment.kind}};
  THIMBLE_ASSIGN(const auto trainings, TrainingsOf(call));
  if (trainings) {
    if (trainings->empty()) return {Status::kNotFound, "this impulse is not trained yet; start the job retrain"};
    parameters["training"] = trainings->front();
  }
  return Begin(call, "build", parameters);
}

Expected<Response> StartTraining(Call& call) {
  THIMBLE_ASSIGN(const std::optional<Impulse> impulse, ImpulseOf(call));
  return Begin(call, "train", impulse ? json{{"impulse", impulse->id}} : json::object());
}

Expected<Job> JobOf(const Call& call) {
  THIMBLE_ASSIGN(const int64_t id, IdOf(call, "job"));
  THIMBLE_ASSIGN(Job job, call.application.store.GetJob(id));
  if (job.project_id != call.project_id) return {Status::kNotFound, "there is no job " + std::to_string(id)};
  return job;
}

Expected<Response> GetJob(Call& call) {
  THIMBLE_ASSIGN(const Job job, JobOf(call));
  return Success({{"job", JsonOf(job)}});
}

Expected<Response> CancelJob(Call& call) {
  THIMBLE_ASSIGN(const Job job, JobOf(call));
  const JobKind* const kind = FindJobKind(job.kind);
  if (!May(call, kind != nullptr ? kind->permission : Permission::kWrite)) {
    return {Status::kInvalidArgument, "this key may not stop jobs of the kind '" + job.kind + "'"};
  }
  THIMBLE_EXPECT(call.application.jobs.Cancel(call.project_id, job.id));
  Tell(call, "job", "job.cancel", std::to_string(job.id));
  return Success();
}

Expected<Response> ReadLog(Call& call) {
  THIMBLE_ASSIGN(const Job job, JobOf(call));
  THIMBLE_ASSIGN(const std::vector<JobLine> lines, call.application.store.ReadJobLog(job.id, 0, kMostJobs));
  json list = json::array();
  for (const JobLine& line : lines) {
    list.push_back({{"created", IsoTime(line.time_ms)}, {"data", line.text + "\n"}, {"logLevel", "info"}});
  }
  return Success({{"totalCount", lines.size()}, {"stdout", std::move(list)}});
}

Expected<Response> ListJobs(Call& call, bool with_active, bool with_ended) {
  THIMBLE_ASSIGN(int64_t wanted, NumberOf(call, "limit", 100, kMostId));
  THIMBLE_ASSIGN(const int64_t offset, NumberOf(call, "offset", 0, kMostId));
  wanted = std::min(wanted, kMostJobs);
  json list = json::array();
  int64_t count = 0;
  std::optional<int64_t> cursor = 0;
  while (cursor) {
    THIMBLE_ASSIGN(const Page<Job> page, call.application.store.ListJobs(call.project_id, {.cursor = *cursor}));
    for (const Job& job : page.items) {
      if (!(HasEnded(job) ? with_ended : with_active)) continue;
      if (count >= offset && count < offset + wanted) list.push_back(JsonOf(job));
      ++count;
    }
    cursor = page.next;
  }
  return Success({{"jobs", std::move(list)}, {"totalJobCount", count}});
}
Expected<Response> ListActiveJobs(Call& call) { return ListJobs(call, true, false); }
Expected<Response> ListEndedJobs(Call& call) { return ListJobs(call, false, true); }
Expected<Response> ListAllJobs(Call& call) { return ListJobs(call, true, true); }

constexpr const char* kJson = "application/json";

}  // namespace

std::span<const Route> EdgeImpulseJobRoutes() {
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/v1/api/{project}/impulses",
       Permission::kFollow,
       "The impulses of a project.",
       "",
       kJson,
       &Reply<ListImpulses>},
      {{}, "GET", "/v1/api/{project}/impulse", Permission::kFollow, "One impulse.", "", kJson, &Reply<GetImpulse>},
      {{},
       "GET",
       "/v1/api/{project}/model-variants",
       Permission::kFollow,
       "Which numbers models have.",
       "",
       kJson,
       &Reply<ListVariants>},
      {{},
       "GET",
       "/v1/api/{project}/deployment/targets/data-sources",
       Permission::kFollow,
       "What can be built.",
       "",
       kJson,
       &Reply<ListTargets>},
      {{},
       "GET",
       "/v1/api/{project}/deployment",
       Permission::kFollow,
       "Whether that is built, and which version.",
       "",
       kJson,
       &Reply<GetDeployment>},
      {{},
       "GET",
       "/v1/api/{project}/deployment/download",
       Permission::kFollow,
       "What was built last.",
       "",
       "application/octet-stream",
       &Reply<DownloadDeployment>},
      {{},
       "POST",
       "/v1/api/{project}/jobs/build-ondevice-model",
       Permission::kDeploy,
       "Builds what devices run.",
       kJson,
       kJson,
       &Reply<StartBuild>},
      {{},
       "POST",
       "/v1/api/{project}/jobs/retrain",
       Permission::kWrite,
       "Trains an impulse.",
       "",
       kJson,
       &Reply<StartTraining>},
      {{},
       "GET",
       "/v1/api/{project}/jobs",
       Permission::kFollow,
       "The jobs that wait or run.",
       "",
       kJson,
       &Reply<ListActiveJobs>},
      {{},
       "GET",
       "/v1/api/{project}/jobs/history",
       Permission::kFollow,
       "The jobs that have ended.",
       "",
       kJson,
       &Reply<ListEndedJobs>},
      {{}, "GET", "/v1/api/{project}/jobs/all", Permission::kFollow, "All jobs.", "", kJson, &Reply<ListAllJobs>},
      {{},
       "GET",
       "/v1/api/{project}/jobs/{job}/status",
       Permission::kFollow,
       "How far a job is.",
       "",
       kJson,
       &Reply<GetJob>},
      {{},
       "GET",
       "/v1/api/{project}/jobs/{job}/stdout",
       Permission::kFollow,
       "The lines that a job has written.",
       "",
       kJson,
       &Reply<ReadLog>},
      {{},
       "POST",
       "/v1/api/{project}/jobs/{job}/cancel",
       Permission::kDeploy,
       "Stops a job.",
       "",
       kJson,
       &Reply<CancelJob>},
  };
  return kRoutes;
}

}  // namespace thimble::studio
