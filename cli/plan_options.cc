#include "cli/plan_options.h"

#include <filesystem>

namespace thimble::cli {

Expected<compiler::CompileOptions> ToCompileOptions(const PlanOptions& options, const std::string& model) {
  compiler::CompileOptions compile;
  compile.name = compiler::IdentifierOf(std::filesystem::path(model).filename().string());
  if (options.ram_bytes > 0) compile.ram_bytes = options.ram_bytes;
  if (options.flash_bytes > 0) compile.flash_bytes = options.flash_bytes;
  compile.preference = options.prefer == "size" ? compiler::Preference::kSize : compiler::Preference::kSpeed;
  compile.without_passes = {options.without_passes.begin(), options.without_passes.end()};
  return compile;
}

Expected<steps::Target> TargetOfCore(const std::string& core) {
  using steps::Target;
  const std::string plain = core.ends_with('f') ? core.substr(0, core.size() - 1) : core;
  for (const char* small : {"cortex-m0", "cortex-m0plus", "cortex-m1", "cortex-m3"}) {
    if (plain == small) return Target::kCortexM0;
  }
  for (const char* dsp : {"cortex-m4", "cortex-m7", "cortex-m33"}) {
    if (plain == dsp) return Target::kCortexM4;
  }
  for (const char* helium : {"cortex-m55", "cortex-m85"}) {
    if (plain == helium) return Target::kCortexM55;
  }
  return {Status::kUnsupported, core + ": there are no kernels for this core"};
}

}  // namespace thimble::cli
