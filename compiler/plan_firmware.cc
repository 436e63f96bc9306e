#include "compiler/plan_firmware.h"

#include <fstream>
#include <string_view>
#include <vector>

#include "compiler/emit.h"
#include "compiler/emit_plan.h"
#include "compiler/package.h"
#include "compiler/temporary_folder.h"

namespace thimble::compiler {
namespace {

namespace fs = std::filesystem;
constexpr const char* kSymbol = "planned_package";
constexpr const char* kHeader = "model.h";

Outcome WriteText(const fs::path& file, std::string_view text) {
  if ((std::ofstream(file, std::ios::binary) << text).flush()) return Nothing{};
  return {Status::kFailed, file.string() + ": cannot be written; is the disk full?"};
}

/// model.h, model.cc and linked.cc, which defines what runtime/linked_plan.h announces.
Outcome WriteSources(const Plan& plan, PlanForm form, const fs::path& folder) {
  if (form == PlanForm::kCompiled) {
    const EmittedPlan emitted = EmitPlan(plan, kHeader);
    THIMBLE_EXPECT(WriteText(folder / kHeader, emitted.header));
    THIMBLE_EXPECT(WriteText(folder / "model.cc", emitted.source));
    return WriteText(folder / "linked.cc", EmitLinkedPlan(plan, kHeader));
  }
  const std::vector<std::byte> package = WritePackage(plan);
  THIMBLE_EXPECT(WriteText(folder / kHeader, EmitModelHeader(kSymbol, plan.name, package.size())));
  THIMBLE_EXPECT(WriteText(folder / "model.cc", EmitModelSource(kSymbol, kHeader, package)));
  return WriteText(folder / "linked.cc", EmitLinkedPackage(plan, kSymbol, package.size(), kHeader));
}

/// The smallest program around a network.
const char* MeasuredProgram(PlanForm form) {
  return form == PlanForm::kCompiled
             ? "#include \"runtime/linked_plan.h\"\n#include \"runtime/planned_network.h\"\n\n"
               "using namespace thimble::runtime;\n\nPlannedNetwork network;\n\nextern \"C\" void Measure() {\n"
               "  if (ok(network.Start(kLinkedPlan, kLinkedPlanArena))) (void)network.Invoke();\n}\n"
             : "#include \"runtime/linked_plan.h\"\n\nusing namespace thimble::runtime;\n\nPlannedPackage network;\n\n"
               "extern \"C\" void Measure() {\n"
               "  if (ok(network.Open(std::as_bytes(kLinkedPackage), kLinkedSteps, kLinkedOperators, "
               "kLinkedPlanArena))) (void)network.Invoke();\n}\n";
}

FirmwareOptions OptionsOf(const PlanFirmwareOptions& options, const fs::path& folder) {
  return {
      .folder = folder,
      .sources = {"model", "linked"},
      .application = options.form == PlanForm::kCompiled ? "compiled_plan_application" : "packaged_plan_application",
      .device_directory = options.device_directory,
      .board = options.board};
}

}  // namespace

Expected<Firmware> BuildPlanRunner(const Plan& plan, const fs::path& folder, const PlanFirmwareOptions& options) {
  THIMBLE_EXPECT(WriteSources(plan, options.form, folder));
  return BuildFirmware(OptionsOf(options, folder));
}

Expected<PlanSize> MeasurePlan(const Plan& plan, const PlanFirmwareOptions& options) {
  THIMBLE_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make());
  THIMBLE_EXPECT(WriteSources(plan, options.form, folder.path()));
  THIMBLE_EXPECT(WriteText(folder.path() / "measured.cc", MeasuredProgram(options.form)));
  FirmwareOptions build = OptionsOf(options, folder.path());
  build.sources.emplace_back("measured");
  build.application = "";
  THIMBLE_ASSIGN(const Firmware firmware, BuildFirmware(build));
  return PlanSize{.code_bytes = firmware.flash_code_bytes,
                  .model_bytes = firmware.flash_model_bytes,
                  .ram_bytes = firmware.ram_bytes - firmware.stack_bytes};
}

}  // namespace thimble::compiler
