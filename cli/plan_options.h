// What commands that compile a model share.
#ifndef THIMBLE_CLI_PLAN_OPTIONS_H_
#define THIMBLE_CLI_PLAN_OPTIONS_H_

#include <string>

#include "base/error.h"
#include "cli/commands.h"
#include "compiler/compile.h"

namespace thimble::cli {

/// For the compiler; the network is named for the model's file.
Expected<compiler::CompileOptions> ToCompileOptions(const PlanOptions& options, const std::string& model);

using compiler::TargetOfCore;

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_PLAN_OPTIONS_H_
