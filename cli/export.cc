// `thimble export`: a model becomes what people drop into a project of theirs.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/export_eim.h"
#include "cli/interrupt.h"
#include "cli/plan_options.h"
#include "cli/staging.h"
#include "cli/terminal.h"
#include "compiler/export_model.h"
#include "compiler/impulse_file.h"
#include "compiler/model_file.h"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;
using compiler::ExportedFile;
using compiler::ExportKind;
using compiler::Plan;
using Json = nlohmann::ordered_json;

/// What an export wrote at the top of its folder, a name a line: the next one into the same folder replaces these.
constexpr const char* kMarker = ".thimble-export";

std::string ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The core to choose steps for; these run on every core.
Expected<steps::Target> TargetFor(ExportKind kind, const std::string& core) {
  // Processors that we know nothing about do best with the plain steps.
  const std::string usual = kind == ExportKind::kEspIdf ? "cortex-m0" : "cortex-m4";
  Expected<steps::Target> target = TargetOfCore(core.empty() ? usual : core);
  if (target) return target;
  return {Status::kInvalidArgument,
          core + ": no steps are made for this core; those for cortex-m0, cortex-m4 and cortex-m55 run on every core"};
}

/// The impulse that `thimble demo` and `thimble hello` write beside their model, if it is this model's.
std::optional<compiler::ImpulseDescription> ImpulseBeside(const fs::path& model) {
  const fs::path path = model.parent_path() / "impulse.json";
  std::error_code error;
  if (!fs::exists(path, error)) return {};
  Expected<compiler::ImpulseDescription> impulse = compiler::ParseImpulse(path.string(), ReadText(path));
  if (!impulse || impulse->model_file != model.filename()) return {};
  return *std::move(impulse);
}

/// "kws/model.tflite" is about kws.
std::string NameOf(const fs::path& model, const std::optional<compiler::ImpulseDescription>& impulse) {
  if (impulse && !impulse->name.empty()) return compiler::IdentifierOf(impulse->name);
  std::error_code error;
  const std::string folder = fs::absolute(model, error).lexically_normal().parent_path().filename().string();
  const bool nameless = model.stem() == "model" && !folder.empty();
  return compiler::IdentifierOf(nameless ? folder + ".tflite" : model.filename().string());
}

Expected<std::vector<std::string>> ReadLabels(const std::string& path) {
  std::ifstream file(path);
  if (!file) return {Status::kNotFound, path + ": no such file; --labels names a text with a label in each line"};
  std::vector<std::string> labels;
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) labels.push_back(line);
  }
  if (labels.empty()) return {Status::kInvalidArgument, path + ": holds no labels; write one in each line"};
  return labels;
}

std::string TopOf(const std::string& path) { return path.substr(0, path.find('/')); }

/// Puts aside what the last export left in the target, for the new one to take its place; `aside` goes away later.
Outcome MakeRoom(const fs::path& target, const fs::path& aside, const std::vector<ExportedFile>& files) {
  std::error_code error;
  std::istringstream marker(ReadText(target / kMarker));
  std::vector<std::string> ours = {kMarker};
  for (std::string name; std::getline(marker, name);) {
    if (!name.empty() && name.find('/') == std::string::npos && name != "." && name != "..") ours.push_back(name);
  }
  for (const ExportedFile& file : files) {
    const std::string top = TopOf(file.path);
    if (fs::exists(target / top, error) && std::find(ours.begin(), ours.end(), top) == ours.end()) {
      return {Status::kInvalidArgument,
              (target / top).string() + ": is there already and is not of an export; give another folder with --out"};
    }
  }
  for (const std::string& name : ours) {
    if (!fs::exists(target / name, error)) continue;
    fs::rename(target / name, aside / name, error);
    if (error) {
      return {Status::kFailed, (target / name).string() + ": cannot be replaced (" + error.message() + ")"};
    }
  }
  return Nothing{};
}

Outcome WriteFiles(Staging staging, const std::vector<ExportedFile>& files) {
  std::string marker;
  for (const ExportedFile& file : files) {
    std::error_code error;
    fs::create_directories((staging.folder() / file.path).parent_path(), error);
    THIMBLE_EXPECT(staging.Write(file.path, file.bytes));
    const std::string line = TopOf(file.path) + "\n";
    if (!marker.ends_with(line)) marker += line;  // files come in order
  }
  THIMBLE_EXPECT(staging.Write(kMarker, marker));
  THIMBLE_EXPECT(CheckInterrupt());
  THIMBLE_ASSIGN(const Staging aside, Staging::Begin(staging.target()));
  THIMBLE_EXPECT(MakeRoom(staging.target(), aside.folder(), files));
  return staging.Commit();
}

