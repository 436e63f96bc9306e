#include "studio/server/jobs/learning_tools.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "studio/server/jobs/stored_data.h"

namespace thimble::studio {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::chrono::milliseconds kTellEvery{100};

/// A point of the curves that a page draws while it waits; the report has them all.
void TellEpoch(JobRun& run, const std::string& step, const trainer::Epoch& epoch) {
  const auto number = [](float value) { return std::isfinite(value) ? Json(value) : Json(); };
  run.Tell({run.project_id(), "job",
            JsonText({{"id", run.job().id},
                      {"kind", run.job().kind},
                      {"state", "running"},
                      {"epoch",
                       {{"of", step},
                        {"number", epoch.number},
                        {"training_loss", number(epoch.training_loss)},
                        {"training_score", number(epoch.training_score)},
                        {"validation_loss", number(epoch.validation_loss)},
                        {"validation_score", number(epoch.validation_score)}}}})});
}

}  // namespace

Expected<LearningJob> ReadLearningJob(Store& store, int64_t project_id, Members& members) {
  LearningJob job;
  THIMBLE_ASSIGN(job.project, store.GetProject(project_id));
  constexpr double kMostId = 9e15;
  members.Number("impulse", 1, kMostId, job.impulse_id);
  members.Number("version", 0, kMostId, job.snapshot);
  const nlohmann::json* const design = members.Take("design");
  if (design != nullptr && job.impulse_id != 0) members.Refuse("design", "leave it out, or leave impulse out");
  if (design != nullptr) job.design_json = JsonText(*design);
  if (job.impulse_id != 0) {
    THIMBLE_ASSIGN(const Impulse impulse, store.GetImpulse(project_id, job.impulse_id));
    job.design_json = impulse.design;
  }
  if (job.snapshot != 0) {
    THIMBLE_ASSIGN(const std::vector<ProjectVersion> versions, store.ListProjectVersions(project_id));
    const auto is_it = [&](const ProjectVersion& version) { return version.id == job.snapshot; };
    if (std::none_of(versions.begin(), versions.end(), is_it)) {
      return {Status::kNotFound, "there is no version " + std::to_string(job.snapshot) + " of this project"};
    }
  }
  THIMBLE_ASSIGN(job.design, ParseDesign(job.design_json));
  job.design.training.name = job.project.name.empty() ? "impulse" : job.project.name;
  job.design.training.data.folder = job.project.name;
  return job;
}

void ReadFromStore(JobRun& run, int64_t snapshot, bool with_anomalies, DataOptions& data) {
  data.source = [&run, snapshot, with_anomalies](const dataset::ReadOptions& reading) {
    return ReadStored(run.store(), {.project_id = run.project_id(),
                                    .snapshot = snapshot,
                                    .with_anomalies = with_anomalies,
                                    .progress = [&](size_t done, size_t total) {
                                      return run.goes_on() && (!reading.progress || reading.progress(done, total));
                                    }});
  };
}

bool EventTeller::operator()(const Event& event) const {
  // How many networks will be tried is not known before: each takes half of what is left.
  constexpr double kDataShare = 0.1, kTestShare = 0.95;
  State& state = *state_;
  const auto training_share = [&](double inside) {
    return kDataShare + (kTestShare - kDataShare) * (1 - std::pow(0.5, state.trainings + inside));
  };
  double share = state.share;
  if (event.step == "data") share = kDataShare * event.share;
  if (event.step == "features") share = training_share(0.2 * event.share);
  if (event.step == "train") share = training_share(0.2 + 0.7 * event.share);
  if (event.step == "quantise") share = training_share(0.9 + 0.1 * event.share);
  if (event.step == "test") share = kTestShare + (1 - kTestShare) * event.share;
  std::string message;
  switch (event.kind) {
    case Event::Kind::kBegin:
      state.step = std::string(event.step) + (event.text.empty() ? "" : ": " + event.text);
      message = state.step;
      run_->Log(state.step);
      break;
    case Event::Kind::kEpoch:
      // Of small networks there are thousands a second.
      if (const auto now = std::chrono::steady_clock::now(); now - state.epoch_told > kTellEvery) {
        state.epoch_told = now;
        message = state.step + ", epoch " + std::to_string(event.epoch->number);
        TellEpoch(*run_, state.step, *event.epoch);
      }
      break;
    case Event::Kind::kEnd:
      if (event.step == "quantise") {
        ++state.trainings;
        share = training_share(0);
      }
      if (!event.text.empty()) run_->Log(std::string(event.step) + ": " + event.text);
      break;
    case Event::Kind::kProgress:
      break;
  }
  state.share = std::max(state.share, share);
  return run_->Progress(state.share, message);
}

Expected<Trained> LoadTrained(Store& store, int64_t project_id, int64_t job_id) {
  THIMBLE_ASSIGN(const std::vector<Artefact> impulses, store.ListArtefacts(project_id, kImpulseArtefact));
  const auto wanted = [&](const Artefact& artefact) { return job_id == 0 || artefact.job_id == job_id; };
  const auto found = std::find_if(impulses.begin(), impulses.end(), wanted);
  if (found == impulses.end()) {
    if (job_id == 0) return {Status::kNotFound, "nothing was trained in this project yet; start a job 'train'"};
    return {Status::kNotFound, "job " + std::to_string(job_id) + " trained nothing in this project"};
  }
  Trained trained;
  trained.job_id = found->job_id.value_or(0);
  THIMBLE_ASSIGN(const std::string text, store.blobs().Read(found->blob));
  THIMBLE_ASSIGN(trained.impulse, compiler::ParseImpulse(found->name, text));
  const auto metadata = nlohmann::json::parse(found->metadata, nullptr, false);
  if (metadata.is_object() && metadata.contains("design")) trained.design_json = metadata["design"].dump();
  if (!trained.impulse.has_network()) return trained;
  THIMBLE_ASSIGN(const std::vector<Artefact> models, store.ListArtefacts(project_id, kModelArtefact));
  for (const Artefact& model : models) {
    if (model.job_id != found->job_id) continue;
    THIMBLE_ASSIGN(const std::string bytes, store.blobs().Read(model.blob));
    trained.model = AlignedMemory(std::as_bytes(std::span(bytes)));
    return trained;
  }
  return {Status::kDataLoss, "the network of job " + std::to_string(trained.job_id) + " is gone; train again"};
}

Outcome KeepTrained(JobRun& run, const LearningJob& job, const compiler::ImpulseDescription& impulse,
                    std::span<const std::byte> model, std::span<const std::byte> float_model, const Json& result,
                    const Json& report) {
  const auto text = [](std::span<const std::byte> bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  const Json design = Json::parse(job.design_json, nullptr, false);
  const Json metadata = {{"impulse", job.impulse_id}, {"design", design}, {"result", result}};
  THIMBLE_EXPECT(run.Keep(kImpulseArtefact, "impulse.json", compiler::WriteImpulse(impulse), JsonText(metadata)));
  if (!model.empty()) THIMBLE_EXPECT(run.Keep(kModelArtefact, "model.tflite", text(model)));
  if (!float_model.empty()) THIMBLE_EXPECT(run.Keep(kFloatModelArtefact, "model.float.tflite", text(float_model)));
  return run.Keep(kReportArtefact, "report.json", JsonText(report));
}

}  // namespace thimble::studio
