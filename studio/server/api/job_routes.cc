// Long work, and what it made.
#include <memory>
#include <utility>

#include "studio/server/api/answer.h"
#include "studio/server/api/api_routes.h"
#include "studio/server/application.h"
#include "studio/server/jobs/jobs.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

json JsonOf(const Job& job) {
  return {{"id", job.id},
          {"kind", job.kind},
          {"parameters", Stored(job.parameters)},
          {"state", job.state},
          {"progress", job.progress},
          {"message", job.message},
          {"attempts", job.attempts},
          {"error", job.error},
          {"result", Stored(job.result)},
          {"created_ms", job.created_ms},
          {"started_ms", job.started_ms},
          {"finished_ms", job.finished_ms}};
}

json JsonOf(const Artefact& artefact) {
  return {{"id", artefact.id},
          {"job_id", artefact.job_id ? json(*artefact.job_id) : json()},
          {"kind", artefact.kind},
          {"name", artefact.name},
          {"bytes", artefact.bytes},
          {"metadata", Stored(artefact.metadata)},
          {"created_ms", artefact.created_ms}};
}

constexpr uint64_t kMostArchiveBytes = uint64_t{16} << 30;

/// The one that the path names, if it is of this project.
Expected<Job> JobOf(const Call& call) {
  THIMBLE_ASSIGN(const int64_t id, IdOf(call, "job"));
  THIMBLE_ASSIGN(Job job, call.application.store.GetJob(id));
  if (job.project_id != call.project_id) return {Status::kNotFound, "there is no job " + std::to_string(id)};
  return job;
}

Expected<Artefact> ArtefactOf(const Call& call) {
  THIMBLE_ASSIGN(const int64_t id, IdOf(call, "artefact"));
  THIMBLE_ASSIGN(Artefact artefact, call.application.store.GetArtefact(id));
  if (artefact.project_id != call.project_id) {
    return {Status::kNotFound, "there is no artefact " + std::to_string(id)};
  }
  return artefact;
}

Response NotAllowed(const Call& call, const std::string& kind) {
  return Response::Problem(
      403, "the role '" + std::string(NameOf(call.identity.role)) + "' does not allow jobs of the kind '" + kind + "'");
}

Expected<Response> ListKinds(Call&) {
  json kinds = json::array();
  for (const JobKind& kind : JobKinds()) {
    kinds.push_back(
        {{"name", kind.name}, {"summary", kind.summary}, {"parameters", Stored(kind.takes)}, {"gives", kind.gives}});
  }
  return JsonAnswer(200, {{"kinds", std::move(kinds)}});
}

Expected<Response> ListJobs(Call& call) {
  THIMBLE_ASSIGN(const json query, QueryOf(call));
  THIMBLE_ASSIGN(const Page<Job> page, call.application.store.ListJobs(call.project_id, PagingOf(query)));
  return JsonAnswer(200, PageJson("jobs", page, [](const Job& job) { return JsonOf(job); }));
}

Expected<Response> StartJob(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  const std::string name = body["kind"].get<std::string>();
  const JobKind* kind = FindJobKind(name);
  if (kind != nullptr && !May(call, kind->permission)) return NotAllowed(call, name);
  THIMBLE_ASSIGN(const Job job,
                 call.application.jobs.Start(call.project_id, name, TextOf(body.value("parameters", json::object()))));
  Tell(call, "job", "job.start", std::to_string(job.id), {{"kind", name}});
  Response response = JsonAnswer(202, JsonOf(job));
  response.headers.Set("Location", call.request.path + "/" + std::to_string(job.id));
  return response;
}

Expected<Response> GetJob(Call& call) {
  THIMBLE_ASSIGN(const Job job, JobOf(call));
  return JsonAnswer(200, JsonOf(job));
}

