// A .tflite becomes a plan: which steps, from which constants, in which bytes of memory.
#ifndef THIMBLE_COMPILER_COMPILE_H_
#define THIMBLE_COMPILER_COMPILE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "compiler/inspect.h"
#include "compiler/passes.h"
#include "compiler/plan.h"

namespace thimble::compiler {

enum class Preference : uint8_t {
  kSpeed,  ///< cycles; see Choose() for what memory without a budget is worth
  kSize,   ///< flash, then RAM
};

struct CompileOptions {
  std::string name = "model";  ///< an identifier
  steps::Target target = steps::Target::kCortexM4;
  std::optional<int64_t> ram_bytes;    ///< the arena must not be larger
  std::optional<int64_t> flash_bytes;  ///< the constants must not be larger
  Preference preference = Preference::kSpeed;
  std::set<std::string> without_passes;  ///< names of AllPasses()
};

/// What can be switched off.
std::vector<PassInfo> AllPasses();

/// Compiles every model that the interpreter (runtime/network.h) runs; the plan gives the same bits.
///
///   kInvalidArgument   the name is no identifier, or there is no such pass
///   kOutOfMemory       nothing fits the budgets; the sentence says what the least is
///   anything else      the interpreter refuses the model, with its sentence
Expected<Plan> Compile(std::span<const std::byte> model, const CompileOptions& options);

/// Of one run, without memory that makes the core wait: the steps of the first graph, and what starting them takes.
/// Steps' costs are fitted to what a Cortex-M4 takes; of plans for other targets this says nothing.
double PredictCycles(const Plan& plan);

/// All RAM but the stack, of a program that has the plan linked into it: the arena, and who knows where it is.
size_t PredictRamBytes(const Plan& plan);

/// The first graph's memory, for pictures: steps are its operators. Where a step writes over what it has read, two
/// pieces overlap in that step.
ArenaFacts ArenaOf(const Plan& plan);

/// "cortex-m4" and the others that plans can be made for.
struct TargetName {
  const char* name;
  steps::Target target;
};
inline constexpr TargetName kTargets[] = {
    {"cortex-m0", steps::Target::kCortexM0},
    {"cortex-m4", steps::Target::kCortexM4},
    {"cortex-m55", steps::Target::kCortexM55},
    {"x86-64", steps::Target::kX86},
};
const char* NameOf(steps::Target target);

/// The steps for a processor as boards name it: "cortex-m4f" -> Target::kCortexM4. kUnsupported: there are no kernels
/// for that.
Expected<steps::Target> TargetOfCore(const std::string& core);

/// A name that C++ takes for a namespace, made of a file's: "my-model.v2.tflite" -> "my_model_v2".
std::string IdentifierOf(std::string_view file_name);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_COMPILE_H_
