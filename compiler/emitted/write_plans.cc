// Writes the programs of the small models into a folder, for run_plans.cc to be built with: write_plans FOLDER.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "compiler/emit_plan.h"
#include "compiler/test_plans.h"

int main(int argc, char** argv) {
  using namespace thimble;
  using namespace thimble::compiler;
  if (argc != 2) return ExitCode(Status::kInvalidArgument);
  const std::filesystem::path folder = argv[1];
  for (const NamedModel& small : SmallModels()) {
    CompileOptions options;
    options.name = small.name;
    const Expected<Plan> plan = Compile(small.model.Build().span(), options);
    if (!plan) {
      std::fprintf(stderr, "%s: %s\n", small.name.c_str(), plan.error().message.c_str());
      return ExitCode(plan.error().status);
    }
    const EmittedPlan emitted = EmitPlan(*plan, small.name + ".h");
    if (!(std::ofstream(folder / (small.name + ".h")) << emitted.header).flush()) return 1;
    if (!(std::ofstream(folder / (small.name + ".cc")) << emitted.source).flush()) return 1;
  }
  return 0;
}
