// A plan becomes firmware: around it the plan runner, or nothing, to measure what it takes.
#ifndef THIMBLE_COMPILER_PLAN_FIRMWARE_H_
#define THIMBLE_COMPILER_PLAN_FIRMWARE_H_

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "compiler/firmware_build.h"
#include "compiler/plan.h"

namespace thimble::compiler {

/// How a program holds a plan.
enum class PlanForm { kCompiled, kPackaged };

struct PlanFirmwareOptions {
  PlanForm form = PlanForm::kCompiled;
  std::string board = "mps2_an386";
  std::filesystem::path device_directory = DefaultDeviceDirectory();  ///< of a build for this board
};

/// Writes sources and firmware.elf (firmware/plan_runner/plan_runner.h) into `folder`, which must exist.
/// Errors as BuildFirmware.
Expected<Firmware> BuildPlanRunner(const Plan& plan, const std::filesystem::path& folder,
                                   const PlanFirmwareOptions& options);

/// What a network takes of a microcontroller.
struct PlanSize {
  size_t code_bytes = 0;   ///< instructions and constants, without the model
  size_t model_bytes = 0;  ///< weights, tables of steps, parameters: all that is constant and of this model alone
  size_t ram_bytes = 0;    ///< arena and variables: all but the stack
};

/// Of a program that starts and runs the network and does nothing else, measured by linking it. Errors as
/// BuildFirmware.
Expected<PlanSize> MeasurePlan(const Plan& plan, const PlanFirmwareOptions& options);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_PLAN_FIRMWARE_H_
