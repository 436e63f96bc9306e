#include "compiler/export.h"

#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "compiler/around_program.h"
#include "compiler/compile.h"
#include "compiler/emit_plan.h"
#include "compiler/export_interface.h"
#include "compiler/export_packages.h"
#include "compiler/export_sources.h"

namespace thimble::compiler {
namespace {

namespace fs = std::filesystem;

SourceLayout LayoutOf(const ExportOptions& options) {
  const bool arduino = options.kind == ExportKind::kArduino;
  return {.folder = "src",
          .cpp_ending = arduino ? ".cpp" : ".cc",
          .needs = options.name + " is written in C++20: compile it with GCC 10, Clang 12 or newer and -std=gnu++20" +
                   (arduino ? " (a file platform.local.txt beside the core's platform.txt: "
                              "compiler.cpp.extra_flags=-std=gnu++20)"
                            : ""),
          .sets_flags = !arduino};
}

/// The path of the header as the source behind it includes it.
std::string HeaderPath(const ExportOptions& options) {
  return (HeaderFolder(options.kind) == "src" ? "" : "../include/") + options.name + ".h";
}

bool IsCompiled(const fs::path& path, const SourceLayout& layout) {
  return path.extension() == layout.cpp_ending || path.extension() == ".S";
}

}  // namespace

fs::path DefaultSourceRoot() { return FindAroundProgram("export_sources/steps/step.h").parent_path().parent_path(); }

Expected<std::vector<ExportedFile>> Export(const Plan& plan, const ExportOptions& options) {
  if (options.source_root.empty()) {
    return {Status::kNotFound,
            "the sources of Thimble are missing beside this program; run ./run build, or set "
            "THIMBLE_DEVICE_DIR to a build directory"};
  }
  THIMBLE_ASSIGN(const Interface interface, InterfaceOf(plan, options));
  const SourceLayout layout = LayoutOf(options);
  const std::string plan_header = options.name + "_plan.h";
  EmittedPlan emitted = EmitPlan(plan, plan_header);
  std::set<std::string> besides;
  if (plan.graphs.size() > 1) besides.insert("runtime/planned_subgraphs.cc");  // as runtime/plan.h has it
  THIMBLE_ASSIGN(auto files,
                 CollectSources(options.source_root,
                                {{plan_header, std::move(emitted.header)},
                                 {options.name + "_plan.cc", std::move(emitted.source)},
                                 {options.name + ".cc", InterfaceSource(interface, plan, HeaderPath(options))}},
                                besides, layout));
  PackageFacts facts = {.model_file = options.model_file,
                        .ram_bytes = plan.arena_bytes,
                        .constants_bytes = static_cast<int64_t>(plan.constants.size()),
                        .core = NameOf(plan.target),
                        .sources = {}};
  for (const PlanStep& step : plan.graphs[0].steps) facts.macs += step.macs;
  for (const auto& [path, text] : files) {
    if (IsCompiled(path, layout)) facts.sources.push_back(path);
  }
  files[HeaderFolder(options.kind) + "/" + options.name + ".h"] = InterfaceHeader(interface);
  files.merge(PackageFiles(options.kind, interface, facts));

  std::vector<ExportedFile> exported;
  for (auto& [path, text] : files) exported.push_back({path, std::move(text)});
  return exported;
}

}  // namespace thimble::compiler