std::string Text(const ExportOptions& options, const std::string& name, const compiler::ModelExport& made,
                 const std::string& remark, const Style& style) {
  const int columns = std::min(style.width, 110);
  std::string text = style.Bold(Printable(options.out)) + "\n\n";
  const auto line = [&](const std::string& heading, const std::string& sentence) {
    text += "  " + style.Bold(PadRight(heading, 11)) + Wrap(style.Plain(sentence), 13, columns) + "\n";
  };
  size_t bytes = 0;
  for (const ExportedFile& file : made.files) bytes += file.bytes.size();
  line("network", name + ": " + Thousands(static_cast<long long>(made.arena_bytes)) + " bytes of RAM, exactly; " +
                      Thousands(static_cast<long long>(made.constants_bytes)) + " bytes of weights and tables");
  line("written", Thousands(static_cast<long long>(made.files.size())) + " files, " +
                      Thousands(static_cast<long long>(bytes)) + " bytes");
  if (!remark.empty()) line("compiled", remark);
  line("next", "README.md there says how to use it; " + name + ".h is all that your program includes");
  return text;
}

}  // namespace

Outcome Export(const ExportOptions& options) {
  if (options.kind == kEim) return ExportEim(options);
  const Expected<ExportKind> named = compiler::ExportKindNamed(options.kind);
  if (!named) return {named.error().status, named.error().message + ", " + kEim};
  const ExportKind kind = *named;
  THIMBLE_ASSIGN(compiler::CompileOptions compile, ToCompileOptions(options.plan, options.model));
  THIMBLE_ASSIGN(compile.target, TargetFor(kind, options.target));
  THIMBLE_ASSIGN(const AlignedMemory model, compiler::ReadTflite(options.model));
  const std::optional<compiler::ImpulseDescription> impulse = ImpulseBeside(options.model);

  compiler::ExportOptions exporting;
  exporting.kind = kind;
  exporting.name = options.name.empty() ? NameOf(options.model, impulse) : options.name;
  exporting.model_file = fs::path(options.model).filename().string();
  if (!options.labels.empty()) {
    THIMBLE_ASSIGN(exporting.labels, ReadLabels(options.labels));
  } else if (impulse) {
    exporting.labels = impulse->labels;
  }

  THIMBLE_ASSIGN(Staging staging, Staging::Begin(options.out));
  Progress progress(stderr, StyleOf(stderr), kind == ExportKind::kArduino ? 2 : 1, options.common.quiet);
  progress.Begin("plan");
  bool was_planned = false;
  compiler::ExportProgress shown;
  shown.planned = [&](const Plan& plan) {
    was_planned = true;
    progress.End(Thousands(static_cast<long long>(plan.graphs[0].steps.size())) + " steps");
    if (kind == ExportKind::kArduino) progress.Begin("compile");
  };
  shown.compiled = [&](double share) {
    progress.Update(share);
    return !Interrupted();
  };
  Expected<compiler::ModelExport> exported = compiler::ExportModel(model.span(), compile, exporting, shown);
  THIMBLE_EXPECT(CheckInterrupt());  // a terminal's Ctrl-C ends the compilers as well: that is no failure of theirs
  if (!exported && !was_planned) return {exported.error().status, options.model + ": " + exported.error().message};
  THIMBLE_ASSIGN(const compiler::ModelExport made, std::move(exported));
  std::string remark;
  if (kind == ExportKind::kArduino) {
    remark = made.remark.empty() ? "for Cortex-M0, M0+, M3, M4, M7 and M33; sources for all other cores" : made.remark;
    progress.End(made.remark.empty() ? Thousands(static_cast<long long>(made.libraries)) + " libraries"
                                     : "no compiler");
  }
  THIMBLE_EXPECT(WriteFiles(std::move(staging), made.files));

  if (options.common.json) {
    Json paths = Json::array();
    for (const ExportedFile& file : made.files) paths.push_back(file.path);
    const Json object = {{"model", options.model},
                         {"kind", options.kind},
                         {"name", exporting.name},
                         {"out", options.out},
                         {"arena_bytes", made.arena_bytes},
                         {"constants_bytes", made.constants_bytes},
                         {"compiled", remark},
                         {"files", paths}};
    std::printf("%s\n", object.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
  } else if (!options.common.quiet) {
    std::fputs(Text(options, exporting.name, made, remark, StyleOf(stdout)).c_str(), stdout);
  }
  return Nothing{};
}

}  // namespace thimble::cli