Expected<Response> CancelJob(Call& call) {
  THIMBLE_ASSIGN(const Job job, JobOf(call));
  const JobKind* kind = FindJobKind(job.kind);
  if (!May(call, kind != nullptr ? kind->permission : Permission::kWrite)) return NotAllowed(call, job.kind);
  THIMBLE_ASSIGN(const Job cancelled, call.application.jobs.Cancel(call.project_id, job.id));
  Tell(call, "job", "job.cancel", std::to_string(job.id));
  return JsonAnswer(202, JsonOf(cancelled));
}

Expected<Response> ReadLog(Call& call) {
  THIMBLE_ASSIGN(const json query, QueryOf(call));
  THIMBLE_ASSIGN(const Job job, JobOf(call));
  const int64_t after = query["after"].get<int64_t>();
  THIMBLE_ASSIGN(const std::vector<JobLine> lines,
                 call.application.store.ReadJobLog(job.id, after, query["limit"].get<int64_t>()));
  json answer = ListJson("lines", lines, [](const JobLine& line) {
    return json{{"id", line.id}, {"time_ms", line.time_ms}, {"text", line.text}};
  });
  answer["after"] = lines.empty() ? after : lines.back().id;
  answer["state"] = job.state;
  return JsonAnswer(200, answer);
}

Expected<Response> ListArtefacts(Call& call) {
  THIMBLE_ASSIGN(const json query, QueryOf(call));
  THIMBLE_ASSIGN(const std::vector<Artefact> artefacts,
                 call.application.store.ListArtefacts(call.project_id, query.value("kind", "")));
  return JsonAnswer(200, ListJson("artefacts", artefacts, [](const Artefact& one) { return JsonOf(one); }));
}

Expected<Response> GetArtefact(Call& call) {
  THIMBLE_ASSIGN(const Artefact artefact, ArtefactOf(call));
  return JsonAnswer(200, JsonOf(artefact));
}

Expected<Response> GetArtefactFile(Call& call) {
  THIMBLE_ASSIGN(const Artefact artefact, ArtefactOf(call));
  return Download(call, artefact.blob, artefact.name);
}

/// Takes a file of any length, such as an archive for the job "import".
class ArtefactSink : public http::BodySink {
 public:
  ArtefactSink(const Call& call, Artefact artefact, BlobWriter writer)
      : application_(call.application),
        identity_(call.identity),
        project_id_(call.project_id),
        artefact_(std::move(artefact)),
        writer_(std::move(writer)) {}

  bool Write(std::string_view bytes) override {
    if (outcome_.ok()) outcome_ = writer_.Append(bytes);
    return outcome_.ok();
  }
  Response Finish() override {
    const Expected<Response> response = Keep();
    return response.ok() ? Response::Json(response->status, response->body) : ProblemOf(response.error());
  }

 private:
  Expected<Response> Keep() {
    THIMBLE_EXPECT(outcome_);
    Store& store = application_.store;
    THIMBLE_ASSIGN(StagedBlob staged, writer_.Finish());
    StagedBlob* const blobs[] = {&staged};
    THIMBLE_EXPECT(store.blobs().Publish(blobs));
    artefact_.blob = staged.hash();
    artefact_.bytes = staged.bytes();
    THIMBLE_ASSIGN(const int64_t id, store.AddArtefact(artefact_));
    http::Request request;
    const Call call{application_, request, identity_, project_id_};
    Tell(call, "artefact", "artefact.add", std::to_string(id), {{"name", artefact_.name}});
    THIMBLE_ASSIGN(const Artefact added, store.GetArtefact(id));
    return JsonAnswer(201, JsonOf(added));
  }

  Application& application_;
  const Identity identity_;
  const int64_t project_id_;
  Artefact artefact_;
  BlobWriter writer_;
  Outcome outcome_ = Nothing{};
};

