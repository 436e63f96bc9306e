#include "compiler/export_model.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace thimble::compiler {

Expected<ExportKind> ExportKindNamed(const std::string& name) {
  std::string names;
  for (const ExportKindName& known : kExportKinds) {
    if (name == known.name) return known.kind;
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  return {Status::kInvalidArgument, name + ": there is no such export; there are " + names};
}

Expected<ModelExport> ExportModel(std::span<const std::byte> model, CompileOptions compile,
                                  const ExportOptions& options, const ExportProgress& progress) {
  compile.name = options.name;
  const auto planned = [&](steps::Target target) -> Expected<Plan> {
    compile.target = target;
    THIMBLE_ASSIGN(Plan plan, Compile(model, compile));
    plan.name += "_plan";  // its namespace: one called "sin" would be the end of sin()
    return plan;
  };
  THIMBLE_ASSIGN(Plan plan, planned(compile.target));
  if (progress.planned) progress.planned(plan);

  ModelExport made;
  std::vector<ExportedFile> libraries;
  if (options.kind == ExportKind::kArduino) {
    // Sources are for the cores that have no library: those that no step is made for.
    const Plan dsp = std::move(plan);
    THIMBLE_ASSIGN(plan, planned(steps::Target::kCortexM0));
    const auto compiled = [&](double share) { return !progress.compiled || progress.compiled(share); };
    THIMBLE_ASSIGN(Precompiled precompiled, PrecompileForArduino(dsp, plan, options, compiled));
    libraries = std::move(precompiled.files);
    made.remark = std::move(precompiled.remark);
    made.libraries = libraries.size();
  }
  THIMBLE_ASSIGN(made.files, Export(plan, options));
  made.files.insert(made.files.end(), std::make_move_iterator(libraries.begin()),
                    std::make_move_iterator(libraries.end()));
  std::sort(made.files.begin(), made.files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  made.arena_bytes = static_cast<size_t>(plan.arena_bytes);
  made.constants_bytes = plan.constants.size();
  return made;
}

}  // namespace thimble::compiler
