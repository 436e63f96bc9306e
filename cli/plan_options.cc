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

}  // namespace thimble::cli