std::variant<std::unique_ptr<http::BodySink>, Response> AddArtefact(Call& call) {
  const auto open = [&]() -> Expected<std::unique_ptr<http::BodySink>> {
    THIMBLE_ASSIGN(const json query, QueryOf(call));
    if (!query.contains("name")) return {Status::kInvalidArgument, "name is missing: say ?name=gestures.zip"};
    Store& store = call.application.store;
    THIMBLE_EXPECT(store.GetProject(call.project_id));
    THIMBLE_ASSIGN(BlobWriter writer, store.blobs().StartWriting());
    Artefact artefact{.project_id = call.project_id,
                      .kind = query["kind"].get<std::string>(),
                      .name = query["name"].get<std::string>()};
    return std::unique_ptr<http::BodySink>(new ArtefactSink(call, std::move(artefact), std::move(writer)));
  };
  Expected<std::unique_ptr<http::BodySink>> opened = open();
  if (!opened.ok()) return ProblemOf(opened.error());
  return *std::move(opened);
}

Expected<Response> DeleteArtefact(Call& call) {
  THIMBLE_ASSIGN(const Artefact artefact, ArtefactOf(call));
  THIMBLE_EXPECT(call.application.store.RemoveArtefact(call.project_id, artefact.id));
  Tell(call, "artefact", "artefact.delete", std::to_string(artefact.id), {{"name", artefact.name}});
  return Response::Empty();
}

}  // namespace

std::span<const Route> JobRoutes() {
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/api/v1/job-kinds",
       Permission::kAnyone,
       "What jobs there are, and their parameters as JSON Schema.",
       "",
       "JobKinds",
       &Answer<ListKinds>},
      {{},
       "GET",
       "/api/v1/projects/{project}/jobs",
       Permission::kRead,
       "The jobs of a project, newest first.",
       "",
       "Jobs",
       &Answer<ListJobs>},
      {{},
       "POST",
       "/api/v1/projects/{project}/jobs",
       Permission::kDeploy,
       "Starts a job. Builds take the right to deploy, all others the right to write.",
       "NewJob",
       "Job",
       &Once<StartJob>},
      {{},
       "GET",
       "/api/v1/projects/{project}/jobs/{job}",
       Permission::kRead,
       "How far a job is, or how it ended.",
       "",
       "Job",
       &Answer<GetJob>},
      {{},
       "POST",
       "/api/v1/projects/{project}/jobs/{job}/cancel",
       Permission::kDeploy,
       "Stops a job as soon as its work looks up; one that has ended stays as it is.",
       "",
       "Job",
       &Answer<CancelJob>},
      {{},
       "GET",
       "/api/v1/projects/{project}/jobs/{job}/log",
       Permission::kRead,
       "The lines that a job has written, oldest first; give `after` of one answer to the next request.",
       "",
       "JobLog",
       &Answer<ReadLog>},
      {{},
       "GET",
       "/api/v1/projects/{project}/artefacts",
       Permission::kRead,
       "What jobs have made, newest first: models, builds, tables of features.",
       "",
       "Artefacts",
       &Answer<ListArtefacts>},
      {{},
       "POST",
       "/api/v1/projects/{project}/artefacts",
       Permission::kWrite,
       "Brings a file that a job takes, such as an archive for the job `import`.",
       "application/octet-stream",
       "Artefact",
       nullptr,
       &AddArtefact,
       false,
       kMostArchiveBytes},
      {{},
       "GET",
       "/api/v1/projects/{project}/artefacts/{artefact}",
       Permission::kRead,
       "One of them.",
       "",
       "Artefact",
       &Answer<GetArtefact>},
      {{},
       "GET",
       "/api/v1/projects/{project}/artefacts/{artefact}/file",
       Permission::kRead,
       "Its bytes.",
       "",
       "application/octet-stream",
       &Answer<GetArtefactFile>},
      {{},
       "DELETE",
       "/api/v1/projects/{project}/artefacts/{artefact}",
       Permission::kWrite,
       "Deletes one of them.",
       "",
       "",
       &Answer<DeleteArtefact>},
  };
  return kRoutes;
}

}  // namespace thimble::studio
