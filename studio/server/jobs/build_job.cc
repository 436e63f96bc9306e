// The job that builds what devices run: libraries for other people's projects, firmware, and programs for Linux.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "compiler/export_model.h"
#include "compiler/impulse_firmware.h"
#include "compiler/temporary_folder.h"
#include "firmware/all_boards.h"
#include "runner/eim_file.h"
#include "simulator/program.h"
#include "studio/server/jobs/learning_tools.h"
#include "studio/server/jobs/zip.h"

namespace thimble::studio {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFirmware = "firmware";
constexpr const char* kEim = "eim";

struct BuildJob {
  int64_t training = 0;
  std::string kind = "c";
  std::string board = "az3166";
  bool prefer_size = false;
};

Expected<BuildJob> ParseBuildJob(const std::string& parameters) {
  THIMBLE_ASSIGN(const nlohmann::json object, ParseJson("parameters", parameters));
  Members members(object, "parameters");
  BuildJob job;
  constexpr double kMostId = 9e15;
  std::string prefer = "speed";
  members.Number("training", 0, kMostId, job.training);
  members.Word("kind", job.kind);
  members.Word("board", job.board);
  members.Word("prefer", prefer);
  if (prefer != "speed" && prefer != "size") members.Refuse("prefer", "must be speed or size");
  THIMBLE_EXPECT(members.Finish());
  job.prefer_size = prefer == "size";
  if (job.kind == kFirmware) {
    if (firmware::FindBoard(job.board) != nullptr) return job;
    std::string names;
    for (const firmware::Board* one : firmware::kAllBoards)
      names += (names.empty() ? "" : ", ") + std::string(one->name);
    return {Status::kInvalidArgument, "parameters.board: there is no board '" + job.board + "'; there are " + names};
  }
  if (job.kind != kEim && !compiler::ExportKindNamed(job.kind).ok()) {
    std::string names = std::string(kFirmware) + ", " + kEim;
    for (const compiler::ExportKindName& known : compiler::kExportKinds) names += std::string(", ") + known.name;
    return {Status::kInvalidArgument, "parameters.kind: there is no '" + job.kind + "'; there are " + names};
  }
  return job;
}

Expected<std::string> BuildExport(JobRun& run, const BuildJob& job, const Trained& trained) {
  THIMBLE_ASSIGN(const compiler::ExportKind kind, compiler::ExportKindNamed(job.kind));
  if (!trained.impulse.has_network()) {
    return {Status::kUnsupported,
            "this impulse has no network to export; build 'firmware' or 'eim', which hold all of it"};
  }
  compiler::ExportOptions options;
  options.kind = kind;
  options.name = compiler::IdentifierOf(trained.impulse.name);
  options.model_file = trained.impulse.model_file;
  options.labels = trained.impulse.labels;
  compiler::CompileOptions compile;
  compile.preference = job.prefer_size ? compiler::Preference::kSize : compiler::Preference::kSpeed;
  // Processors that we know nothing about do best with the plain steps.
  compile.target = kind == compiler::ExportKind::kEspIdf ? steps::Target::kCortexM0 : steps::Target::kCortexM4;
  compiler::ExportProgress progress;
  progress.planned = [&](const compiler::Plan&) { run.Log("planned"); };
  progress.compiled = [&](double share) { return run.Progress(0.1 + 0.8 * share, "compile"); };
  run.Progress(0, "plan");
  THIMBLE_ASSIGN(const compiler::ModelExport made,
                 compiler::ExportModel(trained.model.span(), compile, options, progress));
  if (!made.remark.empty()) run.Log(made.remark);
  ZipWriter zip;
  for (const compiler::ExportedFile& file : made.files) {
    if (!run.goes_on()) return {Status::kCancelled, "stopped"};
    THIMBLE_EXPECT(zip.Add(options.name + "/" + file.path, file.bytes));
  }
  const Json told = {{"training", trained.job_id},
                     {"kind", job.kind},
                     {"name", options.name},
                     {"files", made.files.size()},
                     {"arena_bytes", made.arena_bytes},
                     {"constants_bytes", made.constants_bytes},
                     {"compiled", made.libraries},
                     {"remark", made.remark}};
  THIMBLE_EXPECT(run.Keep("build", options.name + "-" + job.kind + ".zip", std::move(zip).Finish(), JsonText(told)));
  return JsonText(told);
}

Expected<std::string> BuildFirmwareOf(JobRun& run, const BuildJob& job, const Trained& trained) {
  const firmware::Board& board = *firmware::FindBoard(job.board);
  THIMBLE_ASSIGN(const compiler::TemporaryFolder folder, compiler::TemporaryFolder::Make());
  compiler::FirmwareOptions options;
  options.folder = folder.path();
  options.device_directory = compiler::DeviceDirectoryOf(job.board);
  options.board = job.board;
  run.Progress(0.1, "compile for " + job.board);
  THIMBLE_ASSIGN(const compiler::Firmware built,
                 compiler::BuildImpulseFirmware(trained.impulse, trained.model.span(), options));
  if (!run.goes_on()) return {Status::kCancelled, "stopped"};
  THIMBLE_ASSIGN(const simulator::Program program, simulator::LoadProgram(built.elf, board));
  const std::vector<std::byte> raw = simulator::RawImage(program, board);
  std::ifstream stream(built.elf, std::ios::binary);
  const std::string elf{std::istreambuf_iterator<char>(stream), {}};
  const Json told = {{"training", trained.job_id},
                     {"kind", job.kind},
                     {"board", job.board},
                     {"name", trained.impulse.name},
                     {"flash_bytes", built.flash_code_bytes + built.flash_model_bytes},
                     {"ram_bytes", built.ram_bytes}};
  const std::string name = compiler::IdentifierOf(trained.impulse.name) + "-" + job.board;
  const std::string_view image(reinterpret_cast<const char*>(raw.data()), raw.size());
  THIMBLE_EXPECT(run.Keep("build", name + ".bin", image, JsonText(told)));
  THIMBLE_EXPECT(run.Keep("elf", name + ".elf", elf, JsonText(told)));
  return JsonText(told);
}

Expected<std::string> BuildEim(JobRun& run, const Trained& trained) {
  THIMBLE_ASSIGN(const Project project, run.store().GetProject(run.project_id()));
  // The deployment's version is the job that built it: known before anything is kept, and rising.
  const runner::Origin origin = {.project_id = project.id,
                                 .project = project.name,
                                 .owner = OwnerNameOf(run.store(), project),
                                 .version = run.job().id};
  run.Progress(0.5, "pack");
  THIMBLE_ASSIGN(const std::string program, runner::ReadProgram());
  THIMBLE_ASSIGN(const std::string eim, runner::WriteEim(program, origin, trained.impulse, trained.model.span()));
  run.Log("the impulse and a program of " + std::to_string(program.size()) + " bytes: " + std::to_string(eim.size()) +
          " bytes");
  const Json told = {{"training", trained.job_id},
                     {"kind", kEim},
                     {"name", trained.impulse.name},
                     {"target", runner::kTarget},
                     {"version", origin.version}};
  THIMBLE_EXPECT(run.Keep("build", compiler::IdentifierOf(trained.impulse.name) + ".eim", eim, JsonText(told)));
  return JsonText(told);
}

}  // namespace

Outcome CheckBuild(Store& store, int64_t project_id, const std::string& parameters) {
  THIMBLE_ASSIGN(const BuildJob job, ParseBuildJob(parameters));
  THIMBLE_EXPECT(LoadTrained(store, project_id, job.training));
  return Nothing{};
}

Expected<std::string> RunBuild(JobRun& run) {
  THIMBLE_ASSIGN(const BuildJob job, ParseBuildJob(run.job().parameters));
  THIMBLE_ASSIGN(const Trained trained, LoadTrained(run.store(), run.project_id(), job.training));
  if (job.kind == kFirmware) return BuildFirmwareOf(run, job, trained);
  if (job.kind == kEim) return BuildEim(run, trained);
  return BuildExport(run, job, trained);
}

}  // namespace thimble::studio
